"""Classes, numbers and sequences, worked by hand."""

import math

import numpy as np
import pytest

from learnloop.metrics import (
    auc,
    bleu,
    class_accuracy,
    macro_auc,
    macro_f1,
    mae,
    perplexity,
    r2,
    rmse,
)

NO_INTS, NO_FLOATS = np.empty(0, dtype=np.int64), np.empty(0)


# --- classes ------------------------------------------------------------------------------------


def test_macro_f1_by_hand() -> None:
    true, said = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 1, 2, 0])
    # class 0: 1 hit of 2 said, 2 there; class 1: 2 of 3, 2; class 2: 1 of 1, 2
    assert macro_f1(true, said, 3) == pytest.approx((2 / 4 + 4 / 5 + 2 / 3) / 3)
    assert class_accuracy(true, said) == pytest.approx(4 / 6)


def test_a_class_that_is_nowhere_has_no_f1_and_one_that_was_only_said_has_zero() -> None:
    true, said = np.array([0, 1]), np.array([0, 2])
    assert macro_f1(true, said, 5) == pytest.approx((1 + 0 + 0) / 3)


def test_a_rare_class_counts_as_much_as_a_frequent_one() -> None:
    true = np.array([0] * 99 + [1])
    assert class_accuracy(true, 0 * true) == 0.99
    assert macro_f1(true, 0 * true, 2) == pytest.approx((2 * 99 / 199) / 2)


def test_macro_auc_is_the_mean_of_one_against_the_rest() -> None:
    true = np.array([0, 1, 2, 1])
    p = np.array([[0.6, 0.2, 0.2], [0.5, 0.4, 0.1], [0.1, 0.3, 0.6], [0.7, 0.1, 0.2]])
    by_hand = (2 / 3 + 2 / 4 + 1.0) / 3
    assert macro_auc(true, p) == pytest.approx(by_hand)
    assert macro_auc(true[:2], p[:2]) == pytest.approx(
        (auc(true[:2] == 0, p[:2, 0]) + auc(true[:2] == 1, p[:2, 1])) / 2
    ), "class 2 has no member and is left out"


def test_no_rows_have_no_class_metrics() -> None:
    assert math.isnan(class_accuracy(NO_INTS, NO_INTS))
    assert math.isnan(macro_f1(NO_INTS, NO_INTS, 3))
    assert math.isnan(macro_auc(NO_INTS, np.empty((0, 3))))
    assert math.isnan(macro_auc(np.zeros(3, np.int64), np.ones((3, 1))))


# --- numbers ------------------------------------------------------------------------------------


def test_distances_by_hand() -> None:
    true, predicted = np.array([1.0, 2.0, 6.0]), np.array([2.0, 2.0, 4.0])
    assert rmse(true, predicted) == pytest.approx(math.sqrt(5 / 3))
    assert mae(true, predicted) == pytest.approx(1.0)
    assert r2(true, predicted) == pytest.approx(1 - 5 / 14)


def test_r2_is_zero_for_the_mean_and_below_for_worse() -> None:
    true = np.array([1.0, 2.0, 6.0])
    assert r2(true, true) == 1.0
    assert r2(true, np.full(3, 3.0)) == pytest.approx(0.0)
    assert r2(true, -true) < 0


def test_what_cannot_be_said_of_numbers() -> None:
    for metric in (rmse, mae, r2):
        assert math.isnan(metric(NO_FLOATS, NO_FLOATS))
    assert math.isnan(r2(np.full(3, 0.1), np.arange(3.0)))


# --- sequences ----------------------------------------------------------------------------------


def test_perplexity_is_the_number_of_equally_likely_ids() -> None:
    assert perplexity(np.full(7, math.log(50.0))) == pytest.approx(50.0)
    assert perplexity(np.zeros(3)) == 1.0
    assert perplexity(-np.log([0.5, 0.125])) == pytest.approx(4.0)
    assert perplexity(np.array([1e4])) == math.inf
    assert math.isnan(perplexity(NO_FLOATS))


def test_bleu_by_hand() -> None:
    reference, candidate = [1, 2, 3, 4, 5], [1, 2, 3, 5]
    # 4 of 4 ids; 2 of 3 pairs; brevity exp(1 - 5/4)
    assert bleu([reference], [candidate], 1) == pytest.approx(math.exp(-0.25))
    expected = math.exp(-0.25) * math.sqrt(2 / 3)
    assert bleu([reference], [candidate], 2) == pytest.approx(expected)


def test_an_id_counts_no_more_often_than_it_is_there() -> None:
    # Papineni et al. (2002), section 2.1: "the" seven times, of which the reference has two.
    reference = ["the", "cat", "is", "on", "the", "mat"]
    assert bleu([reference], [["the"] * 7], 1) == pytest.approx(2 / 7)


def test_counts_and_lengths_are_those_of_the_whole_set() -> None:
    references, candidates = [[1, 2], [3, 4, 5]], [[1, 2, 9], [3, 4]]
    assert bleu(references, candidates, 2) == pytest.approx(math.sqrt(4 / 5 * 2 / 3))


def test_bleu_is_one_for_the_same_and_zero_where_nothing_hits() -> None:
    paths = [[1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert bleu(paths, paths) == 1.0
    assert bleu(paths, [path[::-1] for path in paths]) == 0.0
    assert bleu(paths, [[], []]) == 0.0
    assert bleu(paths, [[1, 2], [5]]) == 0.0, "too short for any 4 in a row"


def test_what_cannot_be_said_of_sequences() -> None:
    assert math.isnan(bleu([], []))
    assert math.isnan(bleu([[1, 2, 3]], [[1, 2, 3]]))
    assert bleu([[1, 2, 3]], [[1, 2, 3]], 3) == 1.0
