"""Do the commands say of features what the definitions say?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from learnloop.features.definitions import FEATURES

Learnloop = Callable[..., Any]


def test_list_has_them_all_and_needs_no_database(elsewhere: Path, learnloop: Learnloop) -> None:
    shown = learnloop("features", "list")
    assert shown.code == 0
    assert all(x.name in shown.out for x in FEATURES)
    said = learnloop("features", "list", "--json").json
    assert [x["name"] for x in said] == [x.name for x in FEATURES]
    assert said[0] == {
        "name": "user_activity_count",
        "family": "temporal",
        "unit": "count",
        "dtype": "float64",
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


def test_a_misspelt_name_gets_those_that_come_close(learnloop: Learnloop) -> None:
    failed = learnloop("features", "describe", "strugle")
    assert failed.code == 1
    assert failed.err == "error: there is no feature 'strugle'; close to it: struggle\n"
