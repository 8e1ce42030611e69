"""Does the join of stored rows see what was known, all of it and nothing else?"""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import DataError
from learnloop.features.stored import latest_rows

times = st.integers(0, 20)
ROWS = st.lists(st.tuples(st.sampled_from("ab"), times, st.none() | times), max_size=12)
ASKED = st.lists(st.tuples(st.sampled_from("abc"), st.none() | times), max_size=8)


@given(ROWS, ASKED)
def test_it_equals_a_look_at_every_row(
    rows: list[tuple[str, int, int | None]], asked: list[tuple[str, int | None]]
) -> None:
    # One row to an instant, as stored features have it.
    distinct = list({(who, at): (who, at, came) for who, at, came in rows}.values())
    table = pl.DataFrame(
        [(*row, n) for n, row in enumerate(distinct)],
        schema={
            "learner_id": pl.String,
            "occurred_us": pl.Int64,
            "received_us": pl.Int64,
            "value": pl.Int64,
        },
        orient="row",
    )
    questions = pl.DataFrame(
        asked, schema={"learner_id": pl.String, "at_us": pl.Int64}, orient="row"
    )
    found = latest_rows(questions, table)
    assert found.select("learner_id", "at_us").rows() == asked
    for (who, at), value in zip(asked, found["value"], strict=True):
        known = [
            (occurred, n)
            for n, (whose, occurred, came) in enumerate(distinct)
            if whose == who and (at is None or (occurred < at and (came or 0) <= at))
        ]
        assert value == (max(known)[1] if known else None)


def test_what_is_missing_or_doubled_is_named() -> None:
    questions = pl.DataFrame({"learner_id": ["a"], "at_us": [1], "label": [0]})
    rows = pl.DataFrame({"learner_id": ["a"], "occurred_us": [0], "received_us": [0], "label": [1]})
    with pytest.raises(DataError, match="label"):
        latest_rows(questions, rows)
    with pytest.raises(DataError, match="at_us"):
        latest_rows(questions.drop("at_us"), rows)
