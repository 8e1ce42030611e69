"""The columnar catalog says the same as the items it was built from."""

import numpy as np
import pytest

from learnloop.core.ids import ItemId, SkillId
from learnloop.core.items import ItemTable, in_prerequisite_order
from learnloop.core.types import Item, Skill


def skill(name: str, *needs: str) -> Skill:
    return Skill(SkillId(name), name, tuple(SkillId(n) for n in needs))


def item(name: str, *skills: str, difficulty: float | None = None) -> Item:
    return Item(ItemId(name), tuple(SkillId(s) for s in skills), difficulty_logit=difficulty)


TABLE = ItemTable(
    "1",
    [item("x", "b", "a", difficulty=0.5), item("y"), item("z", "c")],
    [skill("b", "a"), skill("a"), skill("c", "b")],
)


def test_prerequisites_come_before_what_needs_them() -> None:
    assert [s.skill_id for s in TABLE.skills] == ["a", "b", "c"]
    assert TABLE.prerequisites.tolist() == [
        [False, False, False],
        [True, False, False],
        [False, True, False],
    ]


def test_item_means_are_means_over_the_own_skills() -> None:
    means = TABLE.item_means(np.array([1.0, 3.0, 10.0]), empty=-1.0)
    assert means.tolist() == [2.0, -1.0, 10.0]


def test_unknown_difficulty_is_nan_not_zero() -> None:
    assert TABLE.difficulty_logit[0] == 0.5
    assert np.isnan(TABLE.difficulty_logit[1:]).all()


def test_a_shared_table_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        TABLE.visible[0] = False


def test_an_empty_catalog_is_a_table_too() -> None:
    empty = ItemTable("0", [], [])
    assert (len(empty), empty.n_skills) == (0, 0)
    assert empty.item_means(np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("skills", [[skill("a", "a")], [skill("a", "b"), skill("b", "a")]])
def test_cycles_are_refused(skills: list[Skill]) -> None:
    with pytest.raises(ValueError, match="cyclic or unknown"):
        in_prerequisite_order(skills)
