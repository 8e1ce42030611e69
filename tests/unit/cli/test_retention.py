"""Does `learnloop retention` say what is remembered, and admit what is not known?"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from json import loads
from pathlib import Path
from typing import Any

import pytest

from learnloop.catalog import Catalog
from learnloop.core.ids import InteractionId, ItemId, LearnerId, SkillId
from learnloop.core.types import Interaction, InteractionKind, Item, Skill
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.profiles import ProfileChange


@pytest.fixture
def url(elsewhere: Path) -> str:
    """A learner who answered six questions about sums, one about products."""
    skills = tuple(Skill(SkillId(name), name) for name in ("sums", "products", "powers"))
    items = tuple(Item(ItemId(f"{s.name}-1"), (s.skill_id,)) for s in skills)
    with PersonalizationEngine.open("sqlite:///own.db") as engine:
        engine.put_catalog(Catalog((), skills, items))
        engine.put_profile("ada", ProfileChange())
        engine.put_profile("ben", ProfileChange())
        at = datetime.now(UTC) - timedelta(days=30)
        names = ["sums-1"] * 6 + ["products-1"]
        answers = [
            Interaction(
                InteractionId(f"{k}"),
                LearnerId("ada"),
                ItemId(name),
                InteractionKind.ANSWERED,
                at + timedelta(days=3 * k),
                correct=True,
            )
            for k, name in enumerate(names)
        ]
        assert engine.record(answers).accepted == len(names)
    return "sqlite:///own.db"


def test_recall_is_shown_where_it_is_known(learnloop: Callable[..., Any], url: str) -> None:
    shown = learnloop("retention", "ada", "--database", url).out
    assert "sums" in shown
    assert "%" in shown
    assert "not sure yet" in shown
    assert "powers" not in shown
    asked = learnloop("retention", "ada", "--item", "powers-1", "--database", url).out
    assert "never met" in asked
    assert "Nothing" in learnloop("retention", "ben", "--database", url).err


def test_as_json_at_a_later_day(learnloop: Callable[..., Any], url: str) -> None:
    def recall(*options: str) -> float:
        arguments = ("retention", "ada", "--skill", "sums", *options, "--database", url, "--json")
        found = loads(learnloop(*arguments).out)
        return float(found["skills"][0]["recall"])

    assert recall() > recall("--in-days", "60")
