"""Is everything acknowledged still there, once, when PostgreSQL is cut off, crashed or killed?"""

import random
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from learnloop.core.errors import StoreUnavailable
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Store
from learnloop.storage import open_store
from learnloop.testing.postgres import PostgresServer
from tests.faults.ingest_and_tell import BATCH, batch_of

FAULTS = ("terminate", "crash", "kill")


@pytest.fixture
def server(postgres_is_installed: None) -> Iterator[PostgresServer]:
    """A server of its own, to be killed: the other tests keep theirs."""
    # A killed process leaves its written pages to the kernel: only a power cut needs fsync.
    server = PostgresServer(fsync="off")
    yield server
    server.remove()


class Ingest(threading.Thread):
    """Appends batch after batch, each until it is acknowledged; any other error ends it."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.stop = threading.Event()
        self.n_acknowledged = 0
        self.n_refused = 0
        self.wrong: Exception | None = None

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self._append(self.n_acknowledged)
        except Exception as error:
            self.wrong = error

    def _append(self, n: int) -> None:
        try:
            with self.store.begin() as tx:
                tx.interactions.append(batch_of(n))
            self.n_acknowledged += 1
        except StoreUnavailable:
            self.n_refused += 1
            time.sleep(0.005)


def _strike(server: PostgresServer, url: str, fault: str) -> None:
    if fault == "terminate":
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        return
    if fault == "crash":
        server.stop("immediate")
    else:
        server.kill()
    time.sleep(0.05)
    server.start()


def _check(store: Store, n_acknowledged: int) -> None:
    with store.begin(write=False) as tx:
        kept = [i for k in range(3) for i in tx.interactions.history(LearnerId(f"learner-{k}"))]
        count = tx.interactions.count()
    ids = {i.interaction_id for i in kept}
    assert len(ids) == len(kept) == count
    everything = {i.interaction_id for n in range(n_acknowledged) for i in batch_of(n)}
    assert everything <= ids
    assert len(ids - everything) in (0, BATCH)


@pytest.mark.parametrize("n_faults", [3, pytest.param(45, marks=pytest.mark.faults)])
def test_nothing_acknowledged_is_lost_when_the_server_dies(
    server: PostgresServer, n_faults: int
) -> None:
    rng = random.Random(n_faults)
    url = server.new_database()
    store = open_store(url)
    ingest = Ingest(store)
    ingest.start()
    try:
        for n in range(n_faults):
            before = ingest.n_acknowledged
            while ingest.n_acknowledged < before + 5 and ingest.is_alive():
                time.sleep(0.002)
            time.sleep(rng.expovariate(1 / 0.02))
            _strike(server, url, FAULTS[n % len(FAULTS)])
    finally:
        ingest.stop.set()
        ingest.join()
    assert ingest.wrong is None
    assert ingest.n_refused > 0
    assert ingest.n_acknowledged >= 5 * n_faults
    _check(store, ingest.n_acknowledged)
    print(f"{n_faults} faults, {ingest.n_acknowledged} batches, {ingest.n_refused} refused")
    store.close()


def test_no_server_is_a_clear_refusal_until_it_is_back(server: PostgresServer) -> None:
    store = open_store(server.new_database(), wait_seconds=1.0)
    with store.begin() as tx:
        tx.interactions.append(batch_of(0))
    server.stop("immediate")
    for write in (True, False, True):
        with pytest.raises(StoreUnavailable), store.begin(write=write):
            pass
    server.start()
    with store.begin() as tx:
        assert not any(tx.interactions.append(batch_of(0)))
    store.close()


def test_a_server_that_dies_inside_a_transaction_undoes_it(server: PostgresServer) -> None:
    store = open_store(server.new_database())
    with pytest.raises(StoreUnavailable), store.begin() as tx:  # noqa: PT012
        tx.interactions.append(batch_of(0))
        server.stop("immediate")
        server.start()
        with pytest.raises(StoreUnavailable), tx.savepoint():
            tx.interactions.append(batch_of(1))
        tx.interactions.count()
    with store.begin(write=False) as tx:
        assert tx.interactions.count() == 0
    store.close()
