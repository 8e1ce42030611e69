"""Instants: aware UTC only, whole microseconds, exact both ways."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import NaiveTime
from learnloop.core.time import ManualClock, from_us, to_us, to_utc

instants = st.datetimes(timezones=st.just(UTC))


@given(instants)
def test_microseconds_are_exact_both_ways(instant: datetime) -> None:
    assert from_us(to_us(instant)) == instant


def test_a_naive_time_is_refused_and_the_field_named() -> None:
    with pytest.raises(NaiveTime, match="due_at: 2026-01-05T09:30:00 has no time zone") as caught:
        to_utc(datetime(2026, 1, 5, 9, 30), field="due_at")  # noqa: DTZ001
    assert (caught.value.field, caught.value.code) == ("due_at", "naive_time")


def test_any_zone_becomes_utc() -> None:
    at = datetime(2026, 1, 5, 9, 30, tzinfo=timezone(timedelta(hours=2)))
    assert to_utc(at) == at
    assert to_utc(at).tzinfo is UTC


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(datetime(2026, 1, 5, tzinfo=UTC))
    first = clock.now()
    assert clock.now() == first
    clock.advance(hours=3)
    assert clock.now() - first == timedelta(hours=3)
    clock.set(first)
    assert clock.now() == first
