"""Do the commands say what the engine knows, in tables and in JSON?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from learnloop.cli.demo_folder import DemoFolder
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.profiles import ProfileChange

Learnloop = Callable[..., Any]


def test_profile_shows_what_the_engine_knows(demo: DemoFolder, learnloop: Learnloop) -> None:
    with PersonalizationEngine.open(demo.url) as engine:
        known = engine.profile("demo-otter")
    shown = learnloop("profile", "demo-otter", "--database", demo.url)
    assert "demo data" in shown.out
    assert "not sure yet" in shown.out
    for level in known.skills.current_levels:
        assert level.name in shown.out
        assert not level.sure or f"{level.n_correct} of {level.n_answers} right" in shown.out
    said = learnloop("profile", "demo-otter", "--database", demo.url, "--json").json
    assert said["n_interactions"] == known.n_interactions
    assert said["skills"]["current_levels"][0]["n_answers"] == (
        known.skills.current_levels[0].n_answers
    )


def test_under_five_answers_no_percentage_is_shown(demo: DemoFolder, learnloop: Learnloop) -> None:
    shown = learnloop("profile", "demo-lichen", "--database", demo.url).out
    table = shown.split("\n", 3)[3]
    assert "%" not in table
    assert "not sure yet" in table


def test_recommend_shows_reasons_and_logs_the_decision(
    demo: DemoFolder, learnloop: Learnloop
) -> None:
    shown = learnloop("recommend", "demo-otter", "-n", "3", "--database", demo.url)
    assert shown.code == 0
    assert "going by your" in shown.out
    said = learnloop("recommend", "demo-otter", "-n", "3", "--database", demo.url, "--json").json
    assert len(said["recommendations"]) == 3
    assert all(1 <= len(r["reasons"]) <= 3 for r in said["recommendations"])
    with (
        PersonalizationEngine.open(demo.url) as engine,
        engine.store.begin(write=False) as tx,
    ):
        logged = tx.decisions.get(said["decision_id"])
    assert [c.action.item_id for c in logged.choices] == [
        r["item"]["item_id"] for r in said["recommendations"]
    ]


def test_recommend_takes_a_kind(demo: DemoFolder, learnloop: Learnloop) -> None:
    arguments = ("recommend", "demo-badger", "--type", "reading", "--database", demo.url, "--json")
    found = learnloop(*arguments).json["recommendations"]
    assert {r["item"]["kind"] for r in found} == {"reading"}


def test_text_of_a_catalog_can_not_mark_up_the_terminal(
    elsewhere: Path, learnloop: Learnloop
) -> None:
    (elsewhere / "c.json").write_text(
        '{"skills": [{"skill_id": "s", "name": "[red]S[/nothing]"}], '
        '"items": [{"item_id": "[bold]i", "skills": ["s"], "text": "[/]"}]}'
    )
    url = "sqlite:///own.db"
    with PersonalizationEngine.open(url) as engine:
        from learnloop.catalog.files import read

        engine.put_catalog(read(elsewhere / "c.json"))
        engine.put_profile("[blink]ada", ProfileChange())
    assert "[red]S[/nothing]" in learnloop("profile", "[blink]ada", "--database", url).out
    assert "[bold]i" in learnloop("recommend", "[blink]ada", "--database", url).out


def test_models_and_fit(demo: DemoFolder, tmp_path: Path, learnloop: Learnloop) -> None:
    own = tmp_path / "own.db"
    own.write_bytes((demo.path / "learnloop.db").read_bytes())
    url = f"sqlite:///{own}"
    before = learnloop("models", "list", "--database", url, "--json").json
    assert [m["live"] for m in before] == [True]
    fitted = learnloop("fit", "--database", url, "--json").json
    assert fitted["metrics"]["n_answers"] > 200
    after = learnloop("models", "list", "--database", url, "--json").json
    assert after[0]["live"]
    assert after[0]["ref"] == fitted["ref"] != before[0]["ref"]
    assert fitted["ref"] in learnloop("models", "list", "--database", url).out


def test_fit_says_when_there_is_too_little(elsewhere: Path, learnloop: Learnloop) -> None:
    PersonalizationEngine.open("sqlite:///learnloop.db").close()
    done = learnloop("fit")
    assert done.code == 1
    assert "200 are needed" in done.err


def test_a_key_is_made_listed_and_revoked(elsewhere: Path, learnloop: Learnloop) -> None:
    made = learnloop("keys", "create", "--role", "teacher", "--class", "7b", "--days", "30")
    assert made.code == 0
    text = made.out.strip()
    assert text.startswith("ll_")
    (key,) = learnloop("keys", "list", "--json").json
    assert (key["role"], key["class_id"], key["scopes"]) == ("teacher", "7b", ["learners:read"])
    assert text not in learnloop("keys", "list").out
    assert text.encode() not in (elsewhere / "learnloop.db").read_bytes()
    assert learnloop("keys", "revoke", key["key_id"]).code == 0
    (key,) = learnloop("keys", "list", "--json").json
    assert key["revoked_at"]
    assert learnloop("keys", "revoke", "nobody").code == 1


def test_a_learners_key_is_made_for_a_learner_who_is_there(
    elsewhere: Path, learnloop: Learnloop
) -> None:
    create = ("keys", "create", "--role", "learner", "--learner", "ada")
    assert "no database" in learnloop(*create).err
    assert not (elsewhere / "learnloop.db").exists()
    with PersonalizationEngine.open("sqlite:///learnloop.db") as engine:
        nobody = learnloop(*create)
        assert nobody.code == 1
        assert "no learner 'ada'" in nobody.err
        assert "import" in nobody.err
        assert learnloop("keys", "list", "--json").json == []
        engine.put_profile("ada", ProfileChange())
    assert learnloop(*create).code == 0
    (key,) = learnloop("keys", "list", "--json").json
    assert key["learner_id"] == "ada"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--role", "learner"], "learner_id"),
        (["--role", "admin", "--class", "7b"], "class_id"),
        (["--role", "teacher", "--class", "7b", "--scope", "admin"], "scopes"),
    ],
)
def test_a_key_that_fits_no_role_is_refused(
    arguments: list[str], problem: str, elsewhere: Path, learnloop: Learnloop
) -> None:
    done = learnloop("keys", "create", *arguments)
    assert done.code == 1
    assert problem in done.err
