"""Are ranges ordered, do they hold the estimate, and do they hold 80% of what they say they do?"""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.types import Estimate, Ref, Target
from learnloop.features.profile import SkillRecord
from learnloop.features.views import velocity_per_week
from learnloop.journeys import forecast

CHANCES = st.lists(
    st.tuples(st.floats(1e-9, 1.0 - 1e-9), st.floats(0.0, 0.5)), min_size=1, max_size=5
)
DAY = 1440


def estimate(values: list[float], stddev: list[float]) -> Estimate:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    return Estimate(Target.MASTERY, np.array(values), np.array(stddev), Ref("toy", "1"), at)


def record(minutes: list[int], right: list[int]) -> SkillRecord:
    recent = tuple(m * 2 + y for m, y in zip(minutes, right, strict=True))
    return SkillRecord(len(right), sum(right), minutes[-1] * 60_000_000, recent, 0)


@given(CHANCES)
def test_an_interval_holds_the_estimate_and_stays_a_chance(
    given_: list[tuple[float, float]],
) -> None:
    said = estimate([p for p, _ in given_], [s for _, s in given_])
    low, high = forecast.interval_80(said)
    assert ((low >= 0.0) & (low <= said.values) & (said.values <= high) & (high <= 1.0)).all()
    fewest, most = forecast.next_right(said)
    assert ((fewest >= 0) & (fewest <= most) & (most <= forecast.N_NEXT)).all()


def test_counts_drawn_from_the_level_are_in_the_range_about_as_often_as_said() -> None:
    rng = np.random.default_rng(0)
    said = estimate([0.3, 0.6, 0.9], [0.1, 0.12, 0.05])
    mean, spread = forecast.level(said)
    p = 1.0 / (1.0 + np.exp(-rng.normal(mean, spread, (20_000, 3))))
    right = rng.binomial(forecast.N_NEXT, p)
    low, high = forecast.next_right(said)
    inside = ((right >= low) & (right <= high)).mean(axis=0)
    assert (np.abs(inside - 0.8) < 0.06).all()  # counts are whole: no run need be at 80% exactly
    low, high = forecast.interval_80(said)
    np.testing.assert_allclose(((p >= low) & (p <= high)).mean(axis=0), 0.8, atol=0.01)


def test_the_slow_path_is_slower_for_those_of_whom_less_is_known() -> None:
    assert forecast.slow_rate(0.6, 0.0) == pytest.approx(0.6)
    assert 0.0 < forecast.slow_rate(0.6, 0.2) < forecast.slow_rate(0.6, 0.1) < 0.6


def test_days_follow_the_pace_of_the_latest_answers() -> None:
    daily = record([DAY * k for k in range(1, 11)], [1] * 10)
    assert forecast.days_for(daily, 10, 20) == (2, 100)
    assert forecast.days_for(daily, 0, 0) == (0, 0)
    assert forecast.days_for(daily, 3, None) == (0, None)
    assert forecast.days_for(daily, None, None) == (None, None)
    assert forecast.days_for(None, 3, 5) == (None, None)
    at_once = record([DAY] * 5, [1] * 5)
    assert forecast.days_for(at_once, 3, 5) == (0, 5)
    without_times = record([0] * 5, [1] * 5)
    assert forecast.days_for(without_times, 3, 5) == (None, None)


def test_velocity_says_who_rises_and_who_falls() -> None:
    week = [DAY * k for k in range(1, 21)]
    rising = velocity_per_week(record(week, [0] * 10 + [1] * 10))
    falling = velocity_per_week(record(week, [1] * 10 + [0] * 10))
    assert rising is not None
    assert falling is not None
    assert 0.0 < rising[1] < rising[0] < rising[2]
    assert falling[1] < falling[0] < falling[2] < 0.0


def test_a_stretch_under_a_week_counts_as_one() -> None:
    quick = velocity_per_week(record([DAY + k for k in range(10)], [0, 1] * 5))
    week = velocity_per_week(record([DAY + k * 1120 for k in range(10)], [0, 1] * 5))
    assert quick == pytest.approx(week)


def test_too_little_has_no_velocity() -> None:
    assert velocity_per_week(record([DAY] * 4, [1] * 4)) is None
    assert velocity_per_week(record([0] * 6, [1] * 6)) is None
