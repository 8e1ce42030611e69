"""Which models are there, which is live, and how did each do: when evaluated, and in service?"""

from datetime import datetime, timedelta
from typing import Final

from learnloop.core.protocols import Transaction
from learnloop.core.registry import ModelRole
from learnloop.core.types import Ref
from learnloop.core.watch import PeriodFigures
from learnloop.journeys.live import Live
from learnloop.journeys.results import ModelPerformance

LOOKED_BACK: Final = timedelta(days=90)
MOST_PERIODS: Final = 30


def models(live: Live, tx: Transaction) -> tuple[ModelPerformance, ...]:
    """The model of the journeys first, then the other champions, then the rest, newest first."""
    refs = {alias.ref for alias in tx.models.aliases() if alias.role is ModelRole.CHAMPION}
    refs |= {live.estimator.ref}
    periods: dict[Ref, list[PeriodFigures]] = {}
    for one in tx.watch.figures(live.clock.now() - LOOKED_BACK):
        periods.setdefault(one.ref, []).append(one)
    known: list[tuple[Ref, datetime | None, dict[str, float]]] = [
        (r.ref, r.created_at, dict(r.metrics)) for r in tx.models.list()
    ]
    if not any(ref == live.estimator.ref for ref, _, _ in known):
        known.insert(0, (live.estimator.ref, None, {}))
    records = [
        ModelPerformance(ref, ref in refs, made, metrics, _newest(periods.get(ref, [])))
        for ref, made, metrics in known
    ]
    return tuple(sorted(records, key=lambda r: (r.ref != live.estimator.ref, not r.live)))


def _newest(periods: list[PeriodFigures]) -> tuple[PeriodFigures, ...]:
    return tuple(sorted(periods, key=lambda one: one.start, reverse=True)[:MOST_PERIODS])
