"""Is a transaction all or nothing, a savepoint undone alone, and a reader's snapshot steady?"""

# A transaction that raises is the thing under test, so its block is longer than a statement.
# ruff: noqa: PT012

import threading

import pytest

from learnloop.core.errors import InvalidInput, StoreUnavailable
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Store, Transaction
from learnloop.core.types import Ref
from learnloop.testing import builders as make
from learnloop.testing.store_fixture import OnAStore

ANA = LearnerId("ana")


class Oops(Exception):
    """Raised by a test inside a transaction."""


def _names(store: Store) -> list[str]:
    with store.begin(write=False) as tx:
        return [learner.learner_id for learner in tx.learners.page(None, 100)]


def _write_everything(tx: Transaction) -> None:
    tx.learners.put(make.a_learner())
    tx.catalog.put([make.a_course()], [make.a_skill()], [make.an_item()])
    tx.accounts.add_key(make.a_key())
    tx.accounts.add_member("7b", ANA)
    tx.interactions.append([make.an_answer(0), make.an_answer(1)])
    tx.states.put([make.a_state()])
    tx.decisions.append(make.a_decision())
    tx.outcomes.append([make.an_outcome()])
    tx.paths.put(make.a_path())
    tx.models.put(make.a_model())
    tx.models.change(make.a_change())
    tx.files.put(b"weights")
    tx.replies.put("s", "k", make.a_reply())
    tx.audit.append(make.an_entry())
    tx.jobs.enqueue(make.a_job(key="once"))
    tx.schedules.put(make.a_schedule())
    tx.predictions.append([make.a_prediction()])
    tx.watch.put_watched(make.a_watched())
    tx.watch.append([make.an_alert()])
    tx.watch.put_figures([make.some_figures()])


def _everything(tx: Transaction) -> list[object]:
    return [
        tx.learners.get(ANA),
        tx.catalog.version(),
        *tx.catalog.load(),
        tx.accounts.keys(),
        tx.accounts.find_key(make.a_key().digest),
        tx.accounts.members("7b"),
        tx.interactions.history(ANA),
        tx.interactions.count(),
        tx.states.get(ANA, [make.MODEL]),
        tx.decisions.latest(ANA, 9),
        tx.decisions.get(make.a_decision().decision_id),
        tx.outcomes.of_decision(make.a_decision().decision_id),
        tx.paths.get(ANA),
        tx.models.list(),
        tx.models.aliases(),
        tx.models.changes("slot", 9),
        tx.models.revision(),
        tx.files.hashes(),
        tx.replies.get("s", "k"),
        tx.audit.latest(9),
        tx.jobs.page(9),
        tx.schedules.list(),
        tx.predictions.page("answers", 9),
        tx.predictions.slots(),
        tx.watch.watched(),
        tx.watch.alerts(9),
        tx.watch.figures(make.NOON),
    ]


class TransactionPromises(OnAStore):
    """What a transaction keeps, and what it undoes."""

    def test_a_transaction_that_raises_leaves_no_trace(self, store: Store) -> None:
        with store.begin(write=False) as tx:
            before = _everything(tx)
        with pytest.raises(Oops), store.begin() as tx:
            _write_everything(tx)
            assert all(now != then for now, then in zip(_everything(tx), before, strict=True))
            raise Oops
        with store.begin(write=False) as tx:
            assert _everything(tx) == before
        with store.begin() as tx:
            _write_everything(tx)  # nothing is in the way of doing it again

    def test_a_savepoint_that_raises_is_undone_alone(self, store: Store) -> None:
        with store.begin(write=False) as tx:
            before = _everything(tx)
        with store.begin() as tx:
            tx.learners.put(make.a_learner("first"))
            with pytest.raises(Oops), tx.savepoint():
                _write_everything(tx)
                raise Oops
            assert _everything(tx) == before
            tx.learners.put(make.a_learner("last"))
        assert _names(store) == ["first", "last"]

    def test_savepoints_nest(self, store: Store) -> None:
        with store.begin() as tx:
            with tx.savepoint():
                tx.learners.put(make.a_learner("a"))
                with pytest.raises(Oops), tx.savepoint():
                    tx.learners.put(make.a_learner("b"))
                    with tx.savepoint():
                        tx.learners.put(make.a_learner("c"))
                    raise Oops
                with tx.savepoint():
                    tx.learners.put(make.a_learner("d"))
            with pytest.raises(Oops), tx.savepoint():
                tx.learners.put(make.a_learner("a", version=2))
                raise Oops
        assert _names(store) == ["a", "d"]

    def test_an_undone_savepoint_goes_with_its_transaction(self, store: Store) -> None:
        with pytest.raises(Oops), store.begin() as tx:
            with tx.savepoint():
                tx.learners.put(make.a_learner("a"))
            raise Oops
        assert _names(store) == []

    def test_a_refused_value_in_a_savepoint_spares_the_others(self, store: Store) -> None:
        with store.begin() as tx:
            for n, name in enumerate(("a", "b", "c")):
                ref = Ref("m", "1@2" if name == "b" else "1")
                try:
                    with tx.savepoint():
                        tx.interactions.append([make.an_answer(n)])
                        tx.states.put([make.a_state(name, ref)])
                except InvalidInput:
                    assert name == "b"
        with store.begin(write=False) as tx:
            assert tx.interactions.history(ANA) == [make.an_answer(0), make.an_answer(2)]

    def test_a_value_that_the_database_refuses_spares_the_others(self, store: Store) -> None:
        with store.begin() as tx:
            tx.learners.put(make.a_learner("a"))
            try:
                with tx.savepoint():
                    tx.learners.put(make.a_learner("b"))
                    tx.learners.put(make.a_learner("c", version=2**70))
            except InvalidInput:
                pass
            tx.learners.put(make.a_learner("d"))
        names = _names(store)
        assert names in (["a", "d"], ["a", "b", "c", "d"])

    def test_a_reader_cannot_write(self, store: Store) -> None:
        with pytest.raises(StoreUnavailable), store.begin(write=False) as tx:
            tx.learners.put(make.a_learner())
        assert _names(store) == []

    def test_a_reader_sees_one_snapshot_while_others_write(self, store: Store) -> None:
        with store.begin() as tx:
            tx.learners.put(make.a_learner("ana"))
            tx.interactions.append([make.an_answer(0)])
        with store.begin(write=False) as reader:
            before = reader.learners.page(None, 9)
            writer = threading.Thread(target=self._write_more, args=(store,))
            writer.start()
            writer.join(timeout=20)
            assert not writer.is_alive(), "a reader made a writer wait"
            assert reader.learners.page(None, 9) == before
            assert reader.learners.get(ANA) == make.a_learner("ana")
            assert reader.interactions.history(ANA) == [make.an_answer(0)]
            assert reader.interactions.count() == 1
        assert _names(store) == ["ana", "ben"]

    @staticmethod
    def _write_more(store: Store) -> None:
        for n in range(3):
            with store.begin() as tx:
                tx.learners.put(make.a_learner("ana", version=n + 2))
                tx.learners.put(make.a_learner("ben"))
                tx.interactions.append([make.an_answer(n)])

    def test_a_reader_does_not_wait_for_a_writer_nor_see_its_work(self, store: Store) -> None:
        seen: list[list[str]] = []
        with store.begin() as tx:
            tx.learners.put(make.a_learner("ana"))
            reader = threading.Thread(target=lambda: seen.append(_names(store)))
            reader.start()
            reader.join(timeout=20)
            assert seen == [[]], "a writer made a reader wait, or showed what is not committed"
        assert _names(store) == ["ana"]

    def test_writers_of_one_learner_lose_no_update(self, store: Store) -> None:
        with store.begin() as tx:
            tx.learners.put(make.a_learner(version=0))

        def add() -> None:
            for _ in range(10):
                with store.begin() as tx:
                    tx.learners.lock([ANA])
                    learner = tx.learners.get(ANA)
                    assert learner is not None
                    tx.learners.put(make.a_learner(version=learner.version + 1))

        writers = [threading.Thread(target=add) for _ in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        with store.begin(write=False) as tx:
            assert tx.learners.get(ANA) == make.a_learner(version=40)

    def test_writers_of_the_catalog_lose_no_update(self, store: Store) -> None:
        def add() -> None:
            for _ in range(5):
                with store.begin() as tx:
                    tx.catalog.lock()
                    _, skills, _ = tx.catalog.load()
                    tx.catalog.put([], [make.a_skill(f"skill-{len(skills)}")], [])

        writers = [threading.Thread(target=add) for _ in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        with store.begin(write=False) as tx:
            assert len(tx.catalog.load()[1]) == 20

    def test_a_closed_store_says_so(self, store: Store) -> None:
        store.close()
        with pytest.raises(StoreUnavailable, match="closed"), store.begin():
            pass
