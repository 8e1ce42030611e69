"""Sampled Shapley values add up exactly, meet the enumerated ones, and drift is told by learner."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.monitoring.learners import most_of

from learnloop.monitoring.importance import explain, importance, importance_drift

D = 4
WEIGHTS = np.array([1.0, -0.5, 0.0, 2.0])


def model(x: np.ndarray) -> np.ndarray:
    logit = x @ WEIGHTS + x[:, 0] * x[:, 1] * x[:, 3]
    return 1 / (1 + np.exp(-logit))


def pairwise(x: np.ndarray) -> np.ndarray:
    return x @ WEIGHTS + x[:, 0] * x[:, 1] - 2 * x[:, 2] * x[:, 3] ** 2


def enumerated(predict: object, row: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Shapley's own formula over all subsets of features."""
    value = {}
    for taken in itertools.product([False, True], repeat=D):
        mixed = np.where(taken, row, background)
        value[taken] = predict(mixed).mean()  # type: ignore[operator]
    found = np.zeros(D)
    for taken, worth in value.items():
        for j in range(D):
            if not taken[j]:
                size = sum(taken)
                weight = math.factorial(size) * math.factorial(D - size - 1) / math.factorial(D)
                joined = (*taken[:j], True, *taken[j + 1 :])
                found[j] += weight * (value[joined] - worth)
    return found


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 9), st.integers(1, 6), st.integers(1, 7))
def test_values_add_up_to_the_answer_less_the_base(seed: int, n: int, m: int, pairs: int) -> None:
    rng = np.random.default_rng(seed)
    x, background = rng.normal(size=(n, D)), rng.normal(size=(m, D))
    found = explain(model, x, background, rng, n_pairs=pairs)
    np.testing.assert_allclose(found.values.sum(axis=1), model(x) - found.base, atol=1e-12)


def test_many_orders_meet_the_enumerated_values() -> None:
    rng = np.random.default_rng(0)
    x, background = rng.normal(size=(5, D)), rng.normal(size=(20, D))
    found = explain(model, x, background, rng, n_pairs=4000)
    exact = np.array([enumerated(model, row, background) for row in x])
    np.testing.assert_allclose(found.values, exact, atol=0.01)
    assert found.base == pytest.approx(model(background).mean())


def test_pairs_of_orders_are_exact_where_features_meet_in_twos() -> None:
    rng = np.random.default_rng(1)
    x, background = rng.normal(size=(5, D)), rng.normal(size=(8, D))
    found = explain(pairwise, x, background, rng, n_pairs=8)
    exact = np.array([enumerated(pairwise, row, background) for row in x])
    np.testing.assert_allclose(found.values, exact, atol=1e-12)


def test_a_feature_that_moves_nothing_has_no_value() -> None:
    rng = np.random.default_rng(2)
    x, background = rng.normal(size=(50, D)), rng.normal(size=(10, D))
    values = explain(model, x, background, rng, n_pairs=5).values
    assert np.abs(values[:, 2]).max() < 1e-12
    assert importance(values, np.arange(50)).argmax() == 3


def test_many_rows_are_explained_as_each_is() -> None:
    rng = np.random.default_rng(3)
    x, background = rng.normal(size=(30_000, D)), rng.normal(size=(10, D))
    whole = explain(model, x, background, np.random.default_rng(4), n_pairs=2).values
    last = explain(model, x[-5:], background, np.random.default_rng(4), n_pairs=2).values
    np.testing.assert_allclose(whole[-5:], last, rtol=0, atol=1e-15)


def test_one_feature_is_the_whole_difference() -> None:
    found = explain(lambda x: x[:, 0] ** 2, np.array([[3.0]]), np.array([[1.0]]),
                    np.random.default_rng(0), n_pairs=1)  # fmt: skip
    assert found.values.tolist() == [[8.0]]


def period(rng: np.random.Generator, n_learners: int, heavier: float) -> tuple[np.ndarray, ...]:
    """Values whose size is a learner's own; those of feature 1 are `heavier` times as large."""
    learner = np.repeat(np.arange(n_learners), rng.integers(1, 30, n_learners))
    size = rng.gamma(4, 0.25, (n_learners, D))[learner]
    values = size * rng.normal(size=size.shape)
    values[:, 1] *= heavier
    values[:, 2] = 0.0
    return values, learner


def test_importances_of_equal_periods_are_said_to_differ_as_rarely_as_stated() -> None:
    n_runs, false = 60, 0
    for seed in range(n_runs):
        rng = np.random.default_rng(seed)
        then, now = period(rng, 80, 1.0), period(rng, 60, 1.0)
        false += min(s.p_value for s in importance_drift(*then, *now, rng, n_deals=200)) <= 0.05
    assert false <= most_of(n_runs, 0.05)


def test_a_feature_that_matters_more_is_named() -> None:
    rng = np.random.default_rng(0)
    found = importance_drift(*period(rng, 150, 1.0), *period(rng, 150, 1.5), rng)
    assert [s.p_value < 0.05 for s in found] == [False, True, False, False]
    assert found[1].now > found[1].before
    assert found[2].p_value == 1.0
