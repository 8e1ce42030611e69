"""How long does a writer wait when two processes write to one SQLite file?

Two processes commit 20 answers at a time for some seconds, without a pause and with one of 2 ms.
Learnloop asks for the file again after fractions of a millisecond; beside it the same inserts with
sqlite3 alone, whose own waiting takes longer and longer naps.
"""

import argparse
import multiprocessing
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
from report import Report

from learnloop.core.types import Interaction
from learnloop.storage import migrate, open_store
from learnloop.storage.sql.rows.log import interaction_row
from learnloop.storage.sql.schema import interactions
from learnloop.storage.sql.statements import insert
from learnloop.testing import builders as make

ROWS = 20
INSERT = insert(interactions).sqlite
Write = Callable[[list[Interaction]], None]
Job = tuple[str, str, str, float, float]


def bare(path: str, write_for: Callable[[Write], list[float]]) -> list[float]:
    """Write with sqlite3 alone."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")

        def write(batch: list[Interaction]) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT, map(interaction_row, batch))
            connection.execute("COMMIT")

        return write_for(write)


def learnloop(path: str, write_for: Callable[[Write], list[float]]) -> list[float]:
    """Write through the store."""
    with closing(open_store(f"sqlite:///{path}")) as store:

        def write(batch: list[Interaction]) -> None:
            with store.begin() as tx:
                tx.interactions.append(batch)

        return write_for(write)


def one_writer(job: Job) -> list[float]:
    """Milliseconds of each commit of one process."""
    way, path, name, seconds, pause = job

    def write_for(write: Write) -> list[float]:
        waits, n, end = [], 0, time.monotonic() + seconds
        while time.monotonic() < end:
            batch = [make.an_answer(n + k, name) for k in range(ROWS)]
            n += ROWS
            start = time.perf_counter()
            write(batch)
            waits.append((time.perf_counter() - start) * 1e3)
            time.sleep(pause)
        return waits

    return (bare if way == "bare sqlite3" else learnloop)(path, write_for)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    report = Report(
        "speed/two_writers",
        [f"{args.rounds} rounds of {args.seconds:g} s, alternating; {ROWS} answers per commit"],
    )
    table = report.table("Commit latency, two processes on one file, SQLite NORMAL")
    with tempfile.TemporaryDirectory() as folder, multiprocessing.Pool(2) as pool:
        for pause in (0.0, 0.002):
            waits: dict[str, list[float]] = {"bare sqlite3": [], "learnloop": []}
            for k in range(args.rounds):
                for way in waits:
                    path = f"{folder}/{way} {pause} {k}.db"
                    migrate(f"sqlite:///{path}")
                    jobs = [(way, path, name, args.seconds, pause) for name in ("one", "two")]
                    for of_process in pool.map(one_writer, jobs, chunksize=1):
                        waits[way] += of_process
            for way, found in waits.items():
                p50, p99, p999 = np.percentile(found, (50, 99, 99.9))
                table.add(
                    pause_ms=pause * 1e3,
                    way=way,
                    commits_per_s=len(found) / args.seconds / args.rounds,
                    median_ms=float(p50),
                    p99_ms=float(p99),
                    p999_ms=float(p999),
                    max_ms=max(found),
                )
    report.finish(args.json)


if __name__ == "__main__":
    main()
