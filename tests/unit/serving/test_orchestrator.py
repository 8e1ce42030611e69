"""Who answers, in which order, and what is said about it."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.unit.serving.models import (
    SLOT,
    Blocking,
    Shelf,
    artifact,
    crashing,
    nan,
    plan,
    question,
    ref,
    says,
    serving,
    short,
    silent,
    sleeping,
)

from learnloop.core.errors import NotFound, Overloaded
from learnloop.core.types import Ref
from learnloop.serving.orchestrator import ByFeatures
from learnloop.serving.served import ServedBy


def whys(served):
    return [(r.detail["from"], r.detail["why"]) for r in served.reasons]


def test_the_champion_answers_and_nothing_is_said_about_it():
    found = serving(Shelf("1"), plan("1")).predict(SLOT, question(1.0, 2.0), key="ada")
    assert (found.role, found.ref, found.reasons, found.degraded) == (
        ServedBy.CHAMPION, ref("1"), (), False,
    )  # fmt: skip
    np.testing.assert_array_equal(found.outputs["p"], says("1", question(1.0, 2.0)["x"]))
    assert found.latency_us > 0


def test_a_slot_that_nobody_fills_is_not_found():
    with pytest.raises(NotFound) as error:
        serving(Shelf("1"), plan("1")).predict("other", question())
    assert error.value.field == "name"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (crashing, "failed"),
        (nan, "not_finite"),
        (short, "wrong_shape"),
        (silent, "wrong_shape"),
    ],
)
def test_whoever_fails_is_passed_over_and_named(fault, why):
    shelf = Shelf("1", "2", "3")
    served = serving(shelf, plan("2", challenger="3", share=1.0, previous="1"))
    order = [("3", ServedBy.CHALLENGER), ("2", ServedBy.CHAMPION), ("1", ServedBy.PREVIOUS)]
    failed = []
    for version, role in order:
        found = served.predict(SLOT, question(), key="ada")
        assert (found.role, found.ref, whys(found)) == (role, ref(version), failed)
        assert found.outputs["p"] == says(version, question()["x"])
        assert found.degraded == (role is ServedBy.PREVIOUS)
        shelf.toy(version).misbehave = fault
        failed.append((f"toy@{version}", why))
    found = served.predict(SLOT, question(1.0, 2.0), key="ada")
    assert (found.role, found.ref, whys(found)) == (ServedBy.RULE, Ref(SLOT, "rule"), failed)
    assert found.degraded
    assert found.outputs["p"].shape == (2,)
    assert np.isfinite(found.outputs["p"]).all()


def test_a_slow_model_keeps_the_deadline():
    shelf = Shelf("1", "2")
    shelf.slow("2", 0.02)
    served = serving(shelf, plan("2", previous="1"), deadline_s=0.1)
    assert served.predict(SLOT, question()).role is ServedBy.CHAMPION
    shelf.toy("2").misbehave = sleeping(2.0)
    start = time.perf_counter()
    found = served.predict(SLOT, question(5.0))
    assert time.perf_counter() - start < 0.5
    assert (found.role, whys(found)) == (ServedBy.PREVIOUS, [("toy@2", "late")])


def test_where_all_are_slow_the_rule_answers_in_time():
    shelf = Shelf("1", "2")
    for version in "12":
        shelf.slow(version, 0.01)
    served = serving(shelf, plan("2", previous="1"), deadline_s=0.1)
    for version in "12":
        shelf.toy(version).misbehave = sleeping(1.0)
    start = time.perf_counter()
    found = served.predict(SLOT, question())
    assert time.perf_counter() - start < 0.5
    assert (found.role, whys(found)) == (
        ServedBy.RULE, [("toy@2", "late"), ("toy@1", "late")],
    )  # fmt: skip


def test_a_quick_model_that_becomes_slow_gets_a_thread_of_its_own():
    shelf = Shelf("1")
    served = serving(shelf, plan("1"), deadline_s=0.05)
    version = served.slot(SLOT).champion
    assert version.quick_rows >= 1
    shelf.toy("1").misbehave = sleeping(0.02)
    for k in range(6):
        assert served.predict(SLOT, question(float(k))).role is ServedBy.CHAMPION
    assert version.quick_rows == 0
    shelf.toy("1").misbehave = sleeping(0.5)
    assert served.predict(SLOT, question(9.0)).role is ServedBy.RULE
    time.sleep(0.5)
    shelf.toy("1").misbehave = lambda inputs: None
    for k in range(20):
        assert version.quick_rows == 0
        assert served.predict(SLOT, question(10.0 + k)).role is ServedBy.CHAMPION
    assert version.quick_rows >= 1


def test_a_full_queue_refuses_at_once():
    shelf = Shelf("1", "2")
    shelf.slow("1", 0.005)
    served = serving(shelf, plan("1"), deadline_s=5.0)
    block = Blocking()
    shelf.toy("1").misbehave = block
    with ThreadPoolExecutor(80) as pool:
        asked = [pool.submit(served.predict, SLOT, question(0.0))]
        assert block.entered.wait(5)
        asked += [pool.submit(served.predict, SLOT, question(float(k + 1))) for k in range(64)]
        while len(served.slot(SLOT).champion.worker._jobs) < 64:
            time.sleep(0.001)
        start = time.perf_counter()
        with pytest.raises(Overloaded):
            served.predict(SLOT, question(99.0))
        assert time.perf_counter() - start < 0.2
        block.go.set()
        assert {f.result().role for f in asked} == {ServedBy.CHAMPION}


def test_the_full_queue_of_a_challenger_is_the_champions_matter():
    shelf = Shelf("1", "2")
    shelf.slow("2", 0.005)
    served = serving(shelf, plan("1", challenger="2", share=1.0), deadline_s=5.0)
    block = Blocking()

    def ask(x):
        return served.predict(SLOT, question(x), key="ada")

    shelf.toy("2").misbehave = block
    with ThreadPoolExecutor(80) as pool:
        asked = [pool.submit(ask, 0.0)]
        assert block.entered.wait(5)
        asked += [pool.submit(ask, k + 1.0) for k in range(64)]
        while len(served.slot(SLOT).challenger.worker._jobs) < 64:
            time.sleep(0.001)
        found = ask(99.0)
        assert (found.role, whys(found)) == (ServedBy.CHAMPION, [("toy@2", "queue_full")])
        block.go.set()
        assert {f.result().role for f in asked} == {ServedBy.CHALLENGER}


def test_a_failing_version_is_left_alone_after_a_while():
    shelf = Shelf("1", "2")
    served = serving(shelf, plan("2", previous="1"))
    shelf.toy("2").misbehave = crashing
    n_before = shelf.toy("2").n_calls
    said = [whys(served.predict(SLOT, question())) for _ in range(50)]
    assert said[:5] == [[("toy@2", "failed")]] * 5
    assert said[5:] == [[("toy@2", "breaker_open")]] * 45
    assert shelf.toy("2").n_calls - n_before == 5


def test_the_same_slow_question_is_computed_once():
    shelf = Shelf("1")
    shelf.slow("1", 0.01)
    served = serving(shelf, plan("1"), deadline_s=5.0)
    block = Blocking()
    shelf.toy("1").misbehave = block
    n_before = shelf.toy("1").n_calls
    with ThreadPoolExecutor(32) as pool:
        asked = [pool.submit(served.predict, SLOT, question()) for _ in range(32)]
        assert block.entered.wait(5)
        time.sleep(0.05)
        block.go.set()
        found = [f.result() for f in asked]
    assert shelf.toy("1").n_calls - n_before == 1
    assert sum(not f.cached for f in found) == 1
    assert {float(f.outputs["p"][0]) for f in found} == {float(says("1", question()["x"])[0])}


def test_slow_questions_that_wait_are_run_together_where_that_is_cheaper():
    shelf = Shelf("1")
    shelf.slow("1", 0.01)  # however many rows: a batch is clearly cheaper
    served = serving(shelf, plan("1"), deadline_s=5.0)
    assert served.slot(SLOT).champion.cost.batch > 1
    n_before = shelf.toy("1").n_calls
    with ThreadPoolExecutor(40) as pool:
        found = list(pool.map(lambda k: served.predict(SLOT, question(k)), range(40)))
    assert shelf.toy("1").n_calls - n_before < 20
    for k, one in enumerate(found):
        np.testing.assert_array_equal(one.outputs["p"], says("1", question(float(k))["x"]))


def test_one_question_that_spoils_a_batch_spoils_only_itself():
    shelf = Shelf("1")
    shelf.slow("1", 0.01)
    served = serving(shelf, plan("1"), deadline_s=5.0)

    def poison(inputs):
        time.sleep(0.01)
        if (inputs["x"] == 7.0).any():
            raise RuntimeError("poison")

    shelf.toy("1").misbehave = poison
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda k: served.predict(SLOT, question(k)), range(20)))
    assert [k for k, one in enumerate(found) if one.role is not ServedBy.CHAMPION] == [7]


def test_each_version_gets_the_features_that_it_was_trained_on():
    shelf = Shelf()
    for version, features in (("1", "features@a"), ("2", "features@b"), ("3", "features@c")):
        shelf.artifacts[ref(version)] = artifact(version, features=features)
    served = serving(shelf, plan("1", challenger="2", share=1.0))
    assert served.slot(SLOT).features == {"features@a", "features@b"}
    given = ByFeatures({"features@a": question(1.0), "features@b": question(2.0)})
    assert served.predict(SLOT, given, key="ada").outputs["p"] == says("2", question(2.0)["x"])
    del given["features@b"]
    found = served.predict(SLOT, given, key="ada")
    assert whys(found) == [("toy@2", "other_features")]
    assert found.outputs["p"] == says("1", question(1.0)["x"])


def test_every_answer_is_told_with_its_inputs_and_items():
    told = []
    served = serving(Shelf("1"), plan("1"), observe=lambda *said: told.append(said))
    asked = question()
    found = served.predict(SLOT, asked, key="ada", items=("add-01",))
    assert told == [(found, asked)]
    assert (found.key, found.items) == ("ada", ("add-01",))


def test_an_observer_that_fails_keeps_nobody_from_an_answer():
    def observe(served, inputs):
        raise RuntimeError("full")

    served = serving(Shelf("1"), plan("1"), observe=observe)
    assert served.predict(SLOT, question()).role is ServedBy.CHAMPION
    assert served.n_unobserved == 1


def test_a_shadow_is_asked_and_not_heard():
    told = []
    shelf = Shelf("1", "2")
    served = serving(shelf, plan("1", shadow="2"), observe=lambda *said: told.append(said))
    shelf.toy("2").misbehave = nan
    assert served.predict(SLOT, question(), key="ada").role is ServedBy.CHAMPION
    while not served.n_shadows_failed:
        time.sleep(0.001)
    shelf.toy("2").misbehave = lambda inputs: None
    found = served.predict(SLOT, question(3.0), key="ada", items=("add-01",))
    assert (found.role, found.ref) == (ServedBy.CHAMPION, ref("1"))
    while len(told) < 3:
        time.sleep(0.001)
    said, asked = next(one for one in told if one[0].role is ServedBy.SHADOW)
    assert (said.ref, said.key, said.items, said.degraded) == (ref("2"), "ada", ("add-01",), False)
    assert said.outputs["p"] == says("2", asked["x"])


def test_shadows_that_are_too_many_are_dropped_and_counted():
    shelf = Shelf("1", "2")
    served = serving(shelf, plan("1", shadow="2"))
    block = Blocking()
    shelf.toy("2").misbehave = block
    served.predict(SLOT, question())
    assert block.entered.wait(5)
    for k in range(100):
        assert served.predict(SLOT, question(float(k))).role is ServedBy.CHAMPION
    assert served.n_shadows_dropped == 100 - 32
    block.go.set()


def test_what_a_challenger_says_the_champion_is_asked_too_for_comparison():
    told = []
    shelf = Shelf("1", "2")
    served = serving(shelf, plan("1", challenger="2", share=1.0),
                     observe=lambda *said: told.append(said))  # fmt: skip
    assert served.predict(SLOT, question(), key="ada").ref == ref("2")
    while len(told) < 2:
        time.sleep(0.001)
    assert {(s.role, s.ref) for s, _ in told} == {
        (ServedBy.CHALLENGER, ref("2")), (ServedBy.SHADOW, ref("1")),
    }  # fmt: skip
