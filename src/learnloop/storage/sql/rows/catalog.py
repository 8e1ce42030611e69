"""How does the catalog become rows, and rows the catalog again?"""

from learnloop.core.ids import CourseId, ItemId, SkillId
from learnloop.core.types import Course, Item, ItemKind, Skill
from learnloop.storage.checks import check_item
from learnloop.storage.sql.rows.cells import Row, dumps, texts_of


def course_row(course: Course, position: int) -> Row:
    """The row of `courses`."""
    return course.course_id, course.name, course.description, position


def course_of(row: Row) -> Course:
    """The course that a row holds."""
    return Course(CourseId(row[0]), row[1], row[2])


def skill_row(skill: Skill, position: int) -> Row:
    """The row of `skills`."""
    return skill.skill_id, skill.name, dumps(skill.prerequisites), skill.description, position


def skill_of(row: Row) -> Skill:
    """The skill that a row holds."""
    return Skill(SkillId(row[0]), row[1], tuple(map(SkillId, texts_of(row[2]))), row[3])


def item_row(item: Item, position: int) -> Row:
    """The row of `items`."""
    check_item(item)
    return (
        item.item_id,
        dumps(item.skills),
        item.kind.value,
        item.course_id,
        item.title,
        item.text,
        item.difficulty_logit,
        item.expected_seconds,
        dumps(item.choices),
        item.answer,
        dumps(item.hints),
        item.visible,
        position,
    )


def item_of(row: Row) -> Item:
    """The item that a row holds."""
    return Item(
        ItemId(row[0]),
        tuple(map(SkillId, texts_of(row[1]))),
        ItemKind(row[2]),
        row[3],
        row[4],
        row[5],
        row[6],
        row[7],
        texts_of(row[8]),
        row[9],
        texts_of(row[10]),
        bool(row[11]),
    )
