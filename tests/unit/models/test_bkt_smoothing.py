"""The pass over all answers is exact: every path of the hidden state, listed and added up."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.models.bkt_worlds import any_log, log_of

from learnloop.core.answers import STUDY
from learnloop.models.tracing.bkt.sequences import Forest, chains, collapsed, opportunities
from learnloop.models.tracing.bkt.smoothing import Chances, expect, forward
from learnloop.models.tracing.bkt.standard import chances_of

CHANCE = st.floats(0.02, 0.98)
ANSWERS = st.lists(st.sampled_from([1, 0, STUDY]), min_size=1, max_size=5)


def one_sequence(answers: list[int]) -> Forest:
    log = log_of([(0, 0, y) for y in answers], [[0]], 1)
    return chains(log, opportunities(log))[0]


def paths(answers: list[int], chances: Chances) -> dict[tuple[int, ...], float]:
    """P(path and answers) of every path: known before, and after learning, at each opportunity."""
    n, keep = len(answers), chances.keep
    found = {}
    for path in product((0, 1), repeat=2 * n):
        p = 1.0
        for t in range(n):
            now, after = path[2 * t], path[2 * t + 1]
            if t == 0:
                up = chances.prior[0]
            elif keep is None:
                up = float(path[2 * t - 1])
            else:
                up = keep[t] * path[2 * t - 1]
            p *= up if now else 1.0 - up
            p *= chances.known[t] if now else chances.unknown[t]
            learnt = 1.0 if now else chances.learn[t]
            p *= learnt if after else 1.0 - learnt
        found[path] = p
    return found


@settings(max_examples=30, deadline=None)
@given(ANSWERS, st.data())
def test_every_expectation_is_that_of_all_paths(answers: list[int], data: st.DataObject) -> None:
    n = len(answers)
    columns = [np.array([data.draw(CHANCE) for _ in range(n)]) for _ in range(5)]
    keep = columns[4] if data.draw(st.booleans()) else None
    prior, known, unknown, learn = columns[:4]
    chances = Chances(prior, known, unknown, learn, keep)
    forest = one_sequence(answers)
    listed = paths(answers, chances)
    total = sum(listed.values())
    found = expect(forest, chances)
    assert found.log_likelihood.sum() == pytest.approx(np.log(total), abs=1e-9)
    for t in range(n):
        knew = sum(p for path, p in listed.items() if path[2 * t]) / total
        learnt = sum(p for path, p in listed.items() if not path[2 * t] and path[2 * t + 1])
        assert found.known[t] == pytest.approx(knew, abs=1e-9)
        assert found.unsure[t] == pytest.approx((1.0 - knew) * (t + 1 < n), abs=1e-9)
        assert found.learnt[t] == pytest.approx(learnt / total * (t + 1 < n), abs=1e-9)
        if found.lost is not None and t:
            lost = sum(p for path, p in listed.items() if path[2 * t - 1] and not path[2 * t])
            assert found.lost[t] == pytest.approx(lost / total, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_learners_who_share_beginnings_count_as_they_would_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    log = any_log(rng)
    taken = opportunities(log)
    alone, together = chains(log, taken)[0], collapsed(log, taken, 4)
    assert len(together) < len(alone)
    assert together.weight.sum() == len(alone)
    values = rng.uniform(0.05, 0.45, (4, 5))
    totals = []
    for forest in (alone, together):
        found = expect(forest, chances_of(forest, values))
        counted = [forest.weight * found.log_likelihood, found.known, found.learnt, found.unsure]
        totals.append([np.bincount(forest.skill, x, 4) for x in (*counted, found.lost)])
    np.testing.assert_allclose(totals[0], totals[1], rtol=1e-9, atol=1e-9)


def test_an_item_without_a_skill_practises_the_skill_of_none() -> None:
    log = log_of([(0, 0, 1), (0, 1, 0), (0, 0, 1)], [[], [0]], 1)
    taken = opportunities(log)
    assert sorted(zip(taken.row, taken.skill, strict=True)) == [(0, 1), (1, 0), (2, 1)]


def test_a_streak_of_thousands_stays_a_chance() -> None:
    forest = one_sequence([1] * 3000)
    n = len(forest)
    chances = Chances(*(np.full(n, p) for p in (0.5, 0.9, 0.1, 0.2)), None)
    p = forward(forest, chances)
    assert np.isfinite(p).all()
    assert (p <= 1.0).all()
    assert np.isfinite(expect(forest, chances).log_likelihood).all()
