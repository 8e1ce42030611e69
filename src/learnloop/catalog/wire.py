"""How does an entry of a catalog look in JSON and CSV? The core's nouns, field by field.

msgspec checks the types; `check.py` checks what entries say of each other.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from learnloop.core.errors import InvalidInput
from learnloop.core.ids import CourseId, ItemId, SkillId
from learnloop.core.types import Course, Item, ItemKind, Skill


class CourseIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A course as written."""

    course_id: str
    name: str = ""
    description: str = ""

    def noun(self) -> Course:
        """The course; its name is its id where none is given."""
        return Course(CourseId(self.course_id), self.name or self.course_id, self.description)


class SkillIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A skill as written."""

    skill_id: str
    name: str = ""
    prerequisites: tuple[str, ...] = ()
    description: str = ""

    def noun(self) -> Skill:
        """The skill; its name is its id where none is given."""
        needs = tuple(SkillId(x) for x in self.prerequisites)
        return Skill(SkillId(self.skill_id), self.name or self.skill_id, needs, self.description)


class ItemIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An item as written."""

    item_id: str
    skills: tuple[str, ...] = ()
    kind: ItemKind = ItemKind.EXERCISE
    course_id: str | None = None
    title: str = ""
    text: str = ""
    difficulty_logit: float | None = None
    expected_seconds: float | None = None
    choices: tuple[str, ...] = ()
    answer: str | None = None
    hints: tuple[str, ...] = ()
    visible: bool = True

    def noun(self) -> Item:
        """The item."""
        return Item(
            ItemId(self.item_id),
            tuple(SkillId(x) for x in self.skills),
            self.kind,
            None if self.course_id is None else CourseId(self.course_id),
            self.title,
            self.text,
            self.difficulty_logit,
            self.expected_seconds,
            self.choices,
            self.answer,
            self.hints,
            self.visible,
        )


EntryIn = TypeVar("EntryIn", CourseIn, SkillIn, ItemIn)

_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_NAMED = re.compile(r"(?P<what>required|unknown) field `(?P<field>.*)`$", re.DOTALL)


def from_json(text: bytes, entry: type[EntryIn]) -> EntryIn:
    """The entry written as one JSON object.

    Raises:
        InvalidInput: Which field is wrong.
    """
    try:
        return msgspec.json.decode(text, type=entry)
    except msgspec.ValidationError as error:
        raise _in_our_words(str(error), entry) from error


def from_cells(cells: Mapping[str, Any], entry: type[EntryIn]) -> EntryIn:
    """The entry written as text by field name, its numbers and flags still text.

    Raises:
        InvalidInput: Which field is wrong.
    """
    try:
        return msgspec.convert(cells, type=entry, strict=False)
    except msgspec.ValidationError as error:
        raise _in_our_words(str(error), entry) from error


def bare_entry(given: object, entry: type[EntryIn]) -> EntryIn | None:
    """An entry of which only the id can be read, so that others may still name it."""
    field = entry.__struct_fields__[0]
    entry_id = given.get(field) if isinstance(given, dict) else None
    return entry(entry_id) if isinstance(entry_id, str) else None


def written(noun: Course | Skill | Item, entry: type[EntryIn]) -> bytes:
    """The noun as one JSON object, in one line."""
    return msgspec.json.encode(entry(*(getattr(noun, f) for f in entry.__struct_fields__)))


def _in_our_words(text: str, entry: type[EntryIn]) -> InvalidInput:
    path = _PATH.search(text)
    field = path["path"].lstrip(".") if path else ""
    problem = text[: path.start()] if path else text
    named = _NAMED.search(problem)
    if named and named["what"] == "required":
        field, problem = named["field"], "is missing; add it"
    elif named:
        known = ", ".join(entry.__struct_fields__)
        field, problem = named["field"][:100], f"is not known; leave it out. Known: {known}"
    elif problem.startswith("Invalid enum value"):
        problem = f"{problem[0].lower()}{problem[1:]}; one of {', '.join(ItemKind)}"
    else:
        problem = problem[:1].lower() + problem[1:]
    return InvalidInput(problem, field=field)
