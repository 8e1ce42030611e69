"""CUSUM keeps its stated run lengths; ADWIN cuts the past off and forgets in O(log n)."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.monitoring.learners import most_of

from learnloop.monitoring.adwin import Adwin
from learnloop.monitoring.cusum import Cusum, run_length, threshold_for, z_of_learners


def readings_until_alarm(detector: Cusum, rng: np.random.Generator, mean: float) -> int:
    n = 0
    while True:
        n += 1
        detector, alarm = detector.step(rng.normal(mean, 1.0))
        if alarm:
            return n


@pytest.mark.parametrize("length", [50, 100, 370])
def test_a_threshold_gives_the_run_length_it_is_asked_for(length: float) -> None:
    assert run_length(0.5, threshold_for(length)) == pytest.approx(length, rel=1e-6)


def test_run_lengths_are_the_published_ones() -> None:
    # Montgomery, "Introduction to statistical quality control", table 9.3: k = 1/2.
    for h, shift, published in [(4, 0, 168), (5, 0, 465), (4, 1, 8.38), (5, 1, 10.4), (5, 2, 4.01)]:
        assert run_length(0.5, h, shift) == pytest.approx(published, rel=0.06)


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.0, 2.0])
def test_alarms_come_as_often_as_stated(shift: float) -> None:
    rng = np.random.default_rng(5)
    detector = Cusum(0.5, threshold_for(100))
    runs = np.array([readings_until_alarm(detector, rng, shift) for _ in range(150)])
    stated = run_length(0.5, detector.threshold, shift)
    assert abs(runs.mean() - stated) < 4 * runs.std() / math.sqrt(len(runs)) + 0.5


@settings(deadline=None)
@given(st.lists(st.floats(-3, 3), max_size=60))
def test_both_sides_are_treated_alike(z: list[float]) -> None:
    a = b = Cusum(0.5, 4.0)
    for value in z:
        a, alarm = a.step(value)
        b, mirrored = b.step(-value)
        assert alarm == mirrored
        assert (a.up, a.down) == (b.down, b.up)
        assert msgspec.json.decode(msgspec.json.encode(a), type=Cusum) == a


def test_no_reading_changes_nothing() -> None:
    assert Cusum(0.5, 4.0, 1.0, 0.0, 3).step(math.nan) == (Cusum(0.5, 4.0, 1.0, 0.0, 3), False)
    assert Adwin().step(math.nan) == (Adwin(), False)


def answers(rng: np.random.Generator, n_learners: int, bias: float) -> tuple[np.ndarray, ...]:
    """Learners whose chances are off by an own constant, as those of a real model are."""
    learner = np.repeat(np.arange(n_learners), rng.integers(1, 30, n_learners))
    p = rng.uniform(0.3, 0.7, len(learner))
    truth = p + rng.normal(0, 0.08, n_learners).clip(-0.2, 0.2)[learner] + bias
    return (rng.random(len(learner)) < truth) - p, learner


def test_a_reading_of_clustered_residuals_is_standard_normal() -> None:
    rng = np.random.default_rng(2)
    z = np.array([z_of_learners(*answers(rng, 60, 0.0)) for _ in range(400)])
    assert abs(z.mean()) < 4 / math.sqrt(400)
    assert z.std() == pytest.approx(1, abs=0.15)
    assert (abs(z) > 1.96).sum() <= most_of(400, 0.05)


def test_a_shift_of_calibration_is_found_within_the_stated_delay() -> None:
    detector = Cusum(0.5, threshold_for(365))
    delays = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        state, n, alarm = detector, 0, False
        while not alarm:
            state, alarm = state.step(z_of_learners(*answers(rng, 100, 0.05)))
            n += 1
        delays.append(n)
    assert np.mean(delays) < 8
    assert max(delays) < 30


def test_no_residual_is_no_reading() -> None:
    assert math.isnan(z_of_learners(np.zeros(3), np.arange(3)))


@settings(deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), max_size=300))
def test_the_window_has_the_mean_of_its_values(values: list[float]) -> None:
    state = Adwin()
    for value in values:
        state, _ = state.step(value)
    kept = values[len(values) - state.n :]
    assert state.mean == pytest.approx(np.mean(kept) if kept else math.nan, nan_ok=True, abs=1e-9)
    assert msgspec.json.decode(msgspec.json.encode(state), type=Adwin) == state


def test_adwin_cuts_off_the_past_soon_after_a_shift() -> None:
    rng = np.random.default_rng(0)
    state, cut = Adwin(), []
    for i, value in enumerate([*rng.normal(0.65, 0.1, 1000), *rng.normal(0.5, 0.1, 1000)]):
        state, changed = state.step(value)
        cut += [i] * changed
    assert cut
    assert 1000 < cut[0] < 1128
    assert state.mean == pytest.approx(0.5, abs=0.02)


def test_adwin_is_quiet_and_small_while_nothing_changes() -> None:
    rng = np.random.default_rng(1)
    state, n_cuts = Adwin(), 0
    for value in rng.random(20_000):
        state, changed = state.step(value)
        n_cuts += changed
    assert n_cuts <= 1
    assert sum(map(len, state.rows)) < 5 * 16
