"""Is a training set kept as it was made, in whatever order its rows came?"""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import DataError
from learnloop.training.sets import ROW_GROUP, Lineage, Spool, read_lineage, write_set

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def lineage(n_rows: int, *names: str) -> Lineage:
    return Lineage("features@1-x", "given", names, "d", "0", "received", NOW, 60.0, NOW, 7, n_rows)


@given(st.permutations(range(23)), st.lists(st.integers(0, 23), max_size=4))
def test_rows_find_their_place(order: list[int], cuts: list[int]) -> None:
    edges = sorted({0, 23, *cuts})
    with TemporaryFile() as file:
        spool = Spool(file, 2)
        for a, b in pairwise(edges):
            rows = np.array(order[a:b], dtype=np.int64)
            spool.put(rows, np.stack([rows, np.full(len(rows), np.nan)], axis=1))
        found = spool.get(0, 23)
        assert spool.get(5, 9).tolist()[0][0] == 5
    assert found[:, 0].tolist() == list(range(23))
    assert np.isnan(found[:, 1]).all()


def test_several_row_groups_stay_in_order(tmp_path: Path) -> None:
    n, out = 2 * ROW_GROUP + 3, tmp_path / "set.parquet"
    rows = np.random.default_rng(0).permutation(n)
    with TemporaryFile() as file:
        spool = Spool(file, 1)
        spool.put(rows, rows[:, None].astype(float))
        write_set(out, pl.DataFrame({"label": np.arange(n)}), spool, lineage(n, "x"))
    found = pl.read_parquet(out)
    assert found.columns == ["label", "x"]
    assert (found["label"] == found["x"]).all()
    assert read_lineage(out) == lineage(n, "x")


def test_another_file_is_no_training_set(tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    with pytest.raises(DataError, match="no training set"):
        read_lineage(other)
    pl.DataFrame({"a": [1]}).write_parquet(other)
    with pytest.raises(DataError, match="no training set"):
        read_lineage(other)
    pl.DataFrame({"a": [1]}).write_parquet(other, metadata={"learnloop": "{}"})
    with pytest.raises(DataError, match="no training set"):
        read_lineage(other)


def test_what_can_not_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with TemporaryFile() as file, pytest.raises((ValueError, pl.exceptions.PolarsError)):
        # The row was never put.
        write_set(
            tmp_path / "set.parquet", pl.DataFrame({"a": [1]}), Spool(file, 1), lineage(1, "x")
        )
    assert list(tmp_path.iterdir()) == []
