"""What is wrong with an artifact is found before it answers anybody."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.serving.models import (
    GOLDEN,
    SLOT,
    Shelf,
    artifact,
    crashing,
    nan,
    plan,
    question,
    ref,
    says,
    serving,
)

from learnloop.core.artifact import TensorSpec
from learnloop.core.errors import FeatureMismatch
from learnloop.core.types import Ref
from learnloop.models.runtime import GOLDEN_FILE, golden_file
from learnloop.serving.live_set import LiveSet
from learnloop.serving.served import ServedBy


def with_file(made, name, data):
    return replace(made, files={**made.files, name: data})


def without(made, name):
    return replace(made, files={n: d for n, d in made.files.items() if n != name})


def flipped(data):
    return bytes([data[0] ^ 1]) + data[1:]


def golden(version, off=0.0, **about):
    files = {
        "model.json": b"2",
        GOLDEN_FILE: golden_file([({"x": GOLDEN}, {"p": np.float32([off, off])})]),
    }
    made = artifact(version, **about)
    return type(made).build(made.ref, "toy", made.manifest.created_at, files,
                            inputs=made.manifest.inputs, outputs=made.manifest.outputs)  # fmt: skip


WRONG = {
    "truncated": lambda: with_file(artifact("2"), GOLDEN_FILE, b"PK"),
    "corrupt": lambda: with_file(artifact("2"), "model.json", flipped(b"2")),
    "incomplete": lambda: without(artifact("2"), "model.json"),
    "without golden vectors": lambda: type(artifact("2")).build(
        ref("2"), "toy", artifact("2").manifest.created_at, {"model.json": b"2"},
        inputs=artifact("2").manifest.inputs, outputs=artifact("2").manifest.outputs,
    ),
    "another model than it was": lambda: golden("2", off=7.0),
    "of other inputs": lambda: artifact("2", inputs=(TensorSpec("y", "float32", (None, 3)),)),
    "of other outputs": lambda: artifact("2", outputs=(TensorSpec("q", "float32", (None,)),)),
    "of another name": lambda: artifact("2", name="other"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_artifact_leaves_what_answered(what):
    shelf = Shelf("1")
    served = serving(shelf, plan("1"))
    shelf.artifacts[ref("2")] = WRONG[what]()
    served.swap(shelf.live(plan("2", previous="1"), served.live, revision=2))
    (failure,) = served.live.failures
    assert (failure.slot, failure.role, failure.ref) == (SLOT, ServedBy.CHAMPION, ref("2"))
    assert failure.code == "artifact_error"
    found = served.predict(SLOT, question())
    assert (found.ref, found.role, found.degraded) == (ref("1"), ServedBy.PREVIOUS, True)
    assert [r.detail for r in found.reasons] == [{"from": "toy@2", "why": "not_loaded"}]


def test_a_version_of_other_features_is_refused():
    def check(features):
        raise FeatureMismatch(f"not {features}")

    shelf = Shelf("1", check_features=check)
    shelf.artifacts[ref("2")] = artifact("2", features="features@other")
    (failure,) = shelf.live(plan("1", challenger="2", share=1.0)).failures
    assert (failure.code, failure.role) == ("feature_mismatch", ServedBy.CHALLENGER)


@pytest.mark.parametrize("fault", [crashing, nan])
def test_a_version_that_fails_its_golden_vectors_is_refused(fault):
    shelf = Shelf("1", "2")
    load = shelf.load

    def spoiled(made):
        toy = load(made)
        if made.ref == ref("2"):
            toy.misbehave = fault
        return toy

    shelf.source = replace(shelf.source, load=spoiled)
    live = shelf.live(plan("2", previous="1"))
    assert [f.ref for f in live.failures] == [ref("2")]
    assert live.slots[SLOT].previous.ref == ref("1")


def test_a_loader_that_crashes_is_an_artifact_error():
    def crash(made):
        raise MemoryError

    shelf = Shelf("1")
    shelf.source = replace(shelf.source, load=crash)
    live = shelf.live(plan("1"))
    assert [f.code for f in live.failures] == ["artifact_error"]
    assert live.slots == {}


def test_two_broken_champions_in_a_row_leave_the_last_that_worked():
    shelf = Shelf("1")
    first = shelf.live(plan("1"))
    second = shelf.live(plan("2"), first)
    third = shelf.live(plan("3", previous="2"), second)
    assert third.slots[SLOT].previous.ref == ref("1")
    assert {f.ref for f in third.failures} == {ref("2"), ref("3")}


def test_a_broken_challenger_or_shadow_harms_nobody():
    shelf = Shelf("1")
    served = serving(shelf, plan("1", challenger="2", shadow="3", share=1.0))
    found = served.predict(SLOT, question(), key="ada")
    assert (found.ref, found.role) == (ref("1"), ServedBy.CHAMPION)
    assert [r.detail["from"] for r in found.reasons] == ["toy@2"]
    assert {(f.role, f.ref) for f in served.live.failures} == {
        (ServedBy.CHALLENGER, ref("2")),
        (ServedBy.SHADOW, ref("3")),
    }


def test_what_stays_is_not_loaded_again_and_keeps_what_it_knows():
    shelf = Shelf("1", "2")
    first = shelf.live(plan("1"))
    second = shelf.live(plan("2", previous="1"), first)
    assert second.slots[SLOT].previous is first.slots[SLOT].champion
    assert shelf.n_loads == 2


def test_the_rule_is_that_of_the_slot_else_of_the_manifest_else_the_mean_golden_answer():
    def rule(inputs):
        return {"p": np.full(len(inputs["x"]), 0.25, np.float32)}

    shelf = Shelf("1")
    mean = float(np.mean(artifact_golden("1")))
    told = {"p": 0.65}
    for source, about, wanted in (
        ({}, {}, mean),
        ({"constants": {"toy": {"p": 0.5}}.__getitem__}, {}, 0.5),
        ({}, {"config": {"rule": told}}, 0.65),
        ({"rules": {SLOT: rule}}, {"config": {"rule": told}}, 0.25),
    ):
        shelf = Shelf(**source)
        shelf.artifacts[ref("1")] = artifact("1", **about)
        served = serving(shelf, plan("1"))
        shelf.toy("1").misbehave = crashing
        found = served.predict(SLOT, question(1.0, 2.0))
        assert found.ref == Ref(SLOT, "rule")
        np.testing.assert_allclose(found.outputs["p"], [wanted] * 2, rtol=1e-6)


def artifact_golden(version):
    return says(version, GOLDEN)


def test_an_empty_plan_is_an_empty_set():
    assert Shelf().live(plan()).slots == {}
    assert LiveSet().version(ref("1"), "") is None
