"""Does `import` keep the good rows, name the others, and add nothing twice?"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from learnloop.journeys.engine import PersonalizationEngine

Learnloop = Callable[..., Any]

URL = "sqlite:///school.db"
CATALOG = {
    "skills": [{"skill_id": "add", "name": "Addition"}],
    "items": [{"item_id": "i1", "skills": ["add"]}, {"item_id": "i2", "skills": ["add"]}],
}
MAP = {
    "name": "mine",
    "learner": "student",
    "item": ["exercise"],
    "correct": {"column": "ok", "right": ["yes"], "wrong": ["no"]},
    "time": {"column": "when"},
}
LOG = """student,exercise,ok,when
ada,i1,yes,2026-01-05T09:30:00Z
ada,i2,no,2026-01-05T09:31:00Z
bob,i1,maybe,2026-01-05T09:32:00Z
bob,i1,yes,2026-01-05T09:33:00
cyd,i3,yes,2026-01-05T09:34:00Z
"""


@pytest.fixture
def school(elsewhere: Path, learnloop: Learnloop) -> Path:
    (elsewhere / "catalog.json").write_text(json.dumps(CATALOG))
    (elsewhere / "mine.json").write_text(json.dumps(MAP))
    (elsewhere / "log.csv").write_text(LOG)
    done = learnloop("import", "catalog.json", "--format", "catalog", "--database", URL)
    assert done.code == 0
    assert "1 skills, 2 items" in done.out
    return elsewhere


def n_stored() -> int:
    with PersonalizationEngine.open(URL) as engine, engine.store.begin(write=False) as tx:
        return tx.interactions.count()


IMPORT = ("import", "log.csv", "--map", "mine.json", "--database", URL)


def test_good_rows_are_kept_and_the_others_named_with_their_line(
    school: Path, learnloop: Learnloop
) -> None:
    done = learnloop(*IMPORT, "--rejections", "wrong.jsonl")
    assert done.code == 4
    assert "line 4: " in done.err
    assert "line 5: " in done.err
    assert "time zone" in done.err
    assert n_stored() == 3
    written = [json.loads(line) for line in Path("wrong.jsonl").read_text().splitlines()]
    assert [row["line"] for row in written] == [4, 5]
    assert all(row["message"] and row["code"] for row in written)
    assert [list(row["row"].values()) for row in written] == [
        line.split(",") for line in LOG.splitlines()[3:5]
    ]


def test_the_same_file_again_adds_nothing(school: Path, learnloop: Learnloop) -> None:
    first = learnloop(*IMPORT, "--json").json
    again = learnloop(*IMPORT, "--json").json
    assert (first["accepted"], first["duplicates"], first["rejected"]) == (3, 0, 2)
    assert (again["accepted"], again["duplicates"], again["rejected"]) == (0, 3, 2)
    assert [row["line"] for row in again["rejections"]] == [4, 5]
    assert n_stored() == 3


def test_a_dry_run_counts_the_same_and_stores_nothing(school: Path, learnloop: Learnloop) -> None:
    rehearsed = learnloop(*IMPORT, "--dry-run", "--json")
    assert rehearsed.code == 4
    assert n_stored() == 0
    done = learnloop(*IMPORT, "--json").json
    counts = ("n_read", "accepted", "duplicates", "rejected", "new_learners", "new_items")
    assert [rehearsed.json[c] for c in counts] == [done[c] for c in counts]


def test_own_json_comes_in_by_line_or_as_an_array(school: Path, learnloop: Learnloop) -> None:
    with PersonalizationEngine.open(URL) as engine:
        from learnloop.journeys.profiles import ProfileChange

        engine.put_profile("ada", ProfileChange())
    rows = [
        {
            "interaction_id": f"a{i}",
            "learner_id": "ada",
            "item_id": "i1",
            "occurred_at": f"2026-01-05T09:3{i}:00Z",
            "correct": True,
        }
        for i in range(3)
    ]
    Path("log.json").write_text(json.dumps(rows[:2]))
    Path("log.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    database = ("--database", URL, "--json")
    array = learnloop("import", "log.json", "--format", "json", *database).json
    lines = learnloop("import", "log.jsonl", "--format", "jsonl", *database).json
    assert (array["accepted"], lines["accepted"], lines["duplicates"]) == (2, 1, 2)


def test_a_wrong_catalog_is_refused_whole_with_every_line(
    elsewhere: Path, learnloop: Learnloop
) -> None:
    wrong = {
        "skills": [{"skill_id": "a", "name": "A", "prerequisites": ["a"]}],
        "items": [{"item_id": "i", "skills": ["b"]}],
    }
    (elsewhere / "c.json").write_text(json.dumps(wrong, indent=1))
    done = learnloop("import", "c.json", "--format", "catalog", "--database", URL)
    assert done.code == 1
    assert "circle" in done.err
    assert "there is no skill 'b'" in done.err
    assert done.err.count("  line ") == 2
    with PersonalizationEngine.open(URL) as engine, engine.store.begin(write=False) as tx:
        assert tx.catalog.load() == ([], [], [])


def test_a_catalog_can_be_looked_at_first(elsewhere: Path, learnloop: Learnloop) -> None:
    (elsewhere / "c.json").write_text(json.dumps(CATALOG))
    arguments = ("import", "c.json", "--format", "catalog", "--database", URL)
    done = learnloop(*arguments, "--dry-run", "--json")
    assert done.json == {"courses": 0, "skills": 1, "items": 2, "dry_run": True}
    with PersonalizationEngine.open(URL) as engine, engine.store.begin(write=False) as tx:
        assert tx.catalog.load() == ([], [], [])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("nowhere.csv",), "nowhere.csv"),
        (("log.csv", "--map", "latin"), "neither a file nor one of"),
        (("log.csv", "--format", "jsonl", "--side", "x.csv"), "--side"),
        (("log.csv", "--format", "jsonl"), "log.csv: looks like CSV"),
        (("log.csv", "--map", "mine.json", "--rejections", "no/folder.jsonl"), "can't be written"),
    ],
)
def test_what_can_not_be_read_is_told_in_one_line(
    arguments: tuple[str, ...], problem: str, school: Path, learnloop: Learnloop
) -> None:
    done = learnloop("import", *arguments, "--database", URL)
    assert done.code == 1
    assert problem in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("log.csv", "--map", "mine.json", "--dry-run"),
        ("catalog.json", "--format", "catalog", "--dry-run"),
        ("empty.csv",),
        ("empty.csv", "--format", "jsonl"),
        ("log.csv", "--format", "jsonl"),
    ],
)
def test_what_stores_nothing_makes_no_database(
    arguments: tuple[str, ...], school: Path, learnloop: Learnloop
) -> None:
    (school / "empty.csv").touch()
    learnloop("import", *arguments, "--database", "sqlite:///new.db")
    assert not (school / "new.db").exists()


def test_an_import_says_what_to_do_next(school: Path, learnloop: Learnloop) -> None:
    assert f"learnloop profile ada --database {URL}\n" in learnloop(*IMPORT).err
    assert "next:" not in learnloop(*IMPORT).err


def test_of_many_skills_the_profile_shows_those_that_were_met(
    school: Path, learnloop: Learnloop
) -> None:
    assert learnloop(*IMPORT).code == 4
    more = {"skills": [{"skill_id": f"s{i}", "name": f"Unmet {i}"} for i in range(50)]}
    (school / "more.json").write_text(json.dumps(more))
    learnloop("import", "more.json", "--format", "catalog", "--database", URL)
    shown = learnloop("profile", "ada", "--database", URL).out
    assert "Addition" in shown
    assert "Unmet" not in shown
    assert "and 50 skills without answers" in shown


def test_an_item_without_a_title_is_named_once(school: Path, learnloop: Learnloop) -> None:
    learnloop(*IMPORT)
    shown = learnloop("recommend", "cyd", "-n", "3", "--database", URL).out
    assert shown.count("i3") <= 1
    assert shown.count("i2") == 1
