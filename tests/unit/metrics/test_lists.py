"""Ranked lists, worked by hand, and what ties and empty lists say."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.metrics import (
    hit_rate,
    mrr,
    ndcg,
    row_hit_rate,
    row_ndcg,
    row_reciprocal_rank,
)

# The order by score is 2, 0, 3, 1: relevance 0, 3, 1, 2.
SCORES = np.array([[0.7, 0.1, 0.9, 0.4]])
GAIN = np.array([[3, 2, 0, 1]])


def test_ndcg_by_hand() -> None:
    got = 3 / math.log2(3) + 1 / math.log2(4) + 2 / math.log2(5)
    best = 3 + 2 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(GAIN, SCORES) == pytest.approx(got / best)
    assert ndcg(GAIN, SCORES, k=2) == pytest.approx((3 / math.log2(3)) / (3 + 2 / math.log2(3)))
    assert ndcg(GAIN, SCORES, k=1) == 0.0


def test_the_example_of_the_textbooks() -> None:
    # Gains 3 2 3 0 1 2, whose best order is 3 3 2 2 1 0.
    gain = np.array([[3, 2, 3, 0, 1, 2]])
    scores = -np.arange(6.0)[None]
    dcg = 3 + 2 / math.log2(3) + 3 / 2 + 1 / math.log2(6) + 2 / math.log2(7)
    best = 3 + 3 / math.log2(3) + 2 / 2 + 2 / math.log2(5) + 1 / math.log2(6)
    assert ndcg(gain, scores) == pytest.approx(dcg / best) == pytest.approx(0.9608, abs=1e-4)


def test_hits_and_ranks_by_hand() -> None:
    gain = np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1]])
    scores = np.tile(SCORES, (3, 1))  # places 4, 2, 1
    assert row_reciprocal_rank(gain, scores).tolist() == [0.25, 0.5, 1.0]
    assert mrr(gain, scores) == pytest.approx(1.75 / 3)
    assert row_hit_rate(gain, scores, k=2).tolist() == [0.0, 1.0, 1.0]
    assert hit_rate(gain, scores, k=2) == pytest.approx(2 / 3)
    assert hit_rate(gain, scores, k=4) == 1.0


def test_ties_count_against_the_model() -> None:
    gain, same = np.array([[1, 0, 0, 0]]), np.zeros((1, 4))
    assert mrr(gain, same) == 0.25
    assert hit_rate(gain, same, k=3) == 0.0
    assert ndcg(gain, same) == pytest.approx(1 / math.log2(5))


def test_what_is_no_candidate_changes_nothing() -> None:
    padded_gain = np.hstack([GAIN, np.zeros((1, 3), dtype=int)])
    padded = np.hstack([SCORES, np.full((1, 3), -np.inf)])
    for metric in (ndcg, hit_rate, mrr):
        assert metric(padded_gain, padded) == metric(GAIN, SCORES)


def test_lists_without_a_relevant_item_are_left_out() -> None:
    gain, scores = np.vstack([GAIN, 0 * GAIN]), np.tile(SCORES, (2, 1))
    for rows in (row_ndcg, row_hit_rate, row_reciprocal_rank):
        assert math.isnan(rows(gain, scores)[1])
    for metric in (ndcg, hit_rate, mrr):
        assert metric(gain, scores) == metric(GAIN, SCORES)
        assert math.isnan(metric(0 * GAIN, SCORES))
        assert math.isnan(metric(np.empty((0, 4)), np.empty((0, 4))))
        assert math.isnan(metric(np.empty((2, 0)), np.empty((2, 0))))


LISTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=12).map(
    lambda pairs: np.array(pairs).T[:, None, :]
)


@given(LISTS, st.integers(1, 12), st.randoms(use_true_random=False))
def test_the_order_in_which_candidates_are_given_changes_nothing(
    pair: np.ndarray, k: int, random: object
) -> None:
    gain, scores = pair[0], pair[1].astype(float)
    order = list(range(gain.shape[1]))
    random.shuffle(order)  # type: ignore[attr-defined]
    for metric in (ndcg, hit_rate):
        told = metric(gain[:, order], scores[:, order], k)
        assert told == pytest.approx(metric(gain, scores, k), nan_ok=True)
        assert math.isnan(told) or 0.0 <= told <= 1.0 + 1e-12
    assert mrr(gain[:, order], scores[:, order]) == pytest.approx(mrr(gain, scores), nan_ok=True)


@given(LISTS)
def test_the_best_order_has_ndcg_one(pair: np.ndarray) -> None:
    found = ndcg(pair[0], pair[0].astype(float))
    assert math.isnan(found) or found == pytest.approx(1.0)
