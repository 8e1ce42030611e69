"""Does the store on SQLite keep the promises?"""

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Store
from learnloop.core.types import Learner
from learnloop.storage import open_store
from learnloop.storage.sql import checkpoint
from learnloop.testing.store import StoreSuite


class TestSqliteStore(StoreSuite):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make_store(self) -> Store:
        return open_store(f"sqlite:///{self.folder}/store.db")


def test_the_log_is_moved_beside_the_writers_and_begins_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "EVERY_S", 0.001)
    monkeypatch.setattr(checkpoint, "LONG_LOG", 20)
    store = open_store(f"sqlite:///{tmp_path}/log.db")
    log, until, n_pages = tmp_path / "log.db-wal", time.monotonic() + 20, 0
    while n_pages < 2000 and time.monotonic() < until:
        with store.begin() as tx:
            tx.learners.put(Learner(LearnerId(f"learner-{n_pages}"), datetime.now(UTC)))
        n_pages += 1  # each commit writes one page or more
        time.sleep(0.0005)
    assert n_pages * 4096 > 2 * log.stat().st_size
    store.close()
    assert not log.exists()
    again = open_store(f"sqlite:///{tmp_path}/log.db")
    with again.begin(write=False) as tx:
        assert len(tx.learners.page(None, 3000)) == n_pages
    again.close()


def test_a_closed_store_leaves_no_thread(tmp_path):
    before = threading.active_count()
    open_store(f"sqlite:///{tmp_path}/a.db").close()
    assert threading.active_count() == before
