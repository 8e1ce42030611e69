"""Is one memory what the `fsrs` library says, and does it only ever fade?"""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from fsrs import Card, Rating, Scheduler
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import InvalidInput
from learnloop.models.memory import curve
from learnloop.models.memory.batch import Reviews, walk
from learnloop.models.memory.parameters import DEFAULTS, LOWER, SPREAD, UPPER, checked

START = datetime(2026, 1, 1, tzinfo=UTC)
GAPS = st.one_of(st.floats(0.0, 1.5), st.floats(0.5, 400.0))
HISTORIES = st.lists(st.tuples(GAPS, st.sampled_from((1, 2, 3, 4))), min_size=1, max_size=25)
SEEDS = st.integers(0, 2**31)


def drawn(seed):
    """Parameters of somebody of the population."""
    rng = np.random.default_rng(seed)
    w = np.array(DEFAULTS) + 0.5 * SPREAD * rng.normal(size=len(DEFAULTS))
    return tuple(np.clip(w, LOWER, UPPER).tolist())


@given(HISTORIES, SEEDS)
def test_a_history_ends_where_the_library_ends(history, seed):
    w = drawn(seed) if seed % 2 else DEFAULTS
    scheduler = Scheduler(w, enable_fuzzing=False)
    card, at, state = Card(card_id=1), START, None
    for gap, grade in history:
        days = timedelta(days=gap).days
        at = at + timedelta(days=gap)
        if state is not None and days >= 1:
            said = curve.recall(w, state[0], days)
            assert said == pytest.approx(scheduler.get_card_retrievability(card, at), abs=1e-9)
        state = curve.first(w, grade) if state is None else curve.reviewed(w, *state, days, grade)
        card, _ = scheduler.review_card(card, Rating(grade), at)
        stability, difficulty = state
        assert stability == pytest.approx(min(card.stability, curve.MAX_STABILITY), rel=1e-9)
        assert difficulty == pytest.approx(card.difficulty, rel=1e-9)
        if card.stability > curve.MAX_STABILITY:
            return


@given(SEEDS)
def test_a_whole_log_is_what_each_card_is_alone(seed):
    rng, w = np.random.default_rng(seed), drawn(seed)
    card = rng.integers(4, size=40)
    at_us = np.cumsum(rng.exponential(2.0, 40) * curve.DAY_US).astype(np.int64)
    reviews = Reviews.ordered(card, at_us, rng.integers(1, 5, size=40))
    told, state = walk(np.array(w), reviews), None
    for i in range(len(reviews)):
        days, grade = float(reviews.days[i]), int(reviews.grade[i])
        if reviews.first[i]:
            assert (told.recall[i], told.stability[i]) == (1.0, 0.0)
            state = curve.first(w, grade)
            continue
        np.testing.assert_allclose((told.stability[i], told.difficulty[i]), state, rtol=1e-9)
        assert told.recall[i] == pytest.approx(curve.recall(w, state[0], days), abs=1e-9)
        state = curve.reviewed(w, *state, days, grade)


def test_the_gradient_is_that_of_small_steps():
    rng = np.random.default_rng(3)
    card = rng.integers(30, size=600)
    at_us = np.cumsum(rng.exponential(0.3, 600) * curve.DAY_US).astype(np.int64)
    reviews = Reviews.ordered(card, at_us, rng.integers(1, 5, size=600))
    w = np.array(DEFAULTS) * 1.07
    slope = walk(w, reviews, gradient=True).gradient
    for i in range(len(w)):
        h = 1e-6 * max(1.0, w[i])
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        by_steps = (walk(up, reviews).recall - walk(down, reviews).recall) / (2 * h)
        np.testing.assert_allclose(slope[:, i], by_steps, atol=1e-6)


@given(st.floats(0.001, 36500.0), st.floats(0.0, 1000.0), st.floats(0.0, 1000.0), SEEDS)
def test_recall_never_rises_by_waiting(stability, days, more, seed):
    w = drawn(seed)
    assert curve.recall(w, stability, 0.0) == 1.0
    assert curve.recall(w, stability, days) >= curve.recall(w, stability, days + more) > 0.0


@given(st.floats(0.01, 300.0), st.floats(0.7, 0.99), SEEDS)
def test_it_falls_to_what_is_wanted_when_it_says(stability, wanted, seed):
    w = drawn(seed)
    days = curve.days_until(w, stability, wanted)
    if days < curve.MAX_STABILITY:
        assert curve.recall(w, stability, days) == pytest.approx(wanted, abs=1e-9)
    interval = curve.interval_days(w, stability, wanted)
    assert interval == min(max(round(days), 1), 36500)


@given(HISTORIES, SEEDS)
def test_stability_and_difficulty_stay_in_their_ranges(history, seed):
    w, state = drawn(seed), None
    for gap, grade in history:
        state = curve.first(w, grade) if state is None else curve.reviewed(w, *state, gap, grade)
        assert curve.MIN_STABILITY <= state[0] <= curve.MAX_STABILITY
        assert 1.0 <= state[1] <= 10.0


@pytest.mark.parametrize("bad", [DEFAULTS[:-1], (*DEFAULTS[:-1], 9.0)])
def test_parameters_that_fsrs_cannot_use_are_refused(bad):
    with pytest.raises(InvalidInput, match="parameters"):
        checked(bad)
