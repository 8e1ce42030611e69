"""Does the placement ask in the terminal, grade, stop and go on?"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from learnloop.catalog import Catalog
from learnloop.core.ids import ItemId, SkillId
from learnloop.core.types import Item, Skill
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.profiles import ProfileChange

Learnloop = Callable[..., Any]


@pytest.fixture
def url(elsewhere: Path) -> str:
    """A catalog with a number, a choice and an item without a key."""
    skill = (SkillId("sums"),)
    items = [
        Item(ItemId("number"), skill, text="What is [bold]2 + 2?", answer="4"),
        Item(ItemId("choice"), skill, text="Which?", choices=("cat", "dog"), answer="dog"),
        Item(ItemId("by-hand"), skill, text="Draw it."),
    ]
    with PersonalizationEngine.open("sqlite:///own.db") as engine:
        engine.put_catalog(Catalog((), (Skill(SkillId("sums"), "Sums"),), tuple(items)))
        engine.put_profile("ada", ProfileChange())
    return "sqlite:///own.db"


def replies(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def waiting(url: str) -> str:
    with PersonalizationEngine.open(url) as engine:
        found = engine.begin_placement("ada")
    assert found.question is not None
    return found.question.item.item_id


RIGHT = {"number": ("four", "4"), "choice": ("2",), "by-hand": ("y",)}


def test_it_asks_grades_stops_and_goes_on(
    url: str, learnloop: Learnloop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        replies(monkeypatch, *RIGHT[waiting(url)])
        shown = learnloop("placement", "ada", "--database", url)
        assert shown.code == 0, shown.err
        assert "right" in shown.err
        said = learnloop("placement", "ada", "--database", url, "--json").json
        assert said["n_answers"] == n + 1
    assert "nothing left" in shown.out
    assert "3 of 3 right" in shown.out or "not sure yet" in shown.out
    with PersonalizationEngine.open(url) as engine:
        assert engine.progress("ada").n_correct == 3


def test_an_empty_line_is_not_known(
    url: str, learnloop: Learnloop, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies(monkeypatch, *({"by-hand": "n"}.get(waiting(url), ""),))
    assert "not right" in learnloop("placement", "ada", "--database", url).err
    with PersonalizationEngine.open(url) as engine:
        assert engine.progress("ada").n_correct == 0


def test_with_json_nothing_is_asked(url: str, learnloop: Learnloop) -> None:
    said = learnloop("placement", "ada", "--database", url, "--json").json
    assert (said["status"], said["ability"], said["question"]) == ("not_started", None, None)
    assert learnloop("placement", "ada", "--skip", "--database", url, "--json").json["ended"] == (
        "skipped"
    )


def test_a_placement_of_the_demo_is_told_in_words(
    url: str, learnloop: Learnloop, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies(monkeypatch)
    shown = learnloop("placement", "ada", "--skill", "sums", "--database", url)
    assert "Question 1 of at most 30" in shown.out
    assert "no answer yet" in shown.out
    assert "goes on from here" in shown.err
    refused = learnloop("placement", "ada", "--again", "--skill", "x", "--database", url)
    assert refused.code == 0  # it goes on with the one that is open
    assert learnloop("placement", "nobody", "--database", url).code == 1


def test_what_tells_most_is_listed(url: str, learnloop: Learnloop) -> None:
    said = learnloop("placement", "ada", "--informative", "2", "--database", url, "--json").json
    assert len(said["items"]) == 2
    shown = learnloop("placement", "ada", "--informative", "2", "--database", url).out
    assert "We know little yet" in shown
