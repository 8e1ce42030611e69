"""What is typical of each item, and where does the live snapshot of it come from?

Fitted together with the live model on the same answers, and published in the same transaction: who
sees a new champion sees the new statistics too. The features' version holds the statistics', so the
features' states are rebuilt from the log as they are needed.
"""

from hashlib import sha256

from learnloop.core.answers import AnswerLog
from learnloop.core.protocols import Transaction
from learnloop.core.records import ModelRecord
from learnloop.core.types import Floats
from learnloop.features.fold import NAME, FeatureFold
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


def fitted(live: Live, log: AnswerLog, seconds: Floats) -> ModelRecord:
    """The statistics of these answers, to store.

    Args:
        seconds: (n,) response times; NaN where unknown.
    """
    # Only here: it brings polars, which a serving process has no use for.
    from learnloop.training.item_statistics import item_statistics  # noqa: PLC0415

    statistics = item_statistics(log, seconds)
    artifact = statistics.export()
    metrics = {"n_items": float(len(statistics.items))}
    ref = FeatureFold(statistics).ref
    return ModelRecord(ref, live.clock.now(), artifact, sha256(artifact).hexdigest(), metrics)


def publish(tx: Transaction, record: ModelRecord) -> None:
    """Store statistics and make them live."""
    tx.models.put(record)
    tx.models.set_alias(NAME, record.ref)
