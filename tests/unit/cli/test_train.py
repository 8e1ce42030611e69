"""From a folder of answers to a model that is stored, and to what it says of a table."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.unit.training.simulated import clean_log

from learnloop.cli.database import sqlite_path
from learnloop.cli.demo_folder import DemoFolder
from learnloop.core.artifact import Artifact
from learnloop.features.definitions import FEATURES

from .conftest import Learnloop


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    columns = clean_log(n_learners=30, n_rows=25)
    rows = [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    folder = tmp_path_factory.mktemp("data")
    (folder / "interactions.csv").write_text("\n".join([",".join(columns), *rows]) + "\n")
    return str(folder)


@pytest.fixture
def url(demo: DemoFolder, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database of this test alone."""
    kept = sqlite_path(demo.url)
    assert kept is not None
    return f"sqlite:///{shutil.copy(kept, tmp_path_factory.mktemp('copied'))}"


def test_a_model_is_written_told_and_stored(
    data: str, elsewhere: Path, url: str, learnloop: Learnloop
) -> None:
    done = learnloop("train", "ability", "--data", data, "--folds", "2", "--set", "ridge=50")
    assert done.code == 0, done.err
    assert not done.err
    (folder,) = elsewhere.iterdir()
    assert f"written: {folder.name}" in done.out
    assert "mean of folds" in done.out
    assert Artifact.read(folder).manifest.config["ridge"] == 50.0

    on = ("--database", url)
    added = learnloop("models", "add", str(folder), *on, "--json").json
    assert added["ref"] == folder.name
    shown = learnloop("models", "show", folder.name, *on, "--json").json
    assert (shown["problem"], shown["roles"], shown["slot"]) == (None, [], "estimator")
    assert "is stored" in learnloop("models", "add", str(folder), *on).out  # once more is no harm

    (folder / "golden.npz").write_bytes(b"corrupt")
    refused = learnloop("models", "add", str(folder), *on)
    assert refused.code == 1
    assert "golden.npz is corrupt" in refused.err


@pytest.mark.slow
def test_a_network_is_watched_added_and_asked(
    data: str, elsewhere: Path, url: str, learnloop: Learnloop
) -> None:
    pytest.importorskip("torch")
    given = ("--data", data, "--no-test", "--out", "net", "--checkpoints", "kept")
    done = learnloop("train", "feature_net", *given, "--set", "epochs=2", "--json")
    assert done.code == 0, done.err
    assert done.json["config"]["epochs"] == 2
    assert done.json["evaluation"]["protocol"] == "P1"
    artifact = Artifact.read(elsewhere / "net")
    assert done.json["sha256"] == artifact.sha256
    assert (elsewhere / "net" / "curves.png").exists()
    assert list((elsewhere / "kept").glob("*.npz"))

    on = ("--database", url)
    assert learnloop("models", "add", "net", *on).code == 0
    listed = [m["ref"] for m in learnloop("models", "list", *on, "--json").json]
    assert {str(artifact.ref), artifact.manifest.features} <= set(listed)

    x = np.full((3, len(FEATURES)), np.nan)
    rows = pl.DataFrame(x, schema=[feature.name for feature in FEATURES])
    rows.with_columns(learner_id=pl.Series(["a", "b", "c"])).write_parquet("rows.parquet")
    asked = ("score", "net", "rows.parquet", "--out", "said.parquet")
    scored = learnloop(*asked, "--keep", "learner_id", "--json")
    assert scored.json["columns"] == ["learner_id", "p_correct"]
    said = pl.read_parquet("said.parquet")
    assert said["learner_id"].to_list() == ["a", "b", "c"]
    assert said["p_correct"].is_between(0, 1).all()
    assert learnloop(*asked).out.strip() == "said.parquet"
    rows.drop(FEATURES[3].name).write_parquet("rows.parquet")
    assert f"no column {FEATURES[3].name}" in learnloop(*asked).err
    for wrong, complaint in (("z=a", "there is no input 'z'"), ("features", "no INPUT=A,B")):
        assert complaint in learnloop(*asked, "--columns", wrong).err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--data", "nowhere"), "there is no such folder"),
        (("--set", "rigde=1"), "ability has no 'rigde'; there are: ability_variance (0.8)"),
        (("--executor", "moon"), "'moon' is not local"),
        (("--out", "taken"), "taken exists already"),
    ],
)
def test_what_can_not_be_done_is_said_in_one_line(
    arguments: tuple[str, ...], complaint: str, data: str, elsewhere: Path, learnloop: Learnloop
) -> None:
    (elsewhere / "taken").mkdir()
    given = arguments if "--data" in arguments else ("--data", data, *arguments)
    failed = learnloop("train", "ability", *given)
    assert failed.code == 1
    assert complaint in failed.err
    assert failed.err.count("\n") == 1
    assert [path.name for path in elsewhere.iterdir()] == ["taken"]


def test_options_of_a_folder_need_one(elsewhere: Path, learnloop: Learnloop) -> None:
    failed = learnloop("train", "ability", "--out", "net")
    assert failed.code == 1
    assert "name one with --data" in failed.err


def test_a_leaking_folder_ends_with_3(data: str, elsewhere: Path, learnloop: Learnloop) -> None:
    head, *rows = (Path(data) / "interactions.csv").read_text().splitlines()
    columns = [row.split(",") for row in rows]
    doubled = [x for row in columns for x in (row, [*row[:2], f"{int(row[2]) + 50}", *row[3:]])]
    (elsewhere / "interactions.csv").write_text("\n".join([head, *map(",".join, doubled)]) + "\n")
    done = learnloop("train", "ability", "--data", ".", "--out", "model", "--json")
    assert done.code == 3
    assert "THE LEAKAGE AUDIT FAILED" in done.err
    assert done.json["evaluation"]["audit"]["passed"] is False


def test_a_model_with_a_state_of_each_learner_scores_no_table(
    data: str, elsewhere: Path, learnloop: Learnloop
) -> None:
    learnloop("train", "ability", "--data", data, "--out", "model")
    pl.DataFrame({"a": [1.0]}).write_parquet("rows.parquet")
    refused = learnloop("score", "model", "rows.parquet", "--out", "said.parquet")
    assert refused.code == 1
    assert "keeps a state of each learner" in refused.err
