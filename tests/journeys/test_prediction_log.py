"""Is what models say noted without waiting, bounded, and stored as it was said?"""

import time

import numpy as np
import pytest

from learnloop.core.time import ManualClock
from learnloop.core.types import Ref
from learnloop.journeys.prediction_log import MOST_ROWS, PredictionLog
from learnloop.journeys.request import REQUEST_ID
from learnloop.serving.served import Served, ServedBy, Why, fell_back
from learnloop.storage import open_store
from learnloop.testing.builders import NOON

REF = Ref("answers", "1")


def served(p=(0.25,), *, items=(), key="ada", role=ServedBy.CHAMPION, reasons=(), outputs=None):
    given = outputs or {"p": np.array(p, dtype=np.float32)}
    return Served("answers", key, role, REF, given, reasons, 12.6, items=items)


def stored(log):
    store = open_store("memory://")
    with store.begin() as tx:
        log.store(tx, log.take())
        return tx.predictions.page("answers", 999)


@pytest.fixture
def log():
    return PredictionLog(ManualClock(NOON))


def test_an_answer_is_stored_as_it_was_said(log):
    REQUEST_ID.set(b"r1")
    log.observe(served(items=("i1",)), {"x": np.zeros((1, 3), np.float32)})
    REQUEST_ID.set(None)
    (one,) = stored(log)
    assert (one.slot, one.ref, one.role, one.p) == ("answers", REF, "champion", 0.25)
    assert (one.at, one.latency_us, one.degraded) == (NOON, 13, None)
    assert (one.learner_id, one.item_id, one.request_id) == ("ada", "i1", "r1")
    assert len(log) == 0


def test_a_row_for_each_item_that_was_asked_about(log):
    log.observe(served((0.1, 0.2, 0.3), items=("a", "b", "c")), {})
    assert [(r.item_id, round(r.p, 6)) for r in stored(log)] == [
        ("a", 0.1), ("b", 0.2), ("c", 0.3)
    ]  # fmt: skip


def test_of_a_long_answer_the_first_rows_are_kept(log):
    n = MOST_ROWS + 5
    log.observe(served([0.5] * n, items=tuple(f"i{k}" for k in range(n))), {})
    assert len(stored(log)) == MOST_ROWS


def test_why_another_answered_is_kept(log):
    why = (fell_back(Ref("answers", "2"), Why.LATE), fell_back(Ref("answers", "3"), Why.FAILED))
    log.observe(served(role=ServedBy.PREVIOUS, reasons=why), {})
    (one,) = stored(log)
    assert (one.role, one.degraded) == ("previous", "failed")


@pytest.mark.parametrize(
    "outputs",
    [
        {"p": np.array([2.0])},
        {"p": np.array([[0.1, 0.9]])},
        {"p": np.array([1])},
        {"p": np.array([0.5]), "q": np.array([0.5])},
    ],
)
def test_what_is_no_chance_is_kept_without_one(log, outputs):
    log.observe(served(outputs=outputs), {})
    assert [r.p for r in stored(log)] == [None]


def test_features_of_some_answers_are_kept(log):
    x = np.arange(3, dtype=np.float64)[None]
    for _ in range(200):
        log.observe(served(), {"x": x})
    kept = [r.features for r in stored(log) if r.features is not None]
    assert 5 < len(kept) < 50
    assert np.frombuffer(kept[0], np.float32).tolist() == [0.0, 1.0, 2.0]


def test_only_a_share_is_noted():
    log = PredictionLog(ManualClock(NOON), 0.25, per_s=10_000)
    for _ in range(2000):
        log.observe(served(), {})
    assert 400 < len(log) < 600
    assert log.n_left_out == 0
    none = PredictionLog(ManualClock(NOON), 0.0)
    none.observe(served(), {})
    assert len(none) == 0


def test_what_has_no_room_is_counted():
    log = PredictionLog(ManualClock(NOON), per_s=3)
    for _ in range(5):
        log.observe(served(), {})
    assert (len(log), log.n_left_out) == (3, 2)
    log.take()
    log.observe(served(), {})
    assert (len(log), log.n_left_out) == (1, 2)


def test_what_could_not_be_stored_waits_in_its_order_and_the_newest_stay():
    log = PredictionLog(ManualClock(NOON), capacity=3)
    for n in range(3):
        log.observe(served(key=f"w{n}"), {})
    taken = log.take()
    log.observe(served(key="w3"), {})
    log.give_back(taken)
    assert log.n_left_out == 1
    assert [noted.served.key for noted in log.take()] == ["w1", "w2", "w3"]


def test_storing_twice_keeps_one(log):
    log.observe(served(), {})
    taken = log.take()
    store = open_store("memory://")
    with store.begin() as tx:
        assert log.store(tx, taken) == 1
    with store.begin() as tx:
        assert log.store(tx, taken) == 0


def test_noting_takes_microseconds():
    log = PredictionLog(ManualClock(NOON), per_s=10**9, capacity=10**9)
    answer, inputs, n = served(), {}, 20_000
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for _ in range(n):
            log.observe(answer, inputs)
        best = min(best, (time.process_time() - start) / n)
        log.take()
    assert best < 20e-6
