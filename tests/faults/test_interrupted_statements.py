"""Is a transaction all or nothing when SQLite gives up at its N-th step, for every N?

SQLite is told to interrupt itself after N virtual-machine steps. An interrupted insert makes it
roll the whole transaction back by itself, the case in which statements that follow would be kept
alone, without the transaction they belong to.
"""

import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from learnloop.core.errors import StoreUnavailable
from learnloop.core.ids import LearnerId
from learnloop.storage import migrate
from learnloop.storage.sql.session import Connection
from learnloop.storage.sql.sqlite import SqliteDriver
from learnloop.storage.sql.store import SqlStore
from learnloop.testing import builders as make

JOURNEYS = ("a", "b", "c")


class InterruptedDriver(SqliteDriver):
    """Interrupts the statement that takes the last of the steps that are left."""

    steps_left = 10**9
    interrupted = False

    def connect(self, *, write: bool) -> Connection:
        connection = super().connect(write=write)
        assert isinstance(connection, sqlite3.Connection)
        connection.set_progress_handler(self._step, 1)
        return connection

    def _step(self) -> bool:
        self.steps_left -= 1
        if self.steps_left == 0:
            self.interrupted = True
        return self.steps_left == 0


def _journeys(store: SqlStore, done: set[str]) -> None:
    """A group commit: each journey in a savepoint of its own; adds those that went well."""
    with store.begin() as tx:
        for name in JOURNEYS:
            with suppress(StoreUnavailable), tx.savepoint():
                tx.learners.put(make.a_learner(name))
                tx.interactions.append([make.an_answer(n, name) for n in range(3)])
                tx.states.put([make.a_state(name)])
                done.add(name)


def _kept(store: SqlStore) -> set[str]:
    with store.begin(write=False) as tx:
        names = {str(learner.learner_id) for learner in tx.learners.page(None, 9)}
        for name in JOURNEYS:
            found = (
                len(tx.interactions.history(LearnerId(name))),
                len(tx.states.get(LearnerId(name), [make.MODEL])),
            )
            assert found == ((3, 1) if name in names else (0, 0)), f"half of {name} was kept"
    return names


@pytest.mark.parametrize("stride", [53, pytest.param(1, marks=pytest.mark.faults)])
def test_an_interruption_at_any_step_keeps_what_was_acknowledged(
    tmp_path: Path, stride: int
) -> None:
    n_interruptions = n_refused = 0
    steps = 1
    migrate(f"sqlite:///{tmp_path}/empty.db")
    while True:
        path = Path(shutil.copy(tmp_path / "empty.db", tmp_path / f"{steps}.db"))
        driver = InterruptedDriver(path, synchronous="OFF", wait_seconds=1.0)
        store = SqlStore(driver)
        with store.begin():
            pass  # so that the connection is there
        driver.steps_left = steps
        done: set[str] = set()
        allowed: list[set[str]] = [done]
        try:
            _journeys(store, done)
        except StoreUnavailable:
            n_refused += 1
            # Interrupted in the commit itself, it may have happened: all of it or nothing.
            allowed.append(set())
        interrupted, driver.steps_left = driver.interrupted, 10**9
        assert _kept(store) in allowed
        _journeys(store, done)
        assert _kept(store) == done == set(JOURNEYS), "it does not work again"
        store.close()
        path.unlink()
        if not interrupted:
            break
        n_interruptions += 1
        steps += stride
    assert n_interruptions > 5
    assert n_refused > 0
    print(f"{n_interruptions} interruptions, {n_refused} refused whole")
