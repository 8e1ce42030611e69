"""Does a lock held by someone else mean a bounded wait and a clear refusal, while reads go on?"""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from learnloop.core.errors import LearnloopError, StoreUnavailable
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Store
from learnloop.storage import open_store
from learnloop.testing import builders as make

ANA = LearnerId("ana")
HOLD = """import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
connection.execute("UPDATE learners SET version = 99")
print("locked", flush=True)
sys.stdin.read()"""


@contextmanager
def _locked_by_another_process(path: Path) -> Iterator[None]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    try:
        yield
    finally:
        holder.kill()
        holder.communicate()


def _reads(store: Store) -> bool:
    with store.begin(write=False) as tx:
        return tx.learners.get(ANA) == make.a_learner()


def test_a_file_locked_by_another_process_is_refused_while_reads_go_on(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/store.db", wait_seconds=0.2)
    with store.begin() as tx:
        tx.learners.put(make.a_learner())
    with _locked_by_another_process(tmp_path / "store.db"):
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="locked"), store.begin():
                pass
            assert _reads(store)
    with store.begin() as tx:
        tx.learners.put(make.a_learner("ben"))
    assert _reads(store)
    store.close()


def test_a_file_that_is_locked_cannot_be_opened_for_the_first_time(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailable, match="locked"):
            open_store(f"sqlite:///{path}", wait_seconds=0.2)
    open_store(f"sqlite:///{path}").close()


@pytest.mark.parametrize("scheme", ["memory", "sqlite"])
def test_a_writer_of_this_process_is_waited_for(tmp_path: Path, scheme: str) -> None:
    url = "memory://" if scheme == "memory" else f"sqlite:///{tmp_path}/store.db"
    store = open_store(url, wait_seconds=0.2)
    errors: list[LearnloopError] = []

    def write() -> None:
        try:
            with store.begin():
                pass
        except LearnloopError as error:
            errors.append(error)

    with store.begin() as tx:
        tx.learners.put(make.a_learner())
        other = threading.Thread(target=write)
        other.start()
        other.join(timeout=20)
    assert [type(error) for error in errors] == [StoreUnavailable]
    write()
    assert len(errors) == 1
    assert _reads(store)
    store.close()


def test_a_locked_learner_is_refused_and_the_others_go_on(
    new_postgres_url: Callable[[], str],
) -> None:
    url = new_postgres_url()
    store = open_store(url, wait_seconds=0.2)
    with store.begin() as tx:
        tx.learners.put(make.a_learner())
    with psycopg.connect(url) as holder, store.begin() as tx:
        holder.execute("SELECT * FROM learners FOR UPDATE")
        with pytest.raises(StoreUnavailable, match="lock"), tx.savepoint():
            tx.learners.lock([ANA])
        tx.learners.put(make.a_learner("ben"))
        assert _reads(store)
    with store.begin() as tx:
        tx.learners.lock([ANA])
        assert [learner.learner_id for learner in tx.learners.page(None, 9)] == ["ana", "ben"]
    store.close()


READ_ONLY = """import sys
from learnloop.core.errors import StoreUnavailable
from learnloop.storage import open_store
try:
    open_store(sys.argv[1])
except StoreUnavailable as error:
    print("refused:", error)"""


def test_a_file_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.touch()
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    if os.geteuid() == 0:
        pytest.skip("root may write every file")
    with pytest.raises(StoreUnavailable, match="readonly"):
        open_store(f"sqlite:///{path}")
    tmp_path.chmod(0o755)
