"""Drift is found when it is there, and only as often as stated when it is not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.unit.monitoring.learners import NAMES, fewest_of, most_of, rows

from learnloop.core.errors import DataError
from learnloop.monitoring.baseline import Baseline, build
from learnloop.monitoring.drift import MIN_LEARNERS, Answer, Drift, compare, holm, ks, psi
from learnloop.monitoring.null import null_of
from learnloop.monitoring.shares import Shares


def a_baseline(rng: np.random.Generator, n_learners: int, mean_rows: int = 10) -> Baseline:
    return build(NAMES, *rows(rng, n_learners, mean_rows), ("category",))


def shares(n: int = 6) -> st.SearchStrategy[np.ndarray]:
    counts = hnp.arrays(np.float64, n, elements=st.integers(0, 50))
    return counts.filter(lambda c: c.sum() > 0).map(lambda c: c / c.sum())


@settings(deadline=None)
@given(shares(), shares())
def test_psi_is_symmetric_and_zero_only_for_equal_shares(p: np.ndarray, q: np.ndarray) -> None:
    assert psi(p, q) == pytest.approx(psi(q, p))
    assert psi(p, p) == 0
    assert (psi(p, q) > 0) == (p != q).any()


@settings(deadline=None)
@given(shares(), shares())
def test_ks_is_symmetric_and_a_distance(p: np.ndarray, q: np.ndarray) -> None:
    assert ks(p, q) == ks(q, p)
    assert 0 <= ks(p, q) <= 1 + 1e-12
    assert ks(p, p) == 0


@settings(deadline=None)
@given(hnp.arrays(np.float64, st.integers(0, 20), elements=st.floats(0, 1)))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p: np.ndarray) -> None:
    adjusted = holm(p)
    assert (adjusted >= p).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()


def test_holm_is_the_published_example() -> None:
    # Holm's step-down by hand: 4 x .005, 3 x .01, then the largest so far.
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_the_order_of_rows_and_the_names_of_learners_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, learner = rows(rng, 80)
    y, other = rows(rng, 60)
    order, new_order = rng.permutation(len(x)), rng.permutation(len(y))
    a = compare(build(NAMES, x, learner), y, other, np.random.default_rng(1), n_draws=200)
    mixed = build(NAMES, x[order], 1000 - learner[order])
    b = compare(mixed, y[new_order], 7 * other[new_order], np.random.default_rng(1), n_draws=200)
    for one, two in zip(a, b, strict=True):
        assert (one.answer, one.n_learners) == (two.answer, two.n_learners)
        assert one.psi == pytest.approx(two.psi, abs=1e-12)
        assert one.p_value == pytest.approx(two.p_value, abs=0.02)


def test_rows_that_are_the_baselines_own_have_not_drifted() -> None:
    x, learner = rows(np.random.default_rng(0), 200)
    for column in compare(build(NAMES, x, learner), x, learner, np.random.default_rng(0)):
        assert column.psi == pytest.approx(0, abs=1e-12)
        assert (column.p_value, column.answer) == (1.0, Answer.SAME)


def test_too_few_learners_is_an_answer() -> None:
    rng = np.random.default_rng(0)
    baseline = a_baseline(rng, 200)
    x, learner = rows(rng, MIN_LEARNERS - 1, mean_rows=200)
    for column in compare(baseline, x + 5, learner, rng):
        assert column.answer is Answer.NOT_ENOUGH
        assert column.p_value is None
        assert column.psi is not None
    nothing = compare(baseline, x[:0], learner[:0], rng)
    assert nothing[0] == Drift("plain", Answer.NOT_ENOUGH, 0, 0)
    small = compare(a_baseline(rng, MIN_LEARNERS - 1), *rows(rng, 200), rng)
    assert {c.answer for c in small} == {Answer.NOT_ENOUGH}


def test_other_columns_than_the_baselines_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="7 columns, the baseline has 8"):
        compare(a_baseline(rng, 60), np.ones((60, 7)), np.arange(60), rng)


@pytest.mark.parametrize(
    ("n_then", "n_now", "rows_then", "rows_now"),
    [(300, 60, 20, 4), (60, 300, 4, 20), (150, 150, 10, 10)],
)
def test_false_alarms_are_nominal_however_alike_the_rows_of_a_learner(
    n_then: int, n_now: int, rows_then: int, rows_now: int
) -> None:
    n_runs, any_column, each = 50, 0, np.zeros(len(NAMES))
    for seed in range(n_runs):
        rng = np.random.default_rng(seed)
        baseline = a_baseline(rng, n_then, rows_then)
        found = compare(baseline, *rows(rng, n_now, rows_now), rng, n_draws=1000)
        any_column += any(c.answer is Answer.DRIFTED for c in found)
        each += [c.p_value is not None and c.p_value <= 0.05 for c in found]
    assert any_column <= most_of(n_runs, 0.05)
    assert each.max() <= most_of(n_runs, 0.05)


def test_taking_each_row_for_a_learner_would_cry_wolf() -> None:
    false = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        (x, _), (y, _) = rows(rng, 300), rows(rng, 300)
        as_rows = build(NAMES, x, np.arange(len(x)), ("category",))
        found = compare(as_rows, y, np.arange(len(y)), rng, n_draws=1000)
        false += any(c.answer is Answer.DRIFTED for c in found)
    assert false > 15


PLANTED = {
    "mean": (0, lambda v, chosen: v + 0.2),
    "variance": (0, lambda v, chosen: v * 1.2),
    "missing": (0, lambda v, chosen: np.where(chosen < 0.05, math.nan, v)),
    "rate": (3, lambda v, chosen: np.where(chosen < 0.1, 1.0, v)),
    "constant": (5, lambda v, chosen: np.where(chosen < 0.02, 4.0, v)),
    "new category": (6, lambda v, chosen: np.where(chosen < 0.03, 99.0, v)),
}


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_shift_is_found_and_nothing_else_is_named(what: str) -> None:
    n_runs, found, others = 12, 0, 0
    column, change = PLANTED[what]
    for seed in range(n_runs):
        rng = np.random.default_rng(seed)
        baseline = a_baseline(rng, 1000)
        x, learner = rows(rng, 300)
        x[:, column] = change(x[:, column], rng.random(len(x)))
        named = [c.answer is Answer.DRIFTED for c in compare(baseline, x, learner, rng)]
        found += named[column]
        others += sum(named) - named[column]
    assert found >= fewest_of(n_runs, 0.9)
    assert others <= most_of(n_runs, 0.05)


def test_a_small_shift_of_many_rows_is_found_far_below_the_customary_cut_off() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(20_000, 1)), rng.normal(0.2, 1, (20_000, 1))
    baseline = build(["x"], x, np.arange(20_000))
    (found,) = compare(baseline, y, np.arange(20_000), rng)
    assert found.answer is Answer.DRIFTED
    assert found.psi is not None
    assert found.psi_noise is not None
    assert found.psi_noise < found.psi < 0.1


def test_with_one_row_for_each_learner_the_laws_are_chi_square_and_brownian() -> None:
    n, m, k = 4000, 1000, 10
    p = np.full(k, 1 / k)
    side = Shares(p, np.diag(p) - np.outer(p, p), n)
    normal = np.random.default_rng(0).standard_normal((k, 40_000))
    law = null_of(side, Shares(p, side.covariance, m), normal)
    per = 1 / n + 1 / m
    # Chi-square of 9 degrees: mean 9, 95% below 16.92. A bridge on tenths stays under 1.358 longer.
    assert law.x2.mean() / per == pytest.approx(9, rel=0.02)
    assert np.quantile(law.x2, 0.95) / per == pytest.approx(16.92, rel=0.02)
    assert 1.15 < np.quantile(law.gap, 0.95) / math.sqrt(per) < 1.358
