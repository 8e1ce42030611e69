"""What do a learner's features say now, or before an instant? One vector, and how fresh it is."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from learnloop.core.errors import InvalidInput
from learnloop.core.ids import ItemId, LearnerId
from learnloop.core.protocols import Transaction
from learnloop.core.time import from_us, to_us, to_utc
from learnloop.features.fold import FeatureFold
from learnloop.journeys import states
from learnloop.journeys.live import Live, learner_of
from learnloop.journeys.results import FeatureVector
from learnloop.journeys.states import KnownFeatures


def features(
    live: Live,
    tx: Transaction,
    learner_id: LearnerId,
    item_id: ItemId | None = None,
    at: datetime | None = None,
    names: Sequence[str] | None = None,
) -> FeatureVector:
    """One learner's features.

    Args:
        item_id: What is asked about; without one, all that belongs to skills and items is unknown.
        at: Events before that instant count. By default all do, and the instant is now, or that of
            the latest event where it is ahead of the clock.
        names: Which ones, in this order; by default all.

    Raises:
        NotFound: No such learner or item.
        InvalidInput: Names that are no features.
        NaiveTime: The instant has no time zone.
    """
    learner_of(tx, learner_id)
    fold = live.features
    chosen = tuple(fold.column_of if names is None else names)
    columns = _columns(fold, chosen)
    item = None if item_id is None else live.item(item_id)
    known = states.features(live, tx, learner_id)
    if at is None:
        at = max(live.clock.now(), from_us(known.last_us))
    elif to_us(at := to_utc(at, field="at")) <= known.last_us:
        known = _before(live, tx, learner_id, to_us(at))
    values = fold.vector(known.state, at, item)[columns]
    is_known = ~np.isnan(values)
    return FeatureVector(
        learner_id,
        item_id,
        at,
        from_us(known.last_us) if known.last_us else None,
        known.state.n,
        fold.ref,
        chosen,
        np.where(is_known, values, fold.defaults[columns]),
        is_known,
    )


def _columns(fold: FeatureFold, names: Sequence[str]) -> list[int]:
    strange = [name for name in names if name not in fold.column_of]
    if strange:
        told = ", ".join(map(repr, strange))
        raise InvalidInput(f"names: no feature is called {told}", field="names")
    return [fold.column_of[name] for name in names]


def _before(live: Live, tx: Transaction, learner_id: LearnerId, us: int) -> KnownFeatures:
    """What was known before an instant of the past: a replay up to there."""
    state, last_us = live.features.start(learner_id), 0
    for interaction, item in states.history(live, tx, learner_id):
        if interaction.order.occurred_us >= us:
            break
        state = live.features.update(state, interaction, item)
        last_us = interaction.order.occurred_us
    return KnownFeatures(state, last_us)
