"""Do the commands say of features what the definitions say?"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from learnloop.cli.demo_folder import DemoFolder
from learnloop.features.definitions import FEATURES
from learnloop.features.definitions.vectors import VECTOR_FEATURES

Learnloop = Callable[..., Any]


def test_list_has_them_all_and_needs_no_database(elsewhere: Path, learnloop: Learnloop) -> None:
    shown = learnloop("features", "list")
    assert shown.code == 0
    assert all(x.name in shown.out for x in FEATURES)
    said = learnloop("features", "list", "--json").json
    assert [x["name"] for x in said] == [x.name for x in (*FEATURES, *VECTOR_FEATURES)]
    assert said[0] == {
        "name": "user_activity_count",
        "family": "temporal",
        "unit": "count",
        "dtype": "float64",
        "width": 1,
        "low": 0.0,
        "high": None,
        "default": 0.0,
        "since": 1,
        "meaning": "All events.",
    }
    assert list(elsewhere.iterdir()) == []


def test_list_takes_a_family(learnloop: Learnloop) -> None:
    said = learnloop("features", "list", "--family", "item", "--json").json
    assert {x["family"] for x in said} == {"item"}
    assert learnloop("features", "list", "--family", "nothing").code == 2


def test_describe_shows_formula_and_lineage(learnloop: Learnloop) -> None:
    shown = learnloop("features", "describe", "avg_session_duration", "hint_share").out
    assert "session_length / MINUTE_MS" in shown
    assert "share(hints > 0, judged)" in shown
    assert "When it happens, ms since 1970" in shown
    (said,) = learnloop("features", "describe", "struggle", "--json").json
    assert said["parts"]["judged"] == "answered & known(correct)"
    assert "accuracy_last_10" in said["features"]
    assert said["fields"]["correct"] == "1 right, 0 wrong"


def test_describe_takes_vectors_too(learnloop: Learnloop) -> None:
    vector = VECTOR_FEATURES[0]
    shown = learnloop("features", "describe", vector.name)
    assert vector.meaning.split(";")[0] in shown.out
    (said,) = learnloop("features", "describe", vector.name, "--json").json
    assert said["width"] == vector.width > 1
    assert "formula" not in said


def test_a_misspelt_name_gets_those_that_come_close(learnloop: Learnloop) -> None:
    failed = learnloop("features", "describe", "strugle")
    assert failed.code == 1
    assert failed.err == "error: there is no feature 'strugle'; close to it: struggle\n"


LABELS = """\
learner_id,at,passed
demo-otter,2999-01-01T00:00:00Z,1
stranger,2026-01-01T00:00:00Z,0
demo-otter,2001-01-01T00:00:00Z,0
"""


def test_build_puts_features_beside_every_label(
    demo: DemoFolder, elsewhere: Path, learnloop: Learnloop
) -> None:
    (elsewhere / "passed.csv").write_text(LABELS)
    arguments = ("features", "build", "--labels", "passed.csv", "--database", demo.url)
    shown = learnloop(*arguments, "--out", "all.parquet")
    assert shown.code == 0
    assert shown.out == "all.parquet\n"
    assert shown.err.startswith(f"3 rows of {len(FEATURES)} features, from ")
    assert "before their learner did anything: 2" in shown.err
    found = pl.read_parquet("all.parquet")
    assert found["learner_id"].to_list() == ["demo-otter", "stranger", "demo-otter"]
    assert found["passed"].to_list() == [1, 0, 0]
    n, *others = found["user_activity_count"].to_list()
    assert n > 0
    assert others == [0, 0]

    chosen = ("--out", "some.parquet", "--features", "n_sessions, accuracy", "--json")
    said = learnloop(*arguments, *chosen, "--as-of", "2026-02-01T00:00:00+01:00").json
    assert said["path"] == "some.parquet"
    assert (said["n_labels"], said["n_not_yet_known"]) == (3, 1)
    assert said["lineage"]["as_of"] == "2026-01-31T23:00:00Z"
    assert json.dumps(said["lineage"]["names"]) == '["n_sessions", "accuracy"]'
    assert pl.read_parquet("some.parquet").columns[-2:] == ["n_sessions", "accuracy"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--as-of", "soon"), "--as-of: 'soon' is no instant"),
        (("--as-of", "2026-01-01"), "has no time zone"),
        (("--features", "acuracy"), "accuracy"),
        (("--labels", "nowhere.csv"), "nowhere.csv"),
        (("--out", "nowhere/out.parquet"), "nowhere/out.parquet: can't be written (No such file"),
        (("--database", "sqlite:///nowhere.db"), "no database at nowhere.db"),
    ],
)
def test_build_says_in_one_line_what_is_wrong(
    arguments: tuple[str, str], error: str, demo: DemoFolder, elsewhere: Path, learnloop: Learnloop
) -> None:
    (elsewhere / "passed.csv").write_text(LABELS)
    given = {"--labels": "passed.csv", "--out": "out.parquet", "--database": demo.url}
    given |= {arguments[0]: arguments[1]}
    failed = learnloop("features", "build", *(x for pair in given.items() for x in pair))
    assert failed.code == 1
    assert failed.err.startswith("error: ")
    assert error in failed.err
    assert failed.err.count("\n") == 1
    assert not (elsewhere / "out.parquet").exists()


def test_export_writes_a_repository_for_feast(
    demo: DemoFolder, elsewhere: Path, learnloop: Learnloop
) -> None:
    said = learnloop("features", "export", "repo", "--database", demo.url, "--json").json
    assert said["n_rows"] >= said["n_learners"] > 0
    assert pl.read_parquet("repo/data/*.parquet").height == said["n_rows"]
    again = learnloop("features", "export", "repo", "--database", demo.url)
    assert again.code == 1
    assert "not empty" in again.err
