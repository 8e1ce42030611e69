"""What does an interaction look like on the wire, and what is the receipt for a batch?

`InteractionIn` documents what `events.native` decodes on the hot path; a property test holds the
two to the same answer for the same bytes.
"""

from typing import Annotated, Any

from pydantic import Field

from learnloop.api.schemas.fields import Body, Id, Instant, Reply, Share
from learnloop.core.types import InteractionKind
from learnloop.events.ingest import (
    MAX_HINTS,
    MAX_POSITION_S,
    MAX_RESPONSE_TIME_MS,
    MAX_SEQUENCE,
)
from learnloop.events.native import MAX_ANSWER_LENGTH, MAX_BATCH


class InteractionIn(Body):
    """One thing that one learner did. `(learner_id, interaction_id)` is its idempotency key."""

    interaction_id: Id
    learner_id: Id
    item_id: Id
    occurred_at: Instant = Field(
        description="When the item was presented (RFC 3339, with a time zone)."
    )
    kind: Annotated[InteractionKind, Field(strict=False)] = InteractionKind.ANSWERED
    sequence: int = Field(
        0, ge=0, le=MAX_SEQUENCE, description="Keeps the order inside one instant."
    )
    correct: bool | None = Field(
        None,
        description="For an answer: was it right? A learner's own key sends `answer` instead where "
        "the item has an answer key.",
    )
    score: Share | None = Field(None, description="Partial credit.")
    response_time_ms: int | None = Field(None, ge=0, le=MAX_RESPONSE_TIME_MS)
    hints: int = Field(0, ge=0, le=MAX_HINTS, description="Hints taken before the answer.")
    decision_id: Id | None = Field(
        None, description="The decision that recommended the item, where one did."
    )
    position_s: float | None = Field(
        None, ge=0, le=MAX_POSITION_S, description="Where in a video it happened, seconds."
    )
    moved_s: float | None = Field(
        None,
        ge=-MAX_POSITION_S,
        le=MAX_POSITION_S,
        description="How far a seek went, seconds; backwards is negative.",
    )
    answer: str | None = Field(
        None,
        max_length=MAX_ANSWER_LENGTH,
        description="What was answered, to be graded here where `correct` and `score` are absent, "
        "or the key is a learner's own. It is not stored.",
    )


# Any array is taken: elements that are no interactions are rejected one by one, in the receipt.
Batch = Annotated[list[InteractionIn | Any], Field(max_length=MAX_BATCH)]


class RejectionOut(Reply):
    """One element of a batch that was refused, and why."""

    index: int = Field(ge=0, description="Which element, counted from 0.")
    code: str
    message: str
    field: str | None = None


class ReceiptOut(Reply):
    """What became of a batch: every element is in one of the three."""

    accepted: int = Field(ge=0, description="Recorded now.")
    duplicates: int = Field(ge=0, description="Already recorded; nothing is counted twice.")
    rejected: list[RejectionOut] = Field(description="Refused, each with its reason.")
