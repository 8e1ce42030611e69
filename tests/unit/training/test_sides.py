"""Do the sides of a split share nothing, and is one that shares something refused?"""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import DataError, InvalidInput, NaiveTime
from learnloop.training.continual import windows
from learnloop.training.sides import Sides, by_learner, by_time, check_apart, shared_learners
from learnloop.training.split import is_held_out

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = [f"u{k}" for k in range(12)]

rows_of = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(0, 100), st.integers(1, 30)), max_size=40
)


def frame(rows: list[tuple[str, int, int]], *, labelled: bool = True) -> pl.DataFrame:
    instant = pl.Datetime("us", "UTC")
    found = pl.DataFrame(
        [(who, START + at * HOUR, START + (at + later) * HOUR) for who, at, later in rows],
        schema={"learner_id": pl.String, "at": instant, "label_at": instant},
        orient="row",
    )
    return found if labelled else found.drop("label_at")


@given(rows_of)
def test_a_learner_is_on_one_side(rows: list[tuple[str, int, int]]) -> None:
    held_out = [is_held_out(who) for who, *_ in rows]
    if len(set(held_out)) < 2:
        with pytest.raises(DataError, match="there is no row to"):
            by_learner(frame(rows))
        return
    sides = by_learner(frame(rows))
    assert sides.test.tolist() == held_out
    assert (sides.train ^ sides.test).all()
    assert shared_learners(frame(rows), sides) == []


@given(rows_of, st.integers(0, 110), st.integers(0, 20), st.booleans())
def test_what_is_learnt_was_known_before_anything_is_asked(
    rows: list[tuple[str, int, int]], cut: int, embargo: int, labelled: bool
) -> None:
    known = [at + labelled * later for _, at, later in rows]
    train = [k + embargo < cut for k in known]
    test = [at >= cut for _, at, _ in rows]
    if not (any(train) and any(test)):
        with pytest.raises(DataError, match="there is no row to"):
            by_time(frame(rows, labelled=labelled), START + cut * HOUR, embargo=embargo * HOUR)
        return
    sides = by_time(frame(rows, labelled=labelled), START + cut * HOUR, embargo=embargo * HOUR)
    assert sides.train.tolist() == train
    assert sides.test.tolist() == test


def test_both_ways_at_once_share_neither() -> None:
    rows = frame([(name, at, 3) for name in NAMES for at in range(0, 60, 4)])
    sides = by_learner(rows) & by_time(rows, START + 30 * HOUR)
    check_apart(rows, sides, learners=True, instants=True)
    assert not (sides.train | sides.test).all()


def test_what_is_shared_is_named() -> None:
    rows = frame([("ada", 0, 1), ("bo", 5, 9), ("ada", 10, 1)])

    def refused(train: list[int], test: list[int], **what: bool) -> str:
        sides = Sides(np.isin(range(3), train), np.isin(range(3), test))
        with pytest.raises(DataError) as error:
            check_apart(rows, sides, **what)
        return str(error.value)

    assert "1 learners are on both sides: ada" in refused([0, 1], [2], learners=True)
    assert "known at 2026-01-05T14:00:00+00:00" in refused([0, 1], [2], instants=True)
    assert "row 1 is on both sides" in refused([0, 1], [1, 2])
    assert "no row to test" in refused([0, 1], [])
    check_apart(rows, Sides(np.isin(range(3), [0]), np.isin(range(3), [1])), instants=True)


def test_bad_cuts_are_refused() -> None:
    rows = frame([("ada", 0, 1), ("bo", 5, 9)])
    with pytest.raises(NaiveTime):
        by_time(rows, datetime(2026, 1, 5))  # noqa: DTZ001
    with pytest.raises(InvalidInput, match="negative"):
        by_time(rows, START, embargo=-HOUR)
    with pytest.raises(InvalidInput, match="no length"):
        next(windows(rows, 0 * HOUR))


@given(rows_of, st.integers(1, 40), st.integers(0, 10))
def test_windows_judge_every_row_at_most_once_by_what_came_before(
    rows: list[tuple[str, int, int]], every: int, embargo: int
) -> None:
    table = frame(rows)
    judged = np.zeros(len(rows), dtype=int)
    last = None
    for window in windows(table, every * HOUR, embargo=embargo * HOUR):
        assert window.end - window.start == every * HOUR
        assert last is None or window.start >= last
        last = window.end
        at, known = table["at"], table["label_at"]
        assert all(window.start <= x < window.end for x in at.filter(pl.Series(window.sides.test)))
        assert all(
            x + embargo * HOUR < window.start for x in known.filter(pl.Series(window.sides.train))
        )
        judged += window.sides.test
    assert (judged <= 1).all()
    if rows:
        first = min(at for _, at, _ in rows)
        known_first = min(at + later for _, at, later in rows)
        # All that is asked a whole window after something was known is judged.
        for n, (_, at, _) in enumerate(rows):
            start = first + (at - first) // every * every
            assert bool(judged[n]) == (known_first + embargo < start)
