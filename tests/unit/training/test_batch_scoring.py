"""Does each row get the model's answer, in its place, whoever scores it?"""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.unit.training import far_away

from learnloop.core.artifact import Artifact
from learnloop.core.errors import DataError
from learnloop.core.types import Ref
from learnloop.training.batch_scoring import Scorer, score_table
from learnloop.training.executor import LocalExecutor, TaskFailed

WEIGHTS = np.array([1.0, -2.0, 0.5])
COLUMNS = {"x": ["a", "b", "c"]}
OUTPUTS = ["p", "both"]


def artifact() -> Artifact:
    files = {"weights": WEIGHTS.tobytes()}
    return Artifact.build(Ref("linear", "1"), "linear", datetime(2026, 1, 5, tzinfo=UTC), files)


def table(n: int = 1000) -> pl.DataFrame:
    x = np.random.default_rng(0).normal(size=(n, 3))
    ids = [f"row {i}" for i in range(n)]
    return pl.DataFrame({"id": ids, **dict(zip("abc", x.T, strict=True))})


def scorer() -> Scorer:
    return Scorer(artifact(), COLUMNS, far_away.Linear)


def test_every_row_is_scored_in_its_place() -> None:
    rows = table()
    found = score_table(scorer(), rows, keep=["id"], rows_per_shard=64)
    x = rows.select("a", "b", "c").to_numpy()
    expected = 1 / (1 + np.exp(-(x @ WEIGHTS)))
    assert found["id"].to_list() == rows["id"].to_list()
    np.testing.assert_allclose(found["p"].to_numpy(), expected, rtol=1e-14)
    np.testing.assert_allclose(found["both"].to_numpy()[:, 1], 1 - expected, rtol=1e-12)


def test_a_worker_loads_the_model_once() -> None:
    with LocalExecutor(2) as executor:
        found = score_table(scorer(), table(), rows_per_shard=50, executor=executor)
    assert set(found["n_loaded"]) == {1}


def test_a_file_is_read_by_the_workers_and_answers_are_the_same(tmp_path: Path) -> None:
    rows, path, out = table(), tmp_path / "rows.parquet", tmp_path / "out.parquet"
    rows.write_parquet(path)
    expected = score_table(scorer(), rows, keep=["id"], rows_per_shard=64).select("id", *OUTPUTS)
    with LocalExecutor(2) as executor:
        found = score_table(
            scorer(), path, keep=["id"], out=out, rows_per_shard=64, executor=executor
        )
    assert_frame_equal(found.select("id", *OUTPUTS), expected, check_exact=True)
    assert_frame_equal(pl.read_parquet(out), found, check_exact=True)
    assert {p.name for p in tmp_path.iterdir()} == {"rows.parquet", "out.parquet"}


def test_the_artifact_may_lie_in_a_folder(tmp_path: Path) -> None:
    artifact().write(tmp_path / "model")
    from_folder = Scorer(tmp_path / "model", COLUMNS, far_away.Linear)
    expected = score_table(scorer(), table()).select(OUTPUTS)
    assert_frame_equal(score_table(from_folder, table()).select(OUTPUTS), expected)


def test_no_row_gives_an_empty_table() -> None:
    found = score_table(scorer(), table(0), keep=["id"])
    assert found.shape == (0, 4)
    assert found.schema["p"] == pl.Float64


def test_a_row_that_the_model_does_not_take_names_its_shard() -> None:
    rows = table(100).with_columns(b=pl.when(pl.col("id") == "row 70").then(None).otherwise("b"))
    with pytest.raises(TaskFailed, match="shard 3 of 5: InvalidInput: x: holds NaN"):
        score_table(scorer(), rows, rows_per_shard=20)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(TaskFailed, match="DataError: no column c for input x"):
        score_table(scorer(), table().drop("c"))
    with pytest.raises(DataError, match="can't be read"):
        score_table(scorer(), table(), keep=["nothing"])
    with pytest.raises(DataError, match="can't be read"):
        score_table(scorer(), Path("nowhere.parquet"))


def test_a_file_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't be written"):
        score_table(scorer(), table(3), out=tmp_path / "nowhere" / "out.parquet")
