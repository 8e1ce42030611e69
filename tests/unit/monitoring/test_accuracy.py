"""Figures of models by period are those of `metrics`, with intervals that hold by learner."""

import math

import numpy as np
import pytest
from tests.unit.monitoring.learners import fewest_of

from learnloop.metrics import auc, brier, ece, log_loss
from learnloop.monitoring.accuracy import Served, by_model_and_period, measure
from learnloop.monitoring.by_learner import correlation, coverage, mean_of


def served(rng: np.random.Generator, n_learners: int = 80, bias: float = 0.0) -> Served:
    learner = np.repeat(np.arange(n_learners), rng.integers(1, 25, n_learners))
    p = rng.uniform(0.02, 0.98, len(learner))
    off = rng.normal(0, 0.1, n_learners)[learner] + bias
    correct = (rng.random(len(p)) < p + off).astype(np.int64)
    return Served(p, correct, learner, rng.exponential(5, len(p)), rng.random(len(p)) < 0.1)


def test_the_figures_are_those_of_metrics_on_the_rows_with_an_outcome() -> None:
    rng = np.random.default_rng(0)
    all_rows = served(rng)
    known = rng.random(len(all_rows.p)) < 0.7
    correct = np.where(known, all_rows.correct, -1)
    some = Served(all_rows.p, correct, all_rows.learner)
    found = measure(some, rng, n_resamples=20)
    y, p = correct[known], all_rows.p[known]
    assert (found.n, found.n_known) == (len(correct), known.sum())
    for name, function in {"auc": auc, "log_loss": log_loss, "brier": brier, "ece": ece}.items():
        assert getattr(found, name).point == pytest.approx(function(y, p))
    assert found.bias.point == pytest.approx((y - p).mean())
    assert found.latency is None
    assert found.fallback is None


def test_confidence_latency_and_fallbacks_are_of_all_rows() -> None:
    p = np.array([0.01, 0.5, 0.97, 1.0])
    latency = np.array([1.0, 2.0, 3.0, 100.0])
    rows = Served(p, np.full(4, -1), np.arange(4), latency, np.array([True, False, False, False]))
    found = measure(rows, np.random.default_rng(0), n_resamples=10)
    assert found.n_known == 0
    assert math.isnan(found.auc.point)
    assert found.confidence.counts == (1, 0, 0, 0, 0, 1, 0, 0, 0, 2)
    assert found.confidence.mean == pytest.approx((0.99 + 0.5 + 0.97 + 1) / 4)
    assert found.confidence.extreme == 0.75
    assert found.latency is not None
    assert (found.latency.p50_ms, found.latency.max_ms) == (2.5, 100.0)
    assert found.fallback is not None
    assert found.fallback.point == 0.25


def test_each_model_and_period_has_its_own_figures() -> None:
    rng = np.random.default_rng(1)
    rows = served(rng)
    model, period = rng.integers(0, 2, len(rows.p)), rng.integers(3, 5, len(rows.p))
    period[model == 1] = 4
    found = by_model_and_period(rows, model, period, rng, n_resamples=5)
    assert list(found) == [(0, 3), (0, 4), (1, 4)]
    kept = (model == 0) & (period == 4)
    assert found[0, 4].brier.point == pytest.approx(brier(rows.correct[kept], rows.p[kept]))


def test_intervals_hold_the_truth_as_often_as_stated() -> None:
    holds = {"bias": 0, "correlation": 0, "coverage": 0}
    n_runs = 40
    for seed in range(n_runs):
        rng = np.random.default_rng(seed)
        rows = served(rng, 100)
        bias = measure(rows, rng, n_resamples=100).bias
        holds["bias"] += bias.low <= 0 <= bias.high
        own = rng.normal(size=100)[rows.learner]
        x, noise = own + rng.normal(size=len(own)), rng.normal(size=len(own))
        y = x + rng.normal(size=100)[rows.learner] + noise
        r = correlation(x, y, rows.learner, rng, n_resamples=100)
        holds["correlation"] += r.low <= math.sqrt(0.5) <= r.high
        wide = coverage(own - 1, own + 1, x, rows.learner, rng, n_resamples=100)
        holds["coverage"] += wide.low <= 0.6827 <= wide.high
    # 100 learners and 100 resamples: a few points under the 95% that large samples have.
    assert all(n >= fewest_of(n_runs, 0.92) for n in holds.values())


def test_a_correlation_is_numpys_and_unknown_for_a_constant() -> None:
    rng = np.random.default_rng(0)
    x, y, learner = rng.normal(50, 1, 200), rng.normal(size=200), rng.integers(0, 20, 200)
    found = correlation(x, y, learner, rng)
    assert found.point == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert math.isnan(correlation(np.full(200, 3.3), y, learner, rng).point)
    assert math.isnan(correlation(x[:0], y[:0], learner[:0], rng).point)


def test_a_mean_of_few_learners_is_less_sure_than_its_rows_would_say() -> None:
    rng = np.random.default_rng(0)
    learner = np.repeat(np.arange(20), 100)
    values = rng.normal(size=20)[learner] + 0.1 * rng.normal(size=2000)
    by_learner = mean_of(values, learner, rng)
    by_row = mean_of(values, np.arange(2000), rng)
    assert by_learner.high - by_learner.low > 5 * (by_row.high - by_row.low)
