"""Which models are there, which one is live, and how did each do when it was evaluated?"""

from learnloop.core.protocols import Transaction
from learnloop.journeys.live import Live
from learnloop.journeys.results import ModelPerformance


def models(live: Live, tx: Transaction) -> tuple[ModelPerformance, ...]:
    """The live model first, then the live item statistics, then the others, newest first."""
    refs = (live.estimator.ref, live.features.ref)
    records = [
        ModelPerformance(r.ref, r.ref in refs, r.created_at, dict(r.metrics))
        for r in tx.models.list()
    ]
    if not any(r.ref == live.estimator.ref for r in records):
        records.insert(0, ModelPerformance(live.estimator.ref, True, None, {}))
    return tuple(sorted(records, key=lambda r: (r.ref != live.estimator.ref, not r.live)))
