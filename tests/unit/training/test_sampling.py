"""Does a drawn part, weighed, say what the whole says?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import InvalidInput
from learnloop.training.sampling import balanced, stratified

strata_of = st.lists(st.sampled_from("abcd"), min_size=1, max_size=60)
seeds = st.integers(0, 99)


@given(strata_of, st.data(), seeds)
def test_a_stratified_draw_keeps_shares(strata: list[str], data: st.DataObject, seed: int) -> None:
    n_strata = len(set(strata))
    n = data.draw(st.integers(n_strata, len(strata)))
    sample = stratified(strata, n, np.random.default_rng(seed))
    assert len(sample.rows) == n
    assert (np.diff(sample.rows) > 0).all()
    drawn = np.array(strata)[sample.rows]
    spare = len(strata) - n_strata
    for name in set(strata):
        exact = 1 + (strata.count(name) - 1) * (n - n_strata) / max(spare, 1)
        assert abs((drawn == name).sum() - exact) < 1
        assert sample.weights[drawn == name].sum() == pytest.approx(strata.count(name))


@given(strata_of, st.integers(1, 20), seeds)
def test_a_balanced_draw_gives_base_rates_back(strata: list[str], n_each: int, seed: int) -> None:
    sample = balanced(strata, n_each, np.random.default_rng(seed))
    drawn = np.array(strata)[sample.rows]
    for name in set(strata):
        assert (drawn == name).sum() == min(n_each, strata.count(name))
        share = sample.weights[drawn == name].sum() / sample.weights.sum()
        assert share == pytest.approx(strata.count(name) / len(strata))
    assert (sample.weights >= 1).all()


def test_every_row_of_a_stratum_is_drawn_as_often() -> None:
    rng, strata = np.random.default_rng(3), np.repeat([0, 1], [10, 40])
    n_drawn = np.zeros(50)
    for _ in range(4000):
        n_drawn[balanced(strata, 5, rng).rows] += 1
    # 4,000 draws of 5 in 10 and of 5 in 40; five standard deviations of a binomial
    assert np.abs(n_drawn[:10] - 2000).max() < 5 * np.sqrt(4000 * 0.5 * 0.5)
    assert np.abs(n_drawn[10:] - 500).max() < 5 * np.sqrt(4000 * 0.125 * 0.875)


def test_the_same_seed_draws_the_same() -> None:
    strata = list("aabbbbcc")
    a, b = (stratified(strata, 5, np.random.default_rng(1)).rows for _ in range(2))
    assert a.tolist() == b.tolist()


def test_what_can_not_stand_for_the_whole_is_refused() -> None:
    rng = np.random.default_rng(0)
    for n in (2, 9):
        with pytest.raises(InvalidInput, match="not between 3 strata and 8 rows"):
            stratified(list("aabbbbcc"), n, rng)
    with pytest.raises(InvalidInput, match="n_each"):
        balanced(list("ab"), 0, rng)
