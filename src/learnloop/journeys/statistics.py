"""What is typical of each item, and where does the live snapshot of it come from?

Fitted together with the live model on the same answers, and published in the same transaction: who
sees a new champion sees the new statistics too. The features' version holds the statistics', so the
features' states are rebuilt from the log as they are needed.
"""

from learnloop.core.answers import AnswerLog
from learnloop.core.artifact import Artifact, Manifest
from learnloop.core.protocols import Clock, Transaction
from learnloop.core.registry import ModelRole
from learnloop.core.types import Ref
from learnloop.features.fold import NAME, FeatureFold, require_features
from learnloop.features.statistics import STATISTICS_FILE, ItemStatistics
from learnloop.journeys.live import Live
from learnloop.journeys.registry import artifact_of, give_role, store_artifact


def live_features(tx: Transaction) -> FeatureFold:
    """The features with the live statistics, or with the authors' word where none were fitted.

    Raises:
        ArtifactError: The stored statistics are missing, or not the bytes that were stored.
    """
    ref = tx.models.alias(NAME, ModelRole.CHAMPION)
    if ref is None:
        return FeatureFold()
    return FeatureFold(ItemStatistics.load(artifact_of(tx, ref).file(STATISTICS_FILE)))


def features_of(tx: Transaction, ref: Ref) -> FeatureFold:
    """The features of that very version, with the statistics that were live then.

    Raises:
        FeatureMismatch: They are of other definitions, or their statistics are not kept.
        ArtifactError: The stored statistics are not the bytes that were stored.
    """
    fold = FeatureFold()
    if fold.ref != ref and tx.models.get(ref) is not None:
        fold = FeatureFold(ItemStatistics.load(artifact_of(tx, ref).file(STATISTICS_FILE)))
    require_features(fold.ref, ref)
    return fold


def fitted(live: Live, log: AnswerLog) -> Artifact:
    """The statistics of these answers, to store."""
    # Only here: it brings polars, which a serving process has no use for.
    from learnloop.models.ability.item_statistics import item_statistics  # noqa: PLC0415

    statistics = item_statistics(log)
    ref, n = FeatureFold(statistics).ref, float(len(statistics.items))
    files = {STATISTICS_FILE: statistics.export()}
    return Artifact.build(ref, NAME, live.clock.now(), files, metrics={"n_items": (n, n, n)})


def publish(tx: Transaction, clock: Clock, artifact: Artifact) -> None:
    """Store statistics and make them live, unless a champion takes those that are."""
    champion = ModelRole.CHAMPION
    now = tx.models.alias(NAME, champion)
    if now is not None and str(now) in {
        Manifest.decode(record.manifest).features
        for alias in tx.models.aliases()
        if alias.role is champion and (record := tx.models.get(alias.ref)) is not None
    }:
        return
    if tx.models.get(artifact.ref) is None:  # the same statistics may come again
        store_artifact(tx, artifact)
    give_role(tx, clock, NAME, champion, artifact.ref, actor="fit", reason="fitted anew")
