"""How are the hot routes' bodies read and written quickly? By msgspec twins of the schemas.

The pydantic schemas are the definition and make the OpenAPI document; property tests hold each twin
to the same answer for the same bytes. (`events.native` is the twin of `InteractionIn`.)
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from learnloop.api.schemas.recommendations import INTERNALS, FeedbackIn
from learnloop.core.errors import Rejection
from learnloop.core.items import ItemTable
from learnloop.core.types import Item, Metric, Outcome
from learnloop.journeys.live import Live
from learnloop.journeys.results import Receipt, Recommendation, RecommendationSet
from learnloop.policies.explain import sentence


class RejectionTwin(Struct, frozen=True, gc=False):
    """`schemas.interactions.RejectionOut`."""

    index: int
    code: str
    message: str
    field: str | None


class ReceiptTwin(Struct, frozen=True, gc=False):
    """`schemas.interactions.ReceiptOut`."""

    accepted: int
    duplicates: int
    rejected: list[RejectionTwin]


class ItemTwin(Struct, frozen=True, gc=False):
    """`schemas.recommendations.ItemOut`."""

    item_id: str
    kind: str
    title: str
    text: str
    skills: Sequence[str]
    choices: Sequence[str]
    n_hints: int
    expected_seconds: float | None


class ReasonTwin(Struct, frozen=True, gc=False):
    """`schemas.recommendations.ReasonOut`."""

    code: str
    weight: float
    detail: Mapping[str, str | int | float]
    sentence: str


class RecommendationTwin(Struct, frozen=True, gc=False):
    """`schemas.recommendations.RecommendationOut`."""

    recommendation_id: str
    item: ItemTwin
    score: float
    p_correct: float | None
    reasons: list[ReasonTwin]


class RecommendationsTwin(Struct, frozen=True, gc=False):
    """`schemas.recommendations.RecommendationsOut`."""

    decision_id: str
    userId: str  # noqa: N815
    decided_at: datetime
    policy: str
    models: list[str]
    recommendations: list[RecommendationTwin]


class FeedbackInTwin(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """`schemas.recommendations.FeedbackIn`."""

    action: Literal["accepted", "dismissed", "completed"] | UnsetType = UNSET
    rating: Annotated[int, Meta(ge=1, le=5)] | UnsetType = UNSET


class OutcomeTwin(Struct, frozen=True, gc=False):
    """`schemas.recommendations.OutcomeOut`."""

    metric: str
    value: float
    observed_at: datetime


class FeedbackOutTwin(Struct, frozen=True, gc=False):
    """`schemas.recommendations.FeedbackOut`."""

    recommendation_id: str
    outcomes: list[OutcomeTwin]


_feedback = msgspec.json.Decoder(FeedbackInTwin)
_encode = msgspec.json.Encoder().encode


def encode(reply: Struct) -> bytes:
    """The JSON of a twin."""
    return _encode(reply)


def read_feedback(body: bytes) -> tuple[Metric | None, int | None]:
    """The action and the rating of a feedback.

    Raises:
        pydantic.ValidationError: The body is not as the schema wants it; in the schema's words.
    """
    try:
        given = _feedback.decode(body)
    except msgspec.ValidationError:
        given = None
    if given is None or (given.action is UNSET and given.rating is UNSET):
        checked = FeedbackIn.model_validate_json(body)
        given = FeedbackInTwin(**checked.model_dump(exclude_unset=True))
    action = None if given.action is UNSET else Metric(given.action)
    return action, None if given.rating is UNSET else given.rating


def receipt_out(receipt: Receipt, rejected: Sequence[Rejection]) -> ReceiptTwin:
    """A receipt, with all that was rejected by its index."""
    every = sorted([*receipt.rejected, *rejected], key=lambda r: r.line)
    return ReceiptTwin(
        receipt.accepted,
        receipt.duplicates,
        [RejectionTwin(r.line, r.code, r.message, r.field) for r in every],
    )


def recommendations_out(found: RecommendationSet, live: Live) -> RecommendationsTwin:
    """A decision as the learner's platform may see it: no propensities, no arms, no answer keys."""
    return RecommendationsTwin(
        found.decision_id,
        found.learner_id,
        found.decided_at,
        str(found.policy),
        [str(ref) for ref in found.models],
        [_recommendation_out(one, live.items) for one in found.recommendations],
    )


def feedback_out(recommendation_id: str, outcomes: Sequence[Outcome]) -> FeedbackOutTwin:
    """What was logged about a recommendation."""
    return FeedbackOutTwin(
        recommendation_id, [OutcomeTwin(o.metric, o.value, o.observed_at) for o in outcomes]
    )


def item_out(item: Item) -> ItemTwin:
    """An item without its answer key."""
    return ItemTwin(
        item.item_id,
        item.kind,
        item.title,
        item.text,
        item.skills,
        item.choices,
        len(item.hints),
        item.expected_seconds,
    )


def _recommendation_out(one: Recommendation, items: ItemTable) -> RecommendationTwin:
    return RecommendationTwin(
        one.recommendation_id,
        item_out(one.item),
        one.score,
        one.p_correct,
        [ReasonTwin(r.code, r.weight, _shown(r.detail), sentence(r, items)) for r in one.reasons],
    )


def _shown(detail: Mapping[str, str | int | float]) -> Mapping[str, str | int | float]:
    if INTERNALS.isdisjoint(detail):
        return detail
    return {key: value for key, value in detail.items() if key not in INTERNALS}
