"""Do members know together what each knows alone, and come back as they were?"""

import builtins
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.contracts.test_estimators import answers

from learnloop.core.errors import ArtifactError, InvalidInput
from learnloop.core.items import ItemTable
from learnloop.models import ability, ensemble
from learnloop.models.ensemble.fitting import logits_before
from learnloop.models.ensemble.stack import LIMIT, fit_stack, logit_of
from learnloop.testing.estimator import EstimatorSuite
from learnloop.training.predict import predict_rows

CONFIG = ensemble.Config(min_answers=0)


@cache
def fitted() -> ensemble.EnsembleModel:
    pytest.importorskip("lightgbm")
    pytest.importorskip("onnx")
    rng = np.random.default_rng(11)
    return ensemble.fit(answers(rng, n_learners=30, n_each=30), CONFIG, version="fitted", rng=rng)


class TestWithTrees(EstimatorSuite):
    """Of `ability` and trees on the features."""

    tolerance = 1e-5

    def make_estimator(self, items: ItemTable) -> Any:
        return fitted()

    def load(self, artifact: bytes) -> Any:
        return ensemble.load(artifact)


def test_mastery_is_that_of_ability() -> None:
    model, log = fitted(), answers(np.random.default_rng(1), n_learners=1)
    table = ItemTable("t", log.items(), log.skills())
    state = model.start(log.learner_ids[0])
    items = log.items()
    for row, event in enumerate(log.interactions(0)):
        state = model.update(state, event, items[log.item[row]])
    ours = model.mastery(state, table, event.occurred_at)
    theirs = model.members[0].mastery(state[0], table, event.occurred_at)
    assert ours.values.tolist() == theirs.values.tolist()
    assert ours.model == model.ref


def test_what_members_say_is_said_before_the_answer_and_its_instant() -> None:
    """The walk of the fit is that of the protocol."""
    log = answers(np.random.default_rng(2), n_learners=4)
    member = ability.from_catalog(ItemTable("t", log.items(), log.skills()))
    times = log.occurred_us // 3  # so that some rows share an instant
    several = type(log).ordered(
        learner_ids=log.learner_ids, item_ids=log.item_ids, skill_ids=log.skill_ids,
        learner=log.learner, item=log.item,
        correct=np.where(np.arange(len(log)) % 7 == 0, -1, log.correct).astype(np.int8),
        occurred_us=times // 10**9 * 10**9, skill_starts=log.skill_starts, skill_of=log.skill_of,
    )  # fmt: skip
    said = logits_before((member,), several)[:, 0]
    wanted = predict_rows(member, several)
    asked = several.correct >= 0
    np.testing.assert_allclose(said[asked], logit_of(wanted[asked]), atol=1e-12)
    assert (said[~asked] == 0.0).all()


def test_little_data_and_a_fresh_install_are_left_to_ability() -> None:
    log = answers(np.random.default_rng(3), n_learners=20)
    model = ensemble.fit(log, version="few", rng=np.random.default_rng(0))
    assert [member.ref.name for member in model.members] == ["ability"]
    alone = ability.fit(log, version="few", rng=np.random.default_rng(0))
    np.testing.assert_allclose(predict_rows(model, log), predict_rows(alone, log), atol=1e-12)
    table = ItemTable("t", log.items(), log.skills())
    assert ensemble.load(ensemble.from_catalog(table).export()).ref.name == "ensemble"


# --- the weights ----------------------------------------------------------------------------------


def world(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two members that each see half, one that sees nothing, one that is the first, reversed."""
    rng = np.random.default_rng(seed)
    a, b, noise = rng.normal(0, 1, (3, n))
    right = rng.random(n) < 1 / (1 + np.exp(-0.8 * a - 0.4 * b - 0.3))
    return np.column_stack([a, b, noise, -a]), right.astype(np.int64)


def test_weights_are_found_and_none_is_below_zero() -> None:
    said, correct = world(40_000, 0)
    stack = fit_stack(said, correct, 1.0)
    np.testing.assert_allclose(stack.weights[:2], (0.8, 0.4), atol=0.05)
    assert stack.weights[2] < 0.05
    assert stack.weights[3] == 0.0
    assert stack.bias == pytest.approx(0.3, abs=0.05)


def test_few_answers_leave_all_members_alike() -> None:
    said, correct = world(12, 1)
    np.testing.assert_allclose(fit_stack(said, correct, 1e4).weights, 0.25, atol=0.01)


@settings(deadline=None, max_examples=50)
@given(
    said=arrays(np.float64, (30, 3), elements=st.floats(-LIMIT, LIMIT)),
    correct=arrays(np.int64, 30, elements=st.integers(0, 1)),
)
def test_whatever_is_said_the_weights_are_numbers_and_more_is_never_less(
    said: np.ndarray, correct: np.ndarray
) -> None:
    stack = fit_stack(said, correct, 10.0)
    assert np.isfinite([stack.bias, *stack.weights]).all()
    assert min(stack.weights) >= 0.0
    assert (stack.logit(said + 1.0) >= stack.logit(said) - 1e-12).all()


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (("ability", "oracle"), "there is no 'oracle'; there are ability, boosted"),
        (("boosted", "ability"), "ability first"),
        (("ability", "boosted", "boosted"), "each comes once"),
        ((), "ability first"),
    ],
)
def test_members_that_make_no_ensemble_are_refused(members: tuple[str, ...], why: str) -> None:
    log = answers(np.random.default_rng(3), n_learners=5)
    with pytest.raises(InvalidInput, match=why):
        ensemble.fit(log, ensemble.Config(members), version="1", rng=np.random.default_rng(0))


def test_bytes_that_are_no_ensemble_are_refused() -> None:
    whole = fitted().export()
    with pytest.raises(ArtifactError):
        ensemble.load(whole[:-50])
    with pytest.raises(ArtifactError):
        ensemble.load(ability.from_catalog(ItemTable("none", (), ())).export())
    cut = bytearray(whole)
    cut[whole.index(b'"weights"') + 14] ^= 1
    with pytest.raises(ArtifactError):
        ensemble.load(bytes(cut))


def test_without_onnxruntime_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, real = fitted().export(), builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "onnxruntime":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ArtifactError, match="pip install 'learnloop"):
        ensemble.load(whole)
