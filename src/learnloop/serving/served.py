"""What did a model say, which one was it, and what went wrong before? Values, and nothing else."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from learnloop.core.arrays import Arrays
from learnloop.core.types import Reason, Ref


class ServedBy(StrEnum):
    """In which capacity a version was asked."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    PREVIOUS = "previous"  # the champion before this one
    RULE = "rule"  # no model at all
    SHADOW = "shadow"  # asked, and not heard


DEGRADED: Final = frozenset({ServedBy.PREVIOUS, ServedBy.RULE})


class Why(StrEnum):
    """Why a version's answer was not used."""

    FAILED = "failed"  # it raised an error
    NOT_FINITE = "not_finite"  # NaN or infinity in the answer
    WRONG_SHAPE = "wrong_shape"  # an output is missing, or has another number of rows
    LATE = "late"  # no answer before the deadline
    BREAKER_OPEN = "breaker_open"  # it failed too often lately, and was not asked
    QUEUE_FULL = "queue_full"  # too many wait for it already
    OTHER_FEATURES = "other_features"  # it takes another version of the features than was given
    NOT_LOADED = "not_loaded"  # its files are not what they should be


FELL_BACK: Final = "fell_back"


def fell_back(version: Ref, why: Why) -> Reason:
    """The reason why another than this version answers."""
    return Reason(FELL_BACK, 1.0, {"from": str(version), "why": why.value})


class CallFailed(Exception):
    """A version gave no answer that can be used."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


class Served(NamedTuple):
    """An answer, and where it comes from.

    Attributes:
        slot: Which slot was asked.
        key: For whom: the learner's id, or "" for nobody in particular.
        ref: The version that answered; `SLOT@rule` where none could.
        outputs: By name; the first axis of each is the batch.
        reasons: What went wrong before it, in order; empty when nothing did.
        latency_us: From the question to the answer, microseconds.
        cached: It was computed for an earlier question.
        items: What each row is about, where that was said.
    """

    slot: str
    key: str
    role: ServedBy
    ref: Ref
    outputs: Arrays
    reasons: tuple[Reason, ...]
    latency_us: float
    cached: bool = False
    items: Sequence[str] = ()

    @property
    def degraded(self) -> bool:
        """Is it less than what the slot promises?"""
        return self.role in DEGRADED
