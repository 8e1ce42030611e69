"""Do the commands of the lifecycle say and do what they should?"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.journeys.many_learners import logs, school

from learnloop.core.registry import ESTIMATOR

from .conftest import Learnloop


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('school')}/school.db"
    yesterday = datetime.now(UTC).replace(hour=12, minute=0) - timedelta(days=1)
    school(url, logs(120, 0, yesterday)).close()
    return url


def test_from_a_first_fit_to_going_back(url: str, tmp_path: Path, learnloop: Learnloop) -> None:
    on = ("--database", url)
    tried = learnloop("retrain", "ability", "--dry-run", "--window", "3w", *on)
    assert tried.code == 0
    assert "a dry run" in tried.out
    found = learnloop("retrain", "ability", "--report", str(tmp_path / "r"), *on, "--json").json
    assert found["promoted"]
    first = found["challenger"]["model"]
    assert (tmp_path / "r" / "report.html").read_text().startswith("<!doctype html>")
    assert first in (tmp_path / "r" / "report.json").read_text()
    kept = learnloop("retrain", "ability", "--incremental", *on)
    assert "kept the champion" in kept.out
    assert "was fitted anew" in kept.out
    listed = learnloop("models", "list", *on, "--json").json
    second = next(m["ref"] for m in listed if not m["live"])

    shown = learnloop("models", "show", first, *on)
    assert "champion (100%)" in shown.out
    assert "# ability@" in shown.out
    detail = learnloop("models", "show", first, *on, "--json").json
    assert detail["problem"] is None
    assert detail["history"][0]["actor"] == "retrain"

    duel = learnloop("models", "compare", first, second, *on, "--json").json
    assert duel["differences"]["log_loss"]["point"] == 0.0
    assert "held-out learners of log" in learnloop("models", "compare", first, second, *on).out
    rows = [f"u{k % 20},add-subtract-exercise-01,{k % 3 > 0:d},{k}" for k in range(200)]
    (tmp_path / "answers").mkdir()
    text = "\n".join(("user_id,item_id,correct,timestamp", *rows))
    (tmp_path / "answers" / "interactions.csv").write_text(text + "\n")
    data = ("--data", str(tmp_path / "answers"))
    duel = learnloop("models", "compare", first, second, *data, *on, "--json").json
    assert (duel["on"], duel["differences"]["auc"]["point"]) == ("answers", 0.0)

    assert learnloop("models", "deploy", second, "--reason", "a try", *on).code == 0
    assert learnloop("models", "list", *on, "--json").json[0]["ref"] == second
    back = learnloop("models", "rollback", ESTIMATOR, "--reason", "worse", *on, "--json").json
    assert back == {"slot": ESTIMATOR, "champion": first}
    again = learnloop("models", "rollback", ESTIMATOR, "--reason", "worse", *on)
    assert again.code == 1
    assert "no earlier champion" in again.err
    retired = ("models", "retire", ESTIMATOR, "--role", "champion", "--reason", "x", *on)
    assert f"{first} is no longer champion" in learnloop(*retired).out
    assert "has no champion" in learnloop(*retired).err
    assert learnloop("models", "collect", *on, "--json").json == {"n_versions": 0, "n_files": 0}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("retrain", "nobody"), "there is no 'nobody'"),
        (("retrain", "ability", "--window", "soon"), "is no time such as 90d"),
        (("retrain", "ability", "--margin", "2"), "margin: 2.0 is not in [0, 1)"),
        (("models", "show", "ability"), "is no NAME@VERSION"),
        (("models", "show", "ability@never"), "there is no version ability@never"),
        (("models", "compare", "a@1", "b@1"), "model a@1 is missing"),
        (("models", "deploy", "a@1", "--reason", "x"), "there is no version a@1"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_line(
    url: str, learnloop: Learnloop, arguments: tuple[str, ...], complaint: str
) -> None:
    done = learnloop(*arguments, "--database", url)
    assert done.code == 1
    assert complaint in done.err
    assert len(done.err.splitlines()) == 1


def test_only_a_champion_in_the_estimators_place(url: str, learnloop: Learnloop) -> None:
    on = ("--database", url)
    listed = learnloop("models", "list", *on, "--json").json
    ref = next(m["ref"] for m in listed if m["created_at"])
    why = ("--reason", "a try")
    done = learnloop("models", "deploy", ref, "--role", "challenger", *why, *on)
    assert "can only be champion" in done.err
    done = learnloop("models", "deploy", ref, "--share", "0.5", *why, *on)
    assert "a champion has none" in done.err
