"""Intervals come from whole learners, and the difference of two models is paired."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.metrics import accuracy, auc, brier, ece, log_loss, resample
from learnloop.metrics.bootstrap import METRICS
from learnloop.metrics.ranking import RankedScores

FUNCTIONS = {"auc": auc, "log_loss": log_loss, "brier": brier, "accuracy": accuracy, "ece": ece}
ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 20).map(lambda k: k / 20), st.integers(0, 6)),
    min_size=1,
    max_size=60,
)


def learners_that_differ(n_learners: int, seed: int) -> tuple[np.ndarray, ...]:
    """Answers of learners who each have their own ability; chances that know half of it."""
    rng = np.random.default_rng(seed)
    learner = np.repeat(np.arange(n_learners), 40)
    ability = rng.normal(0, 1, n_learners)[learner]
    difficulty = rng.normal(0, 1, len(learner))
    truth = 1 / (1 + np.exp(difficulty - ability))
    correct = (rng.random(len(learner)) < truth).astype(np.int8)
    return correct, 1 / (1 + np.exp(difficulty - ability / 2)), learner, ability


@given(ROWS, st.integers(0, 2**32))
def test_a_weight_is_that_many_copies_of_the_row(rows: list, seed: int) -> None:  # type: ignore[type-arg]
    correct, p, _ = (np.array(c) for c in zip(*rows, strict=True))
    weight = np.random.default_rng(seed).integers(0, 4, len(p))
    copied = auc(np.repeat(correct, weight), np.repeat(p, weight))
    assert RankedScores(correct, p).auc(weight) == pytest.approx(copied, nan_ok=True)


@settings(max_examples=50)
@given(ROWS)
def test_the_point_is_the_metric_itself_and_lies_in_its_interval(rows: list) -> None:  # type: ignore[type-arg]
    correct, p, learner = (np.array(c) for c in zip(*rows, strict=True))
    drawn = resample(correct, [p], learner, np.random.default_rng(3), n_resamples=20)
    for metric, function in FUNCTIONS.items():
        point, low, high = drawn.interval(metric)
        assert point == pytest.approx(function(correct, p), abs=1e-12, nan_ok=True)
        if not math.isnan(low):
            assert 0 <= low <= point <= high


def test_draws_are_the_metrics_of_whole_learners_drawn_with_replacement() -> None:
    correct, p, learner, _ = learners_that_differ(12, seed=4)
    drawn = resample(correct, [p], learner, np.random.default_rng(8), n_resamples=5)
    rng = np.random.default_rng(8)
    for draws in drawn.draws:
        rows = np.concatenate([np.flatnonzero(learner == x) for x in rng.integers(12, size=12)])
        by_copy = [FUNCTIONS[m](correct[rows], p[rows]) for m in METRICS]
        assert draws[0] == pytest.approx(by_copy)


def test_learner_codes_may_have_holes() -> None:
    correct, p, learner, _ = learners_that_differ(6, seed=4)
    plain = resample(correct, [p], learner, np.random.default_rng(8), 5)
    holes = resample(correct, [p], learner * 7 + 3, np.random.default_rng(8), 5)
    np.testing.assert_array_equal(plain.draws, holes.draws)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    truth = accuracy(*learners_that_differ(4000, seed=1)[:2])
    covered = 0
    for seed in range(100):
        correct, p, learner, _ = learners_that_differ(60, seed=100 + seed)
        interval = resample(correct, [p], learner, np.random.default_rng(seed), 200)
        _, low, high = interval.interval("accuracy")
        covered += low <= truth <= high
    assert covered >= 87  # 95 expected; 87 is under 4 standard deviations


def test_a_paired_difference_is_surer_than_its_two_parts() -> None:
    correct, p, learner, ability = learners_that_differ(60, seed=2)
    better = 1 / (1 + np.exp(-np.log(p / (1 - p)) - ability / 4))
    drawn = resample(correct, [better, p], learner, np.random.default_rng(1), 400)
    point, low, high = drawn.difference("auc")
    assert point == pytest.approx(auc(correct, better) - auc(correct, p))
    assert 0 < low <= point <= high
    _, one_low, one_high = drawn.interval("auc", 0)
    assert high - low < (one_high - one_low) / 2


def test_a_model_does_not_differ_from_itself() -> None:
    correct, p, learner, _ = learners_that_differ(20, seed=2)
    drawn = resample(correct, [p, p], learner, np.random.default_rng(1), 50)
    for metric in METRICS:
        assert drawn.difference(metric) == (0.0, 0.0, 0.0)


def test_what_cannot_be_said_has_no_interval() -> None:
    one_class = resample(np.ones(4, np.int8), [np.full(4, 0.5)], np.arange(4), _rng(), 10)
    assert all(math.isnan(x) for x in one_class.interval("auc"))
    nobody = resample(np.empty(0, np.int8), [np.empty(0)], np.empty(0, np.int64), _rng(), 10)
    assert all(math.isnan(x) for m in METRICS for x in nobody.interval(m))


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)
