"""Bins give lumps and gaps their own; a baseline survives its file exactly and keeps no rows."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.unit.monitoring.learners import NAMES, rows

from learnloop.core.errors import ArtifactError
from learnloop.monitoring.baseline import build, of_json, shares_of, to_json
from learnloop.monitoring.bins import Kind, bin_of, cuts_of, n_bins
from learnloop.monitoring.shares import Learners

VALUES = hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(width=32))


@settings(deadline=None)
@given(VALUES, st.sampled_from(Kind))
def test_every_value_has_a_bin_and_missing_ones_their_own(x: np.ndarray, kind: Kind) -> None:
    cuts = cuts_of(x, kind)
    bins = bin_of(x, cuts, kind)
    assert np.isfinite(cuts).all()
    assert (np.diff(cuts) > 0).all()
    assert ((bins >= 0) & (bins < n_bins(cuts))).all()
    np.testing.assert_array_equal(bins == n_bins(cuts) - 1, np.isnan(x))


@settings(deadline=None)
@given(VALUES)
def test_bins_of_numbers_keep_their_order(x: np.ndarray) -> None:
    known = np.sort(x[~np.isnan(x)])
    assert (np.diff(bin_of(known, cuts_of(x, Kind.NUMBER), Kind.NUMBER)) >= 0).all()


def test_numbers_are_cut_at_their_deciles() -> None:
    x = np.random.default_rng(1).permutation(1000).astype(np.float64)
    counts = np.bincount(bin_of(x, cuts_of(x, Kind.NUMBER), Kind.NUMBER))
    assert len(counts) == 10
    assert abs(counts - 100).max() <= 1


def test_a_constant_and_a_lump_have_bins_of_their_own() -> None:
    constant = cuts_of(np.full(9, 3.0), Kind.NUMBER)
    assert bin_of(np.array([2.9, 3.0, 3.1]), constant, Kind.NUMBER).tolist() == [0, 1, 2]
    lump = np.concatenate([np.zeros(50), np.linspace(1, 2, 50)])
    bins = bin_of(lump, cuts_of(lump, Kind.NUMBER), Kind.NUMBER)
    assert len(set(bins[:50])) == 1
    assert bins[0] not in bins[50:]


def test_a_category_has_a_bin_for_every_value_that_is_not_known() -> None:
    cuts = cuts_of(np.array([5.0, 1.0, 5.0]), Kind.CATEGORY)
    bins = bin_of(np.array([1.0, 5.0, 3.0, 9.0, math.nan]), cuts, Kind.CATEGORY)
    assert bins.tolist() == [0, 1, 2, 2, 3]


def test_of_many_categories_the_most_frequent_are_kept() -> None:
    x = np.repeat(np.arange(30.0), np.arange(30, 0, -1))
    assert cuts_of(x, Kind.CATEGORY).tolist() == list(range(20))


def test_every_learner_counts_once() -> None:
    bins = np.array([0, 0, 0, 0, 1, 1, 0])
    learner = np.array([7, 7, 7, 7, 2, 2, 2])
    shares = Learners.of(learner).shares(bins, 2)
    np.testing.assert_allclose(shares.mean, [(1 + 1 / 3) / 2, (0 + 2 / 3) / 2])
    np.testing.assert_allclose(shares.covariance, np.cov([[1, 1 / 3], [0, 2 / 3]]), atol=1e-15)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_a_baseline_survives_its_file_exactly(seed: int, n_learners: int) -> None:
    x, learner = rows(np.random.default_rng(seed), n_learners)
    baseline = build(NAMES, x, learner, ("category",))
    assert of_json(to_json(baseline)) == baseline


def test_a_baseline_of_nothing_known_survives_too() -> None:
    baseline = build(["gone"], np.full((4, 1), math.nan), np.arange(4))
    assert baseline.columns[0].mean is None
    assert baseline.columns[0].shares == (0.0, 1.0)
    assert of_json(to_json(baseline)) == baseline


def test_a_baseline_says_what_was_there_and_is_small() -> None:
    x, learner = rows(np.random.default_rng(0), 500)
    baseline = build(NAMES, x, learner, ("category",))
    assert (baseline.n, baseline.n_learners) == (len(x), 500)
    for column, values in zip(baseline.columns, x.T, strict=True):
        assert sum(column.counts) == len(x)
        assert sum(column.shares) == pytest.approx(1)
        assert column.mean == pytest.approx(np.nanmean(values))
        assert column.counts[-1] == np.isnan(values).sum()
        assert len(shares_of(column, 500).covariance) == len(column.shares)
    assert len(to_json(baseline)) < 3000 * len(NAMES)


@pytest.mark.parametrize("text", [b"{", b"{}", b"[]", b'{"n": 1}'])
def test_a_file_that_is_no_baseline_is_refused(text: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"baseline\.json is not a baseline"):
        of_json(text)


def test_a_baseline_of_another_version_is_refused() -> None:
    later = to_json(build(["a"], np.ones((2, 1)), np.arange(2)))
    with pytest.raises(ArtifactError, match="version 2"):
        of_json(later.replace(b'"version":1', b'"version":2'))
