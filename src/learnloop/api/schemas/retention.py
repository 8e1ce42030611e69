"""What does the route of retention take and give?"""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from learnloop.api.schemas.fields import Body, Id, Instant, Reply, Share
from learnloop.journeys import retention
from learnloop.journeys.results import Remembered, Retention

MAX_ASKED = 500


class RetentionIn(Body):
    """Whose memory, of what, and when."""

    userId: Id  # noqa: N815 -- the word of the public contract
    skills: Annotated[list[Id], Field(max_length=MAX_ASKED)] = Field(
        [], description="Without any skill or item: all that the learner has practised."
    )
    items: Annotated[list[Id], Field(max_length=MAX_ASKED)] = Field(
        [], description="Of the catalog."
    )
    at: Instant | None = Field(None, description="Now or later; not with `in_days`.")
    in_days: Annotated[float, Field(ge=0, le=retention.MAX_DAYS, allow_inf_nan=False)] | None = (
        Field(None, description="From now on; not with `at`. Without both: now.")
    )
    desired_retention: Annotated[
        float, Field(ge=retention.LEAST_DESIRED, le=retention.MOST_DESIRED, allow_inf_nan=False)
    ] = Field(retention.DESIRED, description="The recall that reviews are to keep.")


class RememberedOut(Reply):
    """How well one skill or item is remembered; of what was never met, only that."""

    id: str
    n_reviews: int
    sure: bool = Field(description="false with fewer than 5 reviews: show no percentage yet.")
    recall: Share | None = Field(description="P(recalled) at the instant asked about.")
    low: Share | None = Field(
        description="With `high`, where the chances of 80% of such memories lie."
    )
    high: Share | None
    stability_days: float | None = Field(description="From a review until recall is 90%.")
    reviewed_at: datetime | None
    below_at: datetime | None = Field(description="When recall falls below the desired one.")
    review_at: datetime | None = Field(
        description="When to review it: whole days after the last time."
    )


class RetentionOut(Reply):
    """What a learner remembers at an instant, in the order asked for."""

    userId: str  # noqa: N815
    at: datetime
    model: str
    desired_retention: float
    skills: list[RememberedOut]
    items: list[RememberedOut]


def retention_out(found: Retention) -> RetentionOut:
    """Retention by the names of the public contract."""
    return RetentionOut(
        userId=found.learner_id,
        at=found.at,
        model=str(found.model),
        desired_retention=found.desired,
        skills=[_out(one) for one in found.skills],
        items=[_out(one) for one in found.items],
    )


def _out(one: Remembered) -> RememberedOut:
    return RememberedOut(
        id=one.id,
        n_reviews=one.n_reviews,
        sure=one.sure,
        recall=one.recall,
        low=one.low,
        high=one.high,
        stability_days=one.stability_days,
        reviewed_at=one.reviewed_at,
        below_at=one.below_at,
        review_at=one.review_at,
    )
