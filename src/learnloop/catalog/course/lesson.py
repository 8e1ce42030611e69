"""How does a lesson become items? Each template is asked for exercises from easy to hard.

A template draws numbers for a level in [0, 1] (0 = easiest) and returns a draft: the text, the
answer, and hints that end just short of it. Difficulty is the author's guess in logits:
`lesson.middle + 1.1 (2 level - 1)`, before any learner has answered.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from learnloop.core.ids import ItemId
from learnloop.core.random import derive_rng
from learnloop.core.types import Course, Item, ItemKind, Skill

N_EXERCISES = 20
N_ASSESSMENTS = 4
SPREAD_LOGIT = 1.1
READING_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Draft:
    """An item before it has a name.

    Attributes:
        answer: The right answer; one of `choices` where there are any.
        hints: Two or three, mildest first.
        seconds: Expected time.
    """

    text: str
    answer: str
    hints: tuple[str, ...]
    choices: tuple[str, ...] = ()
    seconds: float = 30.0


Template = Callable[[np.random.Generator, float], Draft]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A skill, its worked example and its templates.

    Attributes:
        middle: Difficulty of its middle exercise, logits.
    """

    skill: Skill
    middle: float
    reading: str
    templates: tuple[Template, ...]


def items_of(lesson: Lesson, course: Course, seed: int) -> Iterator[Item]:
    """The lesson's worked example, exercises and assessment items, no text twice."""
    yield Item(
        ItemId(f"{lesson.skill.skill_id}-read"),
        (lesson.skill.skill_id,),
        ItemKind.READING,
        course.course_id,
        title=f"{lesson.skill.name}: worked example",
        text=lesson.reading,
        difficulty_logit=round(lesson.middle - SPREAD_LOGIT, 3),
        expected_seconds=READING_SECONDS,
        hints=("Read it once, then cover the last lines and work them out yourself.",),
    )
    seen: set[str] = set()
    yield from _series(lesson, course, seed, ItemKind.EXERCISE, N_EXERCISES, seen)
    yield from _series(lesson, course, seed, ItemKind.ASSESSMENT, N_ASSESSMENTS, seen)


def _series(
    lesson: Lesson, course: Course, seed: int, kind: ItemKind, n: int, seen: set[str]
) -> Iterator[Item]:
    word = "exercise" if kind is ItemKind.EXERCISE else "check"
    for k in range(n):
        item_id = ItemId(f"{lesson.skill.skill_id}-{word}-{k + 1:02d}")
        level = (k + 0.5) / n
        draft = _unseen(lesson.templates[k % len(lesson.templates)], level, seed, item_id, seen)
        yield Item(
            item_id,
            (lesson.skill.skill_id,),
            kind,
            course.course_id,
            title=f"{lesson.skill.name}: {word} {k + 1}",
            text=draft.text,
            difficulty_logit=round(lesson.middle + SPREAD_LOGIT * (2.0 * level - 1.0), 3),
            expected_seconds=float(round(draft.seconds * (0.7 + 0.6 * level))),
            choices=draft.choices,
            answer=draft.answer,
            hints=draft.hints,
        )


def _unseen(template: Template, level: float, seed: int, item_id: str, seen: set[str]) -> Draft:
    rng = derive_rng(seed, "course", item_id)
    draft = template(rng, level)
    while draft.text in seen:
        draft = template(rng, level)
    seen.add(draft.text)
    return draft


def between(
    rng: np.random.Generator, level: float, easy: tuple[int, int], hard: tuple[int, int]
) -> int:
    """A whole number whose bounds (both included) move from `easy` to `hard` with the level."""
    low = round(easy[0] + level * (hard[0] - easy[0]))
    high = round(easy[1] + level * (hard[1] - easy[1]))
    return int(rng.integers(low, high + 1))


def shuffled(rng: np.random.Generator, answer: str, wrong: list[str]) -> tuple[str, ...]:
    """The answer and up to three different wrong choices, in random order."""
    others = [x for x in dict.fromkeys(wrong) if x != answer][:3]
    options = [answer, *others]
    return tuple(options[i] for i in rng.permutation(len(options)))


def signed(number: int) -> str:
    """A term that follows another: `+ 5` or `- 5`."""
    return f"+ {number}" if number >= 0 else f"- {-number}"
