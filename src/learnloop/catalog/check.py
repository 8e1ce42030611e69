"""Which entries of a catalog are wrong? All of them are named, each at its line."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from learnloop.catalog.cycles import circles_of
from learnloop.core.errors import Rejection
from learnloop.core.ids import CourseId, SkillId, id_problem, is_control
from learnloop.core.types import Course, Item, Skill

MAX_NAME = 500
MAX_TEXT = 20_000
MAX_LIST = 100
MAX_DIFFICULTY_LOGIT = 10.0
MAX_EXPECTED_SECONDS = 86_400.0

T = TypeVar("T")
Entry = TypeVar("Entry", Course, Skill, Item)


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """An entry and where it was read.

    Attributes:
        line: 1-based line of the file, or 0-based index.
        path: What to call the entry, e.g. `items[12]`.
        source: The file, where there are several.
    """

    value: T
    line: int
    path: str
    source: str = ""

    def reject(self, field: str, problem: str, code: str = "invalid_input") -> Rejection:
        """This entry's field is wrong."""
        path = f"{self.path}.{field}".strip(".")
        where = f"{self.source} line {self.line}: " if self.source else ""
        return Rejection(self.line, code, f"{where}{path}: {problem}", path)


def by_index(kind: str, entries: Iterable[T]) -> list[Placed[T]]:
    """Entries that came from no file, placed by their index."""
    return [Placed(x, i, f"{kind}[{i}]") for i, x in enumerate(entries)]


def problems(
    courses: Sequence[Placed[Course]],
    skills: Sequence[Placed[Skill]],
    items: Sequence[Placed[Item]],
    known_courses: Iterable[Course] = (),
    known_skills: Iterable[Skill] = (),
) -> Iterator[Rejection]:
    """Everything that is wrong, in no particular order."""
    course_ids = {x.course_id for x in known_courses} | {p.value.course_id for p in courses}
    before = {x.skill_id: x for x in known_skills}
    skill_ids = before.keys() | {p.value.skill_id for p in skills}
    yield from _duplicates(courses, "course_id")
    yield from _duplicates(skills, "skill_id")
    yield from _duplicates(items, "item_id")
    for course in courses:
        yield from _texts(course, {"name": course.value.name})
        yield from _texts(course, {"description": course.value.description}, MAX_TEXT)
    for skill in skills:
        yield from _skill(skill, skill_ids)
    for item in items:
        yield from _item(item, skill_ids, course_ids)
    circles = circles_of(before | {p.value.skill_id: p.value for p in skills})
    for skill in skills:
        if circle := circles.get(skill.value.skill_id):
            problem = f"go round in a circle: {' -> '.join(circle)}; take one of these out"
            yield skill.reject("prerequisites", problem, "prerequisite_cycle")


def _duplicates(entries: Sequence[Placed[Entry]], field: str) -> Iterator[Rejection]:
    first: dict[str, Placed[Entry]] = {}
    for placed in entries:
        entry_id: str = getattr(placed.value, field)
        problem = id_problem(entry_id)
        if problem:
            yield placed.reject(field, problem)
        elif entry_id in first:
            where = first[entry_id]
            at = where.path or f"line {where.line}"
            yield placed.reject(field, f"{entry_id!r} is there already, at {at}", "duplicate_id")
        else:
            first[entry_id] = placed


def _texts(
    placed: Placed[T], texts: Mapping[str, str | None], longest: int = MAX_NAME
) -> Iterator[Rejection]:
    for field, text in texts.items():
        if text is None:
            continue
        if len(text) > longest:
            yield placed.reject(field, f"has {len(text)} characters; at most {longest} are kept")
        if not text.isprintable() and any(is_control(c) and c not in "\n\r\t" for c in text):
            yield placed.reject(field, "has a control character; remove it")


def _skill(placed: Placed[Skill], skill_ids: set[SkillId]) -> Iterator[Rejection]:
    skill = placed.value
    yield from _texts(placed, {"name": skill.name})
    yield from _texts(placed, {"description": skill.description}, MAX_TEXT)
    yield from _named(placed, "prerequisites", skill.prerequisites, skill_ids)


def _named(
    placed: Placed[T], field: str, names: Sequence[SkillId], skill_ids: set[SkillId]
) -> Iterator[Rejection]:
    if len(names) > MAX_LIST:
        yield placed.reject(field, f"has {len(names)} entries; at most {MAX_LIST} are kept")
    for i, name in enumerate(names[:MAX_LIST]):
        at = f"{field}[{i}]"
        if name not in skill_ids:
            problem = f"there is no skill {name!r}; add it or correct the id"
            yield placed.reject(at, problem, "unknown_skill")
        elif name in names[:i]:
            yield placed.reject(at, f"{name!r} is named twice; leave one out")


def _item(
    placed: Placed[Item], skill_ids: set[SkillId], course_ids: set[CourseId]
) -> Iterator[Rejection]:
    item = placed.value
    yield from _texts(placed, {"title": item.title})
    yield from _texts(placed, {"text": item.text, "answer": item.answer}, MAX_TEXT)
    yield from _named(placed, "skills", item.skills, skill_ids)
    for field, texts in (("choices", item.choices), ("hints", item.hints)):
        if len(texts) > MAX_LIST:
            yield placed.reject(field, f"has {len(texts)} entries; at most {MAX_LIST} are kept")
        named = {f"{field}[{i}]": text for i, text in enumerate(texts[:MAX_LIST])}
        yield from _texts(placed, named, MAX_TEXT)
    if item.course_id is not None and item.course_id not in course_ids:
        problem = f"there is no course {item.course_id!r}; add it or correct the id"
        yield placed.reject("course_id", problem, "unknown_course")
    yield from _numbers(placed)
    yield from _choices(placed)


def _numbers(placed: Placed[Item]) -> Iterator[Rejection]:
    difficulty, seconds = placed.value.difficulty_logit, placed.value.expected_seconds
    limit = MAX_DIFFICULTY_LOGIT
    if difficulty is not None and not (math.isfinite(difficulty) and abs(difficulty) <= limit):
        problem = f"must be a number from -{limit:g} to {limit:g}, not {difficulty}"
        yield placed.reject("difficulty_logit", problem)
    if seconds is not None and not (math.isfinite(seconds) and 0 < seconds <= MAX_EXPECTED_SECONDS):
        problem = f"must be above 0 and at most {MAX_EXPECTED_SECONDS:g}, not {seconds}"
        yield placed.reject("expected_seconds", problem)


def _choices(placed: Placed[Item]) -> Iterator[Rejection]:
    choices, answer = placed.value.choices, placed.value.answer
    if not choices:
        return
    if len(choices) < 2:
        yield placed.reject("choices", "has one entry; give at least two, or none")
    for i, choice in enumerate(choices[:MAX_LIST]):
        if choice in choices[:i]:
            yield placed.reject(f"choices[{i}]", f"{choice!r} is there twice; leave one out")
    if answer is not None and answer not in choices:
        yield placed.reject("answer", f"{answer!r} is not one of the choices")
