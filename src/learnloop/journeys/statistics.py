"""What is typical of each item, and where does the live snapshot of it come from?

Fitted together with the live model on the same answers, and published in the same transaction: who
sees a new champion sees the new statistics too. The features' version holds the statistics', so the
features' states are rebuilt from the log as they are needed.
"""

from array import array
from collections.abc import Iterable, Iterator
from hashlib import sha256
from math import nan

import numpy as np

from learnloop.core.items import ItemTable
from learnloop.core.protocols import Transaction
from learnloop.core.records import ModelRecord
from learnloop.core.types import Interaction, InteractionKind
from learnloop.features.fold import NAME, FeatureFold
from learnloop.features.moments import answer_seconds
from learnloop.features.statistics import ItemStatistics
from learnloop.journeys.artifacts import artifact_of
from learnloop.journeys.live import Live


def live_features(tx: Transaction) -> FeatureFold:
    """The features with the live statistics, or with the authors' word where none were fitted.

    Raises:
        ArtifactError: The stored statistics are missing, or not the bytes that were stored.
    """
    ref = tx.models.alias(NAME)
    return FeatureFold() if ref is None else FeatureFold(ItemStatistics.load(artifact_of(tx, ref)))


class Answers:
    """Item, result and time of every answer that goes through."""

    def __init__(self, items: ItemTable) -> None:
        self._items = items
        self._item, self._correct, self._seconds = array("q"), array("d"), array("d")

    def through(self, interactions: Iterable[Interaction]) -> Iterator[Interaction]:
        """The same interactions, each looked at as it passes."""
        for x in interactions:
            row = self._items.row_of.get(x.item_id)
            if row is not None and x.kind is InteractionKind.ANSWERED:
                self._item.append(row)
                self._correct.append(nan if x.correct is None else x.correct)
                self._seconds.append(answer_seconds(x))
            yield x

    def statistics(self) -> ItemStatistics:
        """What is typical of the items of these answers."""
        return ItemStatistics.of(
            tuple(self._items.row_of),
            np.array(self._item),
            np.array(self._correct),
            np.array(self._seconds),
        )


def fitted(live: Live, answers: Answers) -> ModelRecord:
    """The statistics of these answers, to store."""
    statistics = answers.statistics()
    artifact = statistics.export()
    metrics = {"n_items": float(len(statistics.items))}
    ref = FeatureFold(statistics).ref
    return ModelRecord(ref, live.clock.now(), artifact, sha256(artifact).hexdigest(), metrics)


def publish(tx: Transaction, record: ModelRecord) -> None:
    """Store statistics and make them live."""
    tx.models.put(record)
    tx.models.set_alias(NAME, record.ref)
