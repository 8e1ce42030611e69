"""Alerts raise slowly, clear slowly, and never flap faster than the cool-down."""

import math
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.core.errors import InvalidInput
from learnloop.monitoring.alerts import Alert, AlertState, Change, Reading, Rule, step

START = datetime(2026, 1, 1, tzinfo=UTC)
RULE = Rule("ece_high", 0.05, 0.03, raise_after=2, out_of=3, clear_after=2, cool_down=4)
VALUES = st.lists(st.none() | st.sampled_from([0.0, 0.04, 0.1, math.nan]), max_size=80)


def play(rule: Rule, values: list[float | None]) -> list[tuple[int, Alert]]:
    state, told = AlertState(), []
    for window, value in enumerate(values):
        reading = Reading("m@1", START + window * timedelta(days=1), value)
        state, alerts = step(rule, state, reading)
        told += [(window, alert) for alert in alerts]
        assert msgspec.json.decode(msgspec.json.encode(state), type=AlertState) == state
    return told


def changes(values: list[float | None]) -> list[tuple[int, Change]]:
    return [(window, alert.change) for window, alert in play(RULE, values)]


def test_one_bad_window_rings_nobody() -> None:
    assert changes([0.0, 0.1, 0.0, 0.0, 0.1, 0.0, 0.0]) == []


def test_two_bad_windows_of_three_do() -> None:
    assert changes([0.0, 0.1, 0.0, 0.1]) == [(3, Change.RAISED)]


def test_between_the_bounds_nothing_changes() -> None:
    assert changes([0.04] * 20) == []
    assert changes([0.1, 0.1, *[0.04] * 20]) == [(1, Change.RAISED)]


def test_it_clears_after_good_windows_in_a_row() -> None:
    told = changes([0.1, 0.1, 0.0, 0.04, 0.0, 0.0])
    assert told == [(1, Change.RAISED), (5, Change.CLEARED)]


def test_after_it_cleared_it_is_silent_for_the_cool_down() -> None:
    told = changes([0.1, 0.1, 0.0, 0.0, *[0.1] * 10])
    assert told == [(1, Change.RAISED), (3, Change.CLEARED), (8, Change.RAISED)]


def test_a_window_without_data_changes_nothing() -> None:
    assert changes([0.1, None, math.nan, 0.1]) == [(3, Change.RAISED)]


def test_an_alert_keeps_its_id_and_says_which_bound() -> None:
    (_, raised), (_, cleared), (_, again) = play(RULE, [0.1, 0.1, 0.0, 0.0, *[0.1] * 5])
    assert raised.alert_id == cleared.alert_id != again.alert_id
    assert (raised.bound, cleared.bound) == (0.05, 0.03)
    assert (raised.value, cleared.value, raised.subject) == (0.1, 0.0, "m@1")
    assert play(RULE, [0.1, 0.1])[0][1] == raised
    (other,) = step(RULE, AlertState((True,)), Reading("m@2", raised.at, 0.1))[1]
    assert other.alert_id != raised.alert_id


@settings(deadline=None)
@given(VALUES, st.integers(1, 3), st.integers(0, 3), st.integers(1, 4), st.integers(0, 6))
def test_alerts_alternate_and_never_flap_faster_than_the_cool_down(
    values: list[float | None], k: int, more: int, clear_after: int, cool_down: int
) -> None:
    rule = Rule("r", 0.05, 0.03, k, k + more, clear_after, cool_down)
    told = play(rule, values)
    assert [a.change for _, a in told[::2]] == [Change.RAISED] * len(told[::2])
    assert [a.change for _, a in told[1::2]] == [Change.CLEARED] * len(told[1::2])
    raised, cleared = [w for w, _ in told[::2]], [w for w, _ in told[1::2]]
    assert all(c - r >= clear_after for r, c in zip(raised, cleared, strict=False))
    assert all(r - c > cool_down for c, r in zip(cleared, raised[1:], strict=False))


@pytest.mark.parametrize(
    "wrong",
    [
        {"lower": 0.06},
        {"lower": math.nan},
        {"raise_after": 4},
        {"raise_after": 0},
        {"clear_after": 0},
        {"cool_down": -1},
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        Rule(**({"name": "r", "upper": 0.05, "lower": 0.03} | wrong))  # type: ignore[arg-type]
