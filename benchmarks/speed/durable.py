"""What does the engine need to keep answers durably, all folds included? One by one and in batches.

One answer: `engine.record([answer])`; then `engine.profile(learner)` shows it, and both are timed
together: that is when a client sees it. Batches: `engine.record(batch)` beside the append of as
many rows alone, so the difference is what checking, folding and joining cost. Answers come in
order, of 50 learners in turn, on a catalog of 240 items.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from report import Report, Table
from timing import Samples, Timing, timed
from world import NOW, school, small_catalog

from learnloop.core.errors import StoreUnavailable
from learnloop.core.ids import InteractionId, LearnerId
from learnloop.core.types import Interaction, InteractionKind
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.testing.postgres import PostgresServer

N_LEARNERS = 50
N_SINGLE = 300
N_LATE = 50
N_BATCHED = 5000
BATCHES = (100, 1000)
LONG_AGO = NOW - timedelta(days=31)


class Writer:
    """An engine and an endless supply of answers that it has not seen."""

    def __init__(self, url: str) -> None:
        self.engine: PersonalizationEngine = school(url, small_catalog(), N_LEARNERS)
        self.new = _answers()

    def take(self, n: int) -> list[Interaction]:
        """The next answers."""
        return list(itertools.islice(self.new, n))

    def record(self, n: int, size: int) -> Timing:
        """`n` answers in batches of `size`."""
        return timed(self.engine.record, [(self.take(size),) for _ in range(n // size)])

    def show(self, n: int) -> Timing:
        """`n` times: one answer in, and the profile that holds it out."""

        def call(new: Interaction) -> None:
            self.engine.record([new])
            self.engine.profile(new.learner_id)

        return timed(call, [(x,) for x in self.take(n)])

    def late(self, n: int) -> Timing:
        """`n` answers, one by one, that happened before all that is known of their learners."""
        old = [
            replace(
                x, interaction_id=InteractionId(f"late-{x.interaction_id}"), occurred_at=LONG_AGO
            )
            for x in self.take(n)
        ]
        return timed(self.engine.record, [([x],) for x in old])

    def append(self, n: int, size: int) -> Timing:
        """`n` answers into the log alone, in batches of `size`."""

        def call(batch: list[Interaction]) -> None:
            with self.engine.store.begin() as tx:
                tx.interactions.append(batch)

        return timed(call, [(self.take(size),) for _ in range(n // size)])


def _answers() -> Iterator[Interaction]:
    items = [x.item_id for x in small_catalog().items]
    start = NOW - timedelta(days=30)
    for k in itertools.count():
        yield Interaction(
            InteractionId(f"a{k}"),
            LearnerId(f"learner-{k % N_LEARNERS}"),
            items[7 * k % len(items)],
            InteractionKind.ANSWERED,
            start + timedelta(minutes=k // N_LEARNERS * 20),
            correct=k % 3 != 0,
            response_time_ms=20_000,
            received_at=NOW,
        )


def measure(report: Report, folder: Path, n_rounds: int) -> None:
    """Add the tables of one answer and of batches."""
    one = report.table("One answer, durably")
    batched = report.table("Batches, durably: rows per second of wall time")
    with ExitStack() as stack:
        for store, url in _stores(stack, folder).items():
            if url is None:
                one.add(store=store, note="not installed (apt-get install postgresql)")
                continue
            _one(one, store, url(), n_rounds)
            _batches(batched, store, url, n_rounds)


def _one(table: Table, store: str, url: str, n_rounds: int) -> None:
    writer = Writer(url)
    with writer.engine:
        writer.engine.record(writer.take(20 * N_LEARNERS))
        jobs = {
            "record": partial(writer.record, N_SINGLE, 1),
            "record, then profile": partial(writer.show, N_SINGLE),
            "record a late answer (replays the learner's log)": partial(writer.late, N_LATE),
        }
        samples = _rounds(jobs, n_rounds)
    for what, sample in samples.items():
        table.add(store=store, what=what, **sample.summary("ms"), note="")


def _batches(table: Table, store: str, url: Callable[[], str], n_rounds: int) -> None:
    whole, bare = Writer(url()), Writer(url())
    with whole.engine, bare.engine:
        whole.engine.record(whole.take(20 * N_LEARNERS))
        bare.append(20 * N_LEARNERS, 20 * N_LEARNERS)
        for size in BATCHES:
            jobs = {
                "append alone": partial(bare.append, N_BATCHED, size),
                "record, all folds": partial(whole.record, N_BATCHED, size),
            }
            rows = {what: _per_row(x, size) for what, x in _rounds(jobs, n_rounds).items()}
            for what, row in rows.items():
                slower = rows["append alone"]["rows_per_s"] / row["rows_per_s"]
                table.add(store=store, batch=size, what=what, **row, x_append=slower)


def _rounds(jobs: Mapping[str, Callable[[], Timing]], n_rounds: int) -> dict[str, Samples]:
    samples = {what: Samples() for what in jobs}
    for _ in range(n_rounds):
        for what, job in jobs.items():
            samples[what].add(job())
    return samples


def _per_row(sample: Samples, size: int) -> dict[str, int | float]:
    figures = sample.summary("us")
    return {
        "n_rows": sample.n * size,
        "rows_per_s": size * 1e6 / figures["median_us"],
        "best_rows_per_s": size * 1e6 / figures["min_us"],
        "cpu_us_per_row": figures["cpu_us"] / size,
    }


def _stores(stack: ExitStack, folder: Path) -> dict[str, Callable[[], str] | None]:
    """What makes the URL of a new, empty database, by the name of the store."""
    number = itertools.count()

    def file(synchronous: str) -> str:
        return f"sqlite:///{folder}/durable-{next(number)}.db?synchronous={synchronous}"

    stores: dict[str, Callable[[], str] | None] = {
        f"SQLite {kind}": partial(file, kind) for kind in ("NORMAL", "FULL")
    }
    try:
        server = PostgresServer()
    except StoreUnavailable:
        return stores | {"PostgreSQL": None}
    stack.callback(server.remove)
    return stores | {"PostgreSQL": server.new_database}
