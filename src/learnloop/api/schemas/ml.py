"""What do the routes of a platform's own back end take and give?"""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from learnloop.api.schemas.fields import Body, Id, Reply
from learnloop.api.schemas.interactions import InteractionIn, ReceiptOut
from learnloop.api.schemas.profile import ProfileOut
from learnloop.events.native import MAX_BATCH
from learnloop.journeys.results import ModelPerformance


class ProfileUpdateIn(Body):
    """Record what a learner did, if anything, then compute the profile again from the whole log."""

    userId: Id  # noqa: N815 -- the word of the public contract
    interactions: Annotated[list[InteractionIn], Field(max_length=MAX_BATCH)] = Field(
        [], description="All of this learner."
    )


class ProfileUpdateOut(Reply):
    """What became of the interactions, and the profile after them."""

    receipt: ReceiptOut
    profile: ProfileOut


class ModelOut(Reply):
    """How a fitted model did when it was evaluated."""

    model: str = Field(description="`name@version`")
    live: bool
    created_at: datetime | None
    metrics: dict[str, float]


class ModelsOut(Reply):
    """The models, the live one first, one page at a time."""

    models: list[ModelOut]
    next_cursor: str | None = Field(description="Ask with it for the next page; null = the last.")


class FailedModelOut(Reply):
    """A version that has a role and could not be loaded."""

    slot: str
    role: str
    model: str = Field(description="`name@version`")
    code: str


class HealthOut(Reply):
    """Whether the server is alive, or ready for work."""

    status: str


class ReadyOut(HealthOut):
    """Ready for work; and what is not as it should be, while another answers in its place."""

    failed_models: list[FailedModelOut]


def model_out(model: ModelPerformance) -> ModelOut:
    """One model by the names of the public contract."""
    return ModelOut(
        model=str(model.ref),
        live=model.live,
        created_at=model.created_at,
        metrics=dict(model.metrics),
    )
