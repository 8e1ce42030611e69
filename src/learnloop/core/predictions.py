"""What did a model say, when, and to whom? The noun of the prediction log."""

from dataclasses import dataclass
from datetime import datetime

from learnloop.core.ids import ItemId, LearnerId, PredictionId
from learnloop.core.types import Ref


@dataclass(frozen=True, slots=True)
class PredictionRecord:
    """One answer of a model; what came of it is joined later, by learner, item and time.

    Attributes:
        ref: Which model answered, which is not the champion where a fallback had to.
        role: In which capacity: champion, challenger, shadow, previous or rule.
        p: The chance that it gave; None if it gave something else than one number.
        latency_us: How long the answer took, microseconds.
        degraded: Why another than the model asked answered; None if the model itself did.
        features: What it was asked with, float32 in the order of the model's inputs; None if not
            sampled.
        request_id: Of the request in which it was asked.
    """

    prediction_id: PredictionId
    at: datetime
    slot: str
    ref: Ref
    role: str
    p: float | None = None
    latency_us: int = 0
    degraded: str | None = None
    learner_id: LearnerId | None = None
    item_id: ItemId | None = None
    features: bytes | None = None
    request_id: str | None = None
