"""Are labels read as they are meant, and complained about by row and column?"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import DataError
from learnloop.core.time import to_us
from learnloop.training.labels import Labels

NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)


def test_text_and_parquet_say_the_same(tmp_path: Path) -> None:
    text = tmp_path / "labels.csv"
    text.write_text(
        "learner_id,at,item_id,label_at,correct,score,passed,note\n"
        "007,2026-01-05T10:00:00+01:00,add,2026-01-05T09:00:01Z,1,0.5,true,7\n"
        "\n"
        f"bo,{to_us(NINE)},,{to_us(NINE) + 1},0,,FALSE,b\n"
    )
    read = Labels.read(text)
    assert read.frame.to_dict(as_series=False) == {
        "learner_id": ["007", "bo"],
        "at": [NINE, NINE],
        "item_id": ["add", None],
        "label_at": [NINE + timedelta(seconds=1), NINE + timedelta(microseconds=1)],
        "correct": [1, 0],
        "score": [0.5, None],
        "passed": [True, False],
        "note": ["7", "b"],
    }
    assert read.lines is not None
    assert read.lines.to_list() == [2, 4]
    parquet = tmp_path / "labels.parquet"
    read.frame.write_parquet(parquet)
    assert Labels.read(parquet).frame.equals(read.frame)
    assert Labels.read(read.frame).questions.to_dict(as_series=False) == {
        "learner_id": ["007", "bo"],
        "item_id": ["add", None],
        "at_us": [to_us(NINE)] * 2,
    }


ONE = {"learner_id": ["ada"], "at": [NINE], "label": [1]}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"learner_id": [None]}, r"row 0, column learner_id: an empty field is no id"),
        ({"learner_id": [1.5]}, r"column learner_id: Float64 is no text"),
        ({"at": [None]}, r"row 0, column at: an empty field is no instant"),
        ({"at": [1.5]}, r"column at: '1.5' is no instant"),
        ({"at": [True]}, r"column at: 'true' is no instant|'True' is no instant"),
        ({"at": [-5]}, r"column at: '-5' is no instant"),
        ({"at": [2**62]}, r"is no instant"),
        ({"at": ["yesterday"]}, r"'yesterday' is no instant"),
        ({"at": ["2026-01-05"]}, r"'2026-01-05' has no time zone"),
        ({"at": [datetime(2026, 1, 5)]}, r"has no time zone"),  # noqa: DTZ001
        ({"label_at": [NINE]}, r"column label_at: .* is not after `at`"),
        ({"label_at": [NINE - timedelta(days=1)]}, r"is not after `at`"),
        ({"label_at": [None]}, r"column label_at: an empty field is no instant"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, list[Any]], complaint: str) -> None:
    with pytest.raises(DataError, match=complaint):
        Labels.read(pl.DataFrame({**ONE, **changes}, strict=False))


def test_lines_of_a_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.tsv"
    path.write_text("learner_id\tat\nada\t2026-01-05T09:00:00Z\n\nbo\tsoon\n")
    with pytest.raises(DataError, match=r"labels.tsv, line 4, column at: 'soon'"):
        Labels.read(path)
    path.write_text("learner\tat\nada\t2026-01-05T09:00:00Z\n")
    with pytest.raises(DataError, match=r"no column learner_id; it has learner, at"):
        Labels.read(path)
    broken = tmp_path / "labels.parquet"
    broken.write_text("no")
    with pytest.raises(DataError, match="can't be read as Parquet"):
        Labels.read(broken)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30)), max_size=20),
    st.integers(0, 90),
    st.integers(0, 10),
)
def test_what_was_not_known_is_left_out_and_nothing_else(
    rows: list[tuple[int, int]], as_of: int, delay: int
) -> None:
    minute = timedelta(minutes=1)
    labels = Labels.read(
        pl.DataFrame(
            [("ada", NINE + a * minute, NINE + (a + b) * minute, k) for k, (a, b) in
             enumerate(rows)],
            schema={"learner_id": pl.String, "at": pl.Datetime("us", "UTC"),
                    "label_at": pl.Datetime("us", "UTC"), "k": pl.Int64},
            orient="row",
        )
    )  # fmt: skip
    kept = labels.known_by(NINE + as_of * minute, delay * minute).frame["k"].to_list()
    assert kept == [k for k, (a, b) in enumerate(rows) if a + b + delay <= as_of]
