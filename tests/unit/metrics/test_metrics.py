"""The metrics are what their definitions say, row by row."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.metrics import accuracy, auc, brier, ece, ece_null_quantile, log_loss, reliability
from learnloop.metrics.calibration import N_BINS

# A coarse grid of chances makes ties, bin edges, 0 and 1 common.
ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 30).map(lambda k: k / 30)), min_size=1, max_size=60
)


def columns(rows: list[tuple[int, float]]) -> tuple[np.ndarray, np.ndarray]:
    correct, p = zip(*rows, strict=True)
    return np.array(correct, dtype=np.int8), np.array(p)


def auc_by_pairs(correct: np.ndarray, p: np.ndarray) -> float:
    pairs = [(a, b) for a in p[correct == 1] for b in p[correct == 0]]
    return sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs) if pairs else math.nan


@given(ROWS)
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[int, float]]) -> None:
    correct, p = columns(rows)
    assert auc(correct, p) == pytest.approx(auc_by_pairs(correct, p), abs=1e-12, nan_ok=True)


@given(ROWS, st.randoms(use_true_random=False))
def test_no_metric_depends_on_the_order_of_rows(rows: list[tuple[int, float]], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = random.sample(rows, len(rows))
    for metric in (auc, log_loss, brier, accuracy, ece):
        told = metric(*columns(shuffled))
        assert told == pytest.approx(metric(*columns(rows)), abs=1e-12, nan_ok=True)


@given(ROWS)
def test_auc_only_sees_the_order_of_scores(rows: list[tuple[int, float]]) -> None:
    correct, p = columns(rows)
    assert auc(correct, np.exp(3 * p) - 7) == pytest.approx(auc(correct, p), nan_ok=True)
    turned = 1 - auc(correct, -p)
    assert turned == pytest.approx(auc(correct, p), abs=1e-12, nan_ok=True)


def test_auc_of_one_class_or_no_rows_is_not_a_number() -> None:
    assert math.isnan(auc(np.array([1, 1]), np.array([0.2, 0.9])))
    assert math.isnan(auc(np.empty(0, np.int8), np.empty(0)))


def test_log_loss_brier_and_accuracy_of_rows_worked_by_hand() -> None:
    correct, p = np.array([1, 0, 1, 0]), np.array([0.8, 0.4, 0.5, 0.5])
    by_hand = -(math.log(0.8) + math.log(0.6) + 2 * math.log(0.5)) / 4
    assert log_loss(correct, p) == pytest.approx(by_hand)
    assert brier(correct, p) == pytest.approx((0.04 + 0.16 + 0.25 + 0.25) / 4)
    assert accuracy(correct, p) == 0.75


def test_a_sure_and_wrong_answer_costs_much_and_not_infinity() -> None:
    assert log_loss(np.array([0]), np.array([1.0])) == pytest.approx(-math.log(1e-15))
    assert log_loss(np.array([1]), np.array([1.0])) == 0.0


@given(ROWS)
def test_ece_is_the_weighted_gap_of_the_reliability_table(rows: list[tuple[int, float]]) -> None:
    correct, p = columns(rows)
    table = reliability(correct, p)
    assert sum(line.n for line in table) == len(p)
    gap = sum(line.n * abs(line.mean_p - line.share_correct) for line in table) / len(p)
    assert ece(correct, p) == pytest.approx(gap, abs=1e-12)
    assert 0.0 <= ece(correct, p) <= 1.0
    # Binning hides gaps that cancel, it never makes one: the mean gap of single rows is larger.
    assert ece(correct, p) <= np.abs(p - correct).mean() + 1e-12
    assert ece(correct, p) >= abs(p.mean() - correct.mean()) - 1e-12


def test_bins_are_fifteen_of_equal_width_and_the_last_holds_one() -> None:
    p = np.array([0.0, 1 / 15 - 1e-9, 1 / 15, 0.5, 1.0])
    table = reliability(np.array([0, 0, 1, 1, 1]), p)
    assert [round(line.low * N_BINS) for line in table] == [0, 1, 7, 14]
    assert [line.n for line in table] == [2, 1, 1, 1]


def test_a_calibrated_model_stays_under_the_null_bound_and_a_tilted_one_does_not() -> None:
    rng = np.random.default_rng(5)
    p = rng.beta(4, 2, 4000)
    bound = ece_null_quantile(p, rng)
    trials = [ece(rng.random(len(p)) < p, p) for _ in range(400)]
    # 95% of 400, +- 3 standard deviations of a binomial share.
    assert 0.915 <= np.mean(np.array(trials) <= bound) <= 0.985
    assert ece(rng.random(len(p)) < p, np.clip(p + 0.05, 0, 1)) > bound


def test_the_null_bound_shrinks_with_the_number_of_rows() -> None:
    p = np.full(100, 0.7)
    small = ece_null_quantile(p, np.random.default_rng(1))
    large = ece_null_quantile(np.tile(p, 100), np.random.default_rng(1))
    assert large == pytest.approx(small / 10, rel=0.2)


def test_no_rows_say_nothing() -> None:
    none, no_p = np.empty(0, np.int8), np.empty(0)
    for metric in (log_loss, brier, accuracy, ece):
        assert math.isnan(metric(none, no_p))
    assert math.isnan(ece_null_quantile(no_p, np.random.default_rng(1)))
    assert reliability(none, no_p) == ()
