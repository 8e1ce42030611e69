"""How does a whole log come in? In batches, each row once, the good ones kept.

Items and skills that the log names and the catalog lacks are added first, learners as they are
met; what is stored already stays as it is. Interrupted or repeated imports add what is missing.

The rows of a window are taken learner by learner: a learner's states are then read, advanced and
stored once for all of them, and rows that come late need no replay.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Protocol

from learnloop.catalog import Catalog
from learnloop.core.errors import Rejection
from learnloop.core.ids import InteractionId, LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Transaction
from learnloop.core.types import Item, Learner, Skill
from learnloop.events.ingest import check
from learnloop.events.rows import Parsed
from learnloop.journeys.cataloging import put_catalog
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.live import Live
from learnloop.journeys.record import record
from learnloop.journeys.results import Receipt

BATCH = 1_000
WINDOW = 20_000

Row = Parsed | Rejection


class Log(Protocol):
    """A log that can be read more than once, as those of `events` are."""

    notes: list[str]
    total_bytes: int
    skipped: int

    @property
    def bytes_read(self) -> int: ...

    def nouns(self) -> tuple[tuple[Skill, ...], tuple[Item, ...]]: ...

    def __iter__(self) -> Iterator[Row]: ...


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a log; `n_read` rows are accepted, duplicates, or rejected.

    Attributes:
        skipped: Rows that are left out on purpose: by the map, or as no interaction.
        notes: What was guessed, assumed or left out.
    """

    n_read: int
    accepted: int
    duplicates: int
    rejected: int
    skipped: int
    new_learners: int
    new_items: int
    new_skills: int
    notes: tuple[str, ...]
    dry_run: bool


@dataclass(slots=True)
class _Counts:
    n_read: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    new_learners: int = 0


def import_log(
    engine: PersonalizationEngine,
    log: Log,
    *,
    dry_run: bool = False,
    on_rejected: Callable[[Rejection], None] = lambda _: None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ImportReport:
    """Take a log in.

    Args:
        dry_run: Only say what would happen; nothing is written.
        on_rejected: Told of each row that is refused.
        on_progress: Told the bytes read and the bytes in all, after each 20,000 rows.

    Raises:
        DataError: The log can't be read at all.
        StoreUnavailable: The database went away; the batches before it are kept.
    """
    named = log.nouns()
    with engine.store.begin(write=False) as tx:
        skills, items = _missing(engine.live(tx), *named)
    if (skills or items) and not dry_run:
        with engine.store.begin() as tx:
            # Looked at again, for what somebody has put there meanwhile stays as it is.
            tx.catalog.lock()
            skills, items = _missing(engine.live(tx), *named)
            put_catalog(tx, Catalog((), tuple(skills), tuple(items)))
    rehearsal = _Rehearsal(engine, skills, items) if dry_run else None
    counts = _Counts()
    for window in _parts(log, WINDOW):
        refused: list[Rejection] = []
        for rows in _parts(_by_learner(window), BATCH):
            receipt = rehearsal.take(rows, counts) if rehearsal else _take(engine, rows, counts)
            counts.accepted += receipt.accepted
            counts.duplicates += receipt.duplicates
            refused += receipt.rejected
        for rejection in _by_line(refused):
            on_rejected(rejection)
        counts.n_read += len(window)
        counts.rejected += len(refused)
        on_progress(log.bytes_read, log.total_bytes)
    return ImportReport(
        counts.n_read,
        counts.accepted,
        counts.duplicates,
        counts.rejected,
        log.skipped,
        counts.new_learners,
        len(items),
        len(skills),
        tuple(log.notes),
        dry_run,
    )


def _missing(
    live: Live, skills: Sequence[Skill], items: Sequence[Item]
) -> tuple[list[Skill], list[Item]]:
    have = live.items
    return (
        [s for s in skills if s.skill_id not in have.column_of],
        [x for x in items if x.item_id not in have.row_of],
    )


def _parts(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    rows = iter(rows)
    while part := list(islice(rows, size)):
        yield part


def _by_learner(rows: Iterable[Row]) -> list[Row]:
    """Each learner's rows together, in their order: states are read and advanced once for all."""
    return sorted(rows, key=lambda x: x.interaction.learner_id if isinstance(x, Parsed) else "")


def _take(engine: PersonalizationEngine, rows: Iterable[Row], counts: _Counts) -> Receipt:
    refused, parsed = _parted(rows)
    with engine.store.begin() as tx:
        live = engine.live(tx)
        good = {x.interaction.learner_id for x in parsed if _fits(live, x)}
        newcomers = _enroll(live, tx, good)
        counts.new_learners += len(newcomers)
        receipt = record(live, tx, [x.interaction for x in parsed], newcomers=newcomers)
    found_wrong = [parsed[r.line].refused(r) for r in receipt.rejected]
    return replace(receipt, rejected=_by_line(refused, found_wrong))


def _enroll(live: Live, tx: Transaction, learner_ids: set[LearnerId]) -> set[LearnerId]:
    tx.learners.lock(sorted(learner_ids))
    new = learner_ids - tx.learners.known(learner_ids)
    for learner_id in sorted(new):
        tx.learners.put(Learner(learner_id, live.clock.now()))
    return new


def _fits(live: Live, row: Parsed) -> bool:
    return check(row.interaction, live.clock.now(), live.items) is None


def _parted(rows: Iterable[Row]) -> tuple[list[Rejection], list[Parsed]]:
    refused: list[Rejection] = []
    parsed: list[Parsed] = []
    for row in rows:
        if isinstance(row, Rejection):
            refused.append(row)
        else:
            parsed.append(row)
    return refused, parsed


def _by_line(*parts: Iterable[Rejection]) -> tuple[Rejection, ...]:
    return tuple(sorted(chain(*parts), key=lambda r: r.line))


class _Rehearsal:
    """What an import would do, found out without writing or holding anybody up."""

    def __init__(
        self, engine: PersonalizationEngine, skills: Sequence[Skill], items: Sequence[Item]
    ) -> None:
        self._engine = engine
        self._met: set[tuple[LearnerId, InteractionId]] = set()
        self._learners: set[LearnerId] = set()
        with engine.store.begin(write=False) as tx:
            have = engine.live(tx).items
        self._items = ItemTable("rehearsal", (*have.items, *items), (*have.skills, *skills))

    def take(self, rows: Iterable[Row], counts: _Counts) -> Receipt:
        refused, parsed = _parted(rows)
        now = self._engine.clock.now()
        good = []
        for row in parsed:
            problem = check(row.interaction, now, self._items)
            if problem is None:
                good.append(row.interaction)
            else:
                refused.append(row.refused(problem))
        fresh = {(x.learner_id, x.interaction_id) for x in good} - self._met
        self._met |= fresh
        with self._engine.store.begin(write=False) as tx:
            stored = _stored(tx, fresh)
            learners = {x.learner_id for x in good} - self._learners
            counts.new_learners += len(learners - tx.learners.known(learners))
            self._learners |= learners
        accepted = len(fresh) - stored
        return Receipt(accepted, len(good) - accepted, _by_line(refused))


def _stored(tx: Transaction, keys: set[tuple[LearnerId, InteractionId]]) -> int:
    by_learner: dict[LearnerId, list[InteractionId]] = {}
    for learner_id, interaction_id in keys:
        by_learner.setdefault(learner_id, []).append(interaction_id)
    return sum(len(tx.interactions.get(who, ids)) for who, ids in by_learner.items())
