"""Does a full disk mean a clear refusal, reads that go on, and work again once there is room?"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from learnloop.core.errors import StoreUnavailable
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Store
from learnloop.core.types import Interaction
from learnloop.storage import migrate, open_store
from learnloop.storage.sql.session import Connection
from learnloop.storage.sql.sqlite import SqliteDriver
from learnloop.storage.sql.store import SqlStore
from learnloop.testing import builders as make
from learnloop.testing.postgres import PostgresServer

BATCH = 500
ANA = LearnerId("ana")


class SmallDisk(SqliteDriver):
    """A database that may have no more than so many pages of 4 KiB."""

    max_pages = 150

    def connect(self, *, write: bool) -> Connection:
        connection = super().connect(write=write)
        assert isinstance(connection, sqlite3.Connection)
        connection.execute(f"PRAGMA max_page_count = {self.max_pages}")
        return connection


def _batch(n: int) -> list[Interaction]:
    return [make.an_answer(n * BATCH + k) for k in range(BATCH)]


def _fill(store: Store, first: int = 0) -> int:
    """Append until the store refuses; returns how many batches it acknowledged."""
    for n in range(first, 1000):
        try:
            with store.begin() as tx:
                tx.interactions.append(_batch(n))
        except StoreUnavailable:
            return n
    raise AssertionError("the disk never got full")


def _check_full(store: Store, n: int) -> None:
    """Exactly the acknowledged batches are there; reads go on, writes are refused."""
    assert n > 0
    for _ in range(3):
        with store.begin(write=False) as tx:
            assert tx.interactions.count() == n * BATCH
            assert tx.interactions.latest(ANA, 1) == _batch(n - 1)[-1:]
        with pytest.raises(StoreUnavailable), store.begin() as tx:
            tx.interactions.append(_batch(n))


def _check_recovered(store: Store, n: int) -> None:
    with store.begin() as tx:
        assert all(tx.interactions.append(_batch(n)))
    with store.begin(write=False) as tx:
        assert tx.interactions.count() == (n + 1) * BATCH
        assert tx.interactions.latest(ANA, BATCH)[::-1] == _batch(n)


def test_a_full_database_refuses_and_recovers(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/store.db")
    driver = SmallDisk(tmp_path / "store.db", synchronous="NORMAL", wait_seconds=1.0)
    store = SqlStore(driver)
    n = _fill(store)
    _check_full(store, n)
    driver.max_pages = 10_000
    _check_recovered(store, n)
    store.close()


def test_a_group_commit_on_a_full_database_keeps_what_it_acknowledges(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/store.db")
    store = SqlStore(SmallDisk(tmp_path / "store.db", synchronous="NORMAL", wait_seconds=1.0))
    n = _fill(store)
    done: list[str] = []
    with suppress(StoreUnavailable), store.begin() as tx:
        for journey in ("first", "too large", "last"):
            with suppress(StoreUnavailable), tx.savepoint():
                tx.learners.put(make.a_learner(journey))
                if journey == "too large":
                    tx.interactions.append(_batch(n) + _batch(n + 1))
                done.append(journey)
    with store.begin(write=False) as tx:
        kept = [learner.learner_id for learner in tx.learners.page(None, 9)]
        assert kept in ([], sorted(done))
        assert tx.interactions.count() == n * BATCH
    assert "too large" not in done
    store.close()


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], Path]]:
    """Call it with MiB for a file system of that size."""
    folder = Path(tempfile.mkdtemp(prefix="learnloop-disk-"))  # a server can't see pytest's own

    def mount(mebibytes: int) -> Path:
        if os.geteuid() != 0 or shutil.which("mount") is None:
            pytest.skip("only root can mount a small disk")
        command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("mounting a small disk is not allowed here")
        folder.chmod(0o777)
        return folder

    yield mount
    if folder.is_mount():
        subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


def test_a_full_disk_refuses_and_recovers(small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(4)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(1_500_000))  # room for a batch in the WAL and in the database
    store = open_store(f"sqlite:///{disk}/store.db")
    n = _fill(store)
    _check_full(store, n)
    ballast.unlink()
    _check_recovered(store, n)
    store.close()
    with sqlite3.connect(disk / "store.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@pytest.mark.faults
def test_a_full_disk_of_a_server_refuses_and_recovers(
    small_disk: Callable[[int], Path], postgres: PostgresServer
) -> None:
    disk = small_disk(24)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(4_000_000))
    url = postgres.new_database(folder=disk)
    store = open_store(url)
    n = _fill(store)
    _check_full(store, n)
    ballast.unlink()
    _check_recovered(store, n)
    store.close()
    postgres.drop_database(url)
