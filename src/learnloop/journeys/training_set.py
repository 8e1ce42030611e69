"""What is there to learn from? Labels, each beside what was known of its learner at its instant.

The log is read from the store in one snapshot, some learners at a time. Every label keeps its row
and its place, whatever is known of its learner; with `as_of` alone, those whose label could not be
used yet are left out and counted.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal

import numpy as np
import polars as pl

from learnloop import __version__
from learnloop.core.errors import DataError, InvalidInput
from learnloop.core.ids import LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Transaction
from learnloop.core.time import to_utc
from learnloop.core.types import Interaction, Ints
from learnloop.features.asof import KnownBy, matrix
from learnloop.features.definition import Feature
from learnloop.features.digest import digest
from learnloop.features.fold import FeatureFold
from learnloop.features.log import ItemBook, frame_of
from learnloop.features.statistics import ItemStatistics
from learnloop.journeys import fit
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.live import Live
from learnloop.training.labels import Labels
from learnloop.training.sets import Lineage, Spool, write_set
from learnloop.training.split import TEST_FOLD, fold_of
from learnloop.training.statistics_of_others import statistics_of_others

CHUNK = 65_536
"""Events, and rows, that are worked on at once; at least one learner's events."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What became of the labels; `n_labels` are in the set, or not yet known.

    Attributes:
        n_not_yet_known: Labels that could not be used by `as_of`.
        n_cold: Rows of the set whose learner had done nothing yet.
        lineage: What the set was made of; the file holds it too.
    """

    path: Path
    n_labels: int
    n_not_yet_known: int
    n_cold: int
    lineage: Lineage


def build_training_set(
    engine: PersonalizationEngine,
    labels: Path | pl.DataFrame,
    out: Path,
    *,
    as_of: datetime | None = None,
    delay: timedelta = timedelta(0),
    known_by: KnownBy = "occurred",
    features: Sequence[str] | None = None,
    statistics: ItemStatistics | Literal["serving", "others"] = "others",
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> BuildReport:
    """Write the labels with the features of their instants as a Parquet file.

    Args:
        labels: `learner_id`, `at`, perhaps `item_id` and `label_at`, and the labels; as a frame, or
            a CSV, TSV or Parquet file. See `training.labels`.
        out: Replaced whole, or left as it is.
        as_of: Leave out labels that could not be used by then: those with `label_at` (without one:
            `at`) less than `delay` before it.
        known_by: Whether an event counts from when it occurred, or from when it was received.
        features: Names of those that are wanted, in their order; None = all.
        statistics: Of items: of `others`, for each learner fitted on training learners of other
            folds (`training.statistics_of_others`), so that no label reads itself; those that are
            `serving`; or any.
        progress: Told how many rows are done, and of how many.

    Raises:
        DataError: Something is wrong with the labels; the message names row and column.
        InvalidInput: An unknown feature, or an instant without a time zone.
    """
    given = Labels.read(labels)
    kept = given if as_of is None else given.known_by(to_utc(as_of, field="as_of"), delay)
    with engine.store.begin(write=False) as tx:
        live = engine.live(tx)
        read_at = live.clock.now()
        wanted = _wanted(live.features.features, features)
        _check(kept, wanted, live.items)
        fold, books = _books(live, tx, statistics)
        n_done = n_events = n_cold = 0
        with TemporaryFile(dir=out.parent) as file:
            spool = Spool(file, len(wanted))
            for rows, log, book in _chunks(tx, kept, books):
                questions = kept.questions[rows]
                spool.put(rows, matrix(questions, log, book, wanted, known_by=known_by))
                n_done, n_events = n_done + len(rows), n_events + log.height
                n_cold += _n_cold(questions, log)
                progress(n_done, len(kept))
            lineage = Lineage(
                features=str(fold.ref),
                statistics=statistics if isinstance(statistics, str) else "given",
                names=tuple(x.name for x in wanted),
                definitions=digest(wanted),
                code=__version__,
                known_by=known_by,
                as_of=as_of,
                delay_s=delay.total_seconds(),
                log_read_at=read_at,
                n_events=n_events,
                n_rows=len(kept),
            )
            write_set(out, kept.frame, spool, lineage)
    return BuildReport(out, len(given), len(given) - len(kept), n_cold, lineage)


def _wanted(known: Sequence[Feature], names: Sequence[str] | None) -> Sequence[Feature]:
    if names is None:
        return known
    by_name = {x.name: x for x in known}
    strange = [name for name in names if name not in by_name]
    if strange:
        near = [x for name in strange for x in get_close_matches(name, by_name, 2)]
        hint = f"; near: {', '.join(near)}" if near else ""
        raise InvalidInput(f"features: there is no {', '.join(strange)}{hint}", field="features")
    return [by_name[name] for name in dict.fromkeys(names)]


def _check(labels: Labels, wanted: Sequence[Feature], items: ItemTable) -> None:
    """A label may not go by a feature's name, and its item has to be in the catalog."""
    for name in labels.frame.columns:
        if name in {x.name for x in wanted}:
            raise DataError(f"{labels.name}, column {name}: a feature has this name", field=name)
    if "item_id" in labels.frame.columns:
        ids = labels.frame["item_id"]
        strange = ids.is_not_null() & ~ids.is_in(list(items.row_of))
        labels.refuse("item_id", strange.fill_null(False).to_numpy(), "is not in the catalog")


def _books(
    live: Live, tx: Transaction, statistics: ItemStatistics | Literal["serving", "others"]
) -> tuple[FeatureFold, tuple[ItemBook, ...]]:
    """The features as they are served later, and the items as each fold of learners reads them."""
    if isinstance(statistics, ItemStatistics):
        of_folds: tuple[ItemStatistics, ...] = (statistics,)
    elif statistics == "others":
        of_folds = statistics_of_others(fit.answers(live, tx))
    else:
        of_folds = (live.features.statistics,)
    books = tuple(ItemBook(live.items.items, x) for x in of_folds)
    return FeatureFold(of_folds[TEST_FOLD]), books


def _chunks(
    tx: Transaction, labels: Labels, books: tuple[ItemBook, ...]
) -> Iterator[tuple[Ints, pl.DataFrame, ItemBook]]:
    """Which rows are of some learners, all that these learners did, and the items as they are."""
    by_learner = labels.frame.select("learner_id").with_row_index("row")
    groups = by_learner.group_by("learner_id", maintain_order=True).agg("row").rows()
    for which, book in enumerate(books):
        rows: list[int] = []
        events: list[Interaction] = []
        for who, own in groups:
            if fold_of(who) % len(books) != which:
                continue
            rows += own
            events += tx.interactions.history(LearnerId(who))
            if max(len(rows), len(events)) >= CHUNK:
                yield np.array(rows), frame_of(events), book
                rows, events = [], []
        if rows:
            yield np.array(rows), frame_of(events), book


def _n_cold(questions: pl.DataFrame, log: pl.DataFrame) -> int:
    """How many are asked before their learner did anything."""
    first = log.group_by("learner_id").agg(pl.col("occurred_us").min())
    asked = questions.join(first, on="learner_id", how="left")
    warm = asked.select(pl.col("occurred_us") < pl.col("at_us")).to_series()
    return len(warm) - int(warm.sum())
