"""Which models are there, which one is live, and how did each do when it was evaluated?"""

from learnloop.core.protocols import Transaction
from learnloop.journeys.live import Live
from learnloop.journeys.results import ModelPerformance


def models(live: Live, tx: Transaction) -> tuple[ModelPerformance, ...]:
    """The live model first, then the others, newest first."""
    records = [
        ModelPerformance(r.ref, r.ref == live.estimator.ref, r.created_at, dict(r.metrics))
        for r in tx.models.list()
    ]
    if not any(r.live for r in records):
        records.insert(0, ModelPerformance(live.estimator.ref, True, None, {}))
    return tuple(sorted(records, key=lambda r: not r.live))
