"""What does the store's `append` cost beside bare inserts of the same rows on the same database?

Same migrated tables, same rows, one transaction per 100 rows; what differs is that `append` takes
nouns and says which of them were new. A round runs every way once, each on a new database, and the
ratio is taken within the round, so that a busy minute hits both sides. Folds are not part of it:
`durable.py` measures them.
"""

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
from report import Cell, Report, Table

from learnloop.core.ids import InteractionId, ItemId, LearnerId
from learnloop.core.types import Interaction, InteractionKind
from learnloop.storage import migrate, open_store
from learnloop.storage.sql.rows.cells import Row
from learnloop.storage.sql.rows.log import interaction_row
from learnloop.storage.sql.schema import interactions
from learnloop.storage.sql.statements import from_arrays, insert
from learnloop.testing.builders import NOON
from learnloop.testing.postgres import PostgresServer

BATCH = 100
RELAXED = "&options=-c%20synchronous_commit%3Doff"
INSERT = insert(interactions)
FROM_ARRAYS = from_arrays(interactions, "").postgresql.encode()
Way = Callable[[str, list[list[Interaction]], list[list[Row]]], float]


def make_answers(n: int) -> list[Interaction]:
    """Answers of 500 learners in the order of time, as a platform would send them."""
    rng = random.Random(1)
    return [
        Interaction(
            InteractionId(f"{rng.getrandbits(64):016x}"),
            LearnerId(f"learner-{rng.randrange(500):05d}"),
            ItemId(f"item-{rng.randrange(5000):05d}"),
            InteractionKind.ANSWERED,
            NOON + timedelta(seconds=k / 10),
            correct=rng.random() < 0.7,
            response_time_ms=rng.randrange(1000, 60_000),
            received_at=NOON + timedelta(seconds=k / 10 + 1),
        )
        for k in range(n)
    ]


def append(url: str, batches: list[list[Interaction]], _rows: list[list[Row]]) -> float:
    """Learnloop: `interactions.append`."""
    with closing(open_store(url)) as store:
        start = time.perf_counter()
        for batch in batches:
            with store.begin() as tx:
                new = tx.interactions.append(batch)
            assert all(new)
        return time.perf_counter() - start


def append_known(url: str, batches: list[list[Interaction]], _rows: list[list[Row]]) -> float:
    """Learnloop: the same batches sent again."""
    with closing(open_store(url)) as store:
        for batch in batches:
            with store.begin() as tx:
                tx.interactions.append(batch)
        start = time.perf_counter()
        for batch in batches:
            with store.begin() as tx:
                new = tx.interactions.append(batch)
            assert not any(new)
        return time.perf_counter() - start


def sqlite_executemany(url: str, _batches: list[list[Interaction]], rows: list[list[Row]]) -> float:
    """Bare sqlite3: `executemany`."""
    path, _, synchronous = url.removeprefix("sqlite:///").partition("?synchronous=")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        start = time.perf_counter()
        for batch in rows:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT.sqlite, batch)
            connection.execute("COMMIT")
        return time.perf_counter() - start


def psycopg_executemany(
    url: str, _batches: list[list[Interaction]], rows: list[list[Row]]
) -> float:
    """Bare psycopg: `executemany`."""
    with closing(psycopg.connect(url)) as connection:
        start = time.perf_counter()
        for batch in rows:
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(INSERT.postgresql, batch)
        return time.perf_counter() - start


def psycopg_unnest(url: str, _batches: list[list[Interaction]], rows: list[list[Row]]) -> float:
    """Bare psycopg: one `INSERT ... SELECT unnest`."""
    with closing(psycopg.connect(url)) as connection:
        start = time.perf_counter()
        for batch in rows:
            with connection.transaction():
                columns = [list(column) for column in zip(*batch, strict=True)]
                connection.execute(FROM_ARRAYS, columns)
        return time.perf_counter() - start


def measure(
    table: Table,
    database: str,
    new_url: Callable[[], str],
    ways: list[Way],
    args: argparse.Namespace,
) -> None:
    """Run every way in each round; the first way is what the others are compared with."""
    answers = make_answers(args.rows)
    batches = [answers[at : at + BATCH] for at in range(0, args.rows, BATCH)]
    rows = [[interaction_row(answer) for answer in batch] for batch in batches]
    rounds = []
    for _ in range(args.rounds):
        rounds.append([way(new_url(), batches, rows) for way in ways])
    for way, seconds in zip(ways, zip(*rounds, strict=True), strict=True):
        beside = [mine / bare[0] for mine, bare in zip(seconds, rounds, strict=True)]
        table.add(
            database=database,
            way=(way.__doc__ or "").rstrip("."),
            rows_per_s=args.rows / statistics.median(seconds),
            us_per_row=statistics.median(seconds) / args.rows * 1e6,
            x_first=statistics.median(beside),
        )


def price_of_durability(
    table: Table, database: str, new_url: Callable[[], str], args: argparse.Namespace
) -> None:
    """Rows per second of `append`, by rows per transaction."""
    answers = make_answers(args.rows)
    row: dict[str, Cell] = {"database": database}
    for size in (1, 10, 100, 1000):
        part = answers[: min(args.rows, 1000 * size)]
        batches = [part[at : at + size] for at in range(0, len(part), size)]
        seconds = statistics.median(append(new_url(), batches, []) for _ in range(args.rounds))
        row[f"rows_per_s_by_{size}"] = len(part) / seconds
    table.add(**row)


@contextmanager
def sqlite_urls(synchronous: str) -> Iterator[Callable[[], str]]:
    """New files in a folder that is deleted in the end."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = iter(range(10**6))
        yield lambda: f"sqlite:///{folder}/{next(numbers)}.db?synchronous={synchronous}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    protocol = [
        f"{args.rows} answers of 500 learners, one transaction per {BATCH}; medians of "
        f"{args.rounds} rounds, each way on a new database in each round; x_first is the time "
        "beside the first way of the database, within the round",
    ]
    report = Report("speed/ingest", protocol)
    table = report.table(f"Append beside bare inserts, {BATCH} rows per transaction")
    price = report.table("Price of durability: append, by rows per transaction")
    for synchronous in ("NORMAL", "FULL"):
        with sqlite_urls(synchronous) as new_url:
            ways: list[Way] = [sqlite_executemany, append, append_known]
            name = f"SQLite {synchronous}"
            measure(table, name, _migrated(new_url), ways, args)
            price_of_durability(price, name, _migrated(new_url), args)
    server = PostgresServer()
    try:
        new_url = _migrated(server.new_database)
        ways = [psycopg_executemany, psycopg_unnest, append, append_known]
        measure(table, "PostgreSQL", new_url, ways, args)
        price_of_durability(price, "PostgreSQL", new_url, args)
        price_of_durability(
            price, "PostgreSQL, synchronous_commit=off", lambda: new_url() + RELAXED, args
        )
    finally:
        server.remove()
    report.finish(args.json)


def _migrated(new_url: Callable[[], str]) -> Callable[[], str]:
    def new() -> str:
        url = new_url()
        migrate(url)
        return url

    return new


if __name__ == "__main__":
    main()
