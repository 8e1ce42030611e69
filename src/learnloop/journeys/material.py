"""What do a fit and a comparison work on? The log of one instant, read once, on two sides."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from learnloop.core.artifact import Artifact
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Transaction
from learnloop.core.time import to_us
from learnloop.core.types import Ref
from learnloop.features.log import frame_of
from learnloop.features.statistics import STATISTICS_FILE, ItemStatistics
from learnloop.journeys.live import Live, every_interaction
from learnloop.journeys.registry import artifact_of
from learnloop.training.past import Past
from learnloop.training.snapshot import answer_log


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """All that is needed of the store.

    Attributes:
        past: The answers, on two sides.
        events: The whole log as a frame of `features.log.COLUMNS`, for models of features; None
            where none was asked for.
        statistics: Of items, by the `Ref` of the features, as kept models were trained on.
    """

    at: datetime
    seed: int
    items: ItemTable
    past: Past
    events: pl.DataFrame | None
    statistics: dict[Ref, ItemStatistics] = field(default_factory=dict)

    @property
    def courses(self) -> tuple[str | None, ...]:
        """The course of each item of the log, by item code."""
        return tuple(item.course_id for item in self.items.items)


def read(
    live: Live,
    tx: Transaction,
    models: Iterable[Artifact],
    *,
    of_features: bool = False,
    window: timedelta | None = None,
) -> Material:
    """Everything as of this transaction.

    Args:
        models: Kept ones that will be asked.
        of_features: Whether a model that is yet to be fitted needs features.
        window: Older answers are neither learnt from nor judged; None: all are.

    Raises:
        ArtifactError: What a model needs is missing, or not what was stored.
        DataError: A window of a log without times.
    """
    wanted = {m.manifest.features for m in models} - {None}
    refs = [Ref.parse(str(name)) for name in sorted(map(str, wanted))]
    statistics = {
        ref: ItemStatistics.load(artifact_of(tx, ref).file(STATISTICS_FILE)) for ref in refs
    }
    now = live.clock.now()
    events: pl.DataFrame | None = None
    if of_features or refs:
        history = list(every_interaction(tx))
        events, log = frame_of(history), answer_log(history, live.items)
    else:
        log = answer_log(every_interaction(tx), live.items)
    since = None if window is None else to_us(now - window)
    return Material(now, live.seed, live.items, Past.of(log, since), events, statistics)
