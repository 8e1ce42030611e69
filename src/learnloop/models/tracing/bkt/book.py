"""What was learnt from the training learners? Parameters of skills and items, frozen.

A skill is `fitted` where it had answers enough, and else `pooled`: it has the course's values, and
says so. An item that was never seen has the easiness of its skill, and is unsure by as much as
items differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from learnloop.core.items import ItemTable
from learnloop.core.types import Item

NO_SKILL = ""
"""The skill of items without one."""


class Source(StrEnum):
    """Where a skill's parameters come from."""

    FITTED = "fitted"
    POOLED = "pooled"


class SkillFacts(NamedTuple):
    """One skill's parameters.

    Attributes:
        prior_logit: Of P(known) before the first opportunity, whoever the learner is.
        learn: P(unknown becomes known) after a wrong answer, a right one, and studying, so that
            the log's code of an answer is the index.
        guess_logit: Of P(right | unknown), on the skill's average item by the average learner.
        gap: By how much P(right | known) is above that, logits, > 0.
        forget: P(known becomes unknown) from one opportunity to the next, whatever happens between.
        source: Whether these are its own.
    """

    prior_logit: float
    learn: tuple[float, float, float]
    guess_logit: float
    gap: float
    forget: float
    source: Source


class Forgetting(NamedTuple):
    """What is kept: (1 + others)^-by_others (1 + hours)^-by_hours.

    Attributes:
        by_others: Exponent of the learner's other opportunities since.
        by_hours: Exponent of the hours since.
    """

    by_others: float
    by_hours: float


class LearnerFacts(NamedTuple):
    """What holds of every learner.

    Attributes:
        variance: Prior variance of the shift; 0 = learners do not differ.
        drift: What it gains with each answer.
    """

    variance: float
    drift: float


class Asked(NamedTuple):
    """One item, ready to be asked.

    Attributes:
        easiness: Logits above the average item of its skills.
        variance: How unsure that is, logits squared.
        skills: Its skills; `NO_SKILL` where there is none.
        facts: Theirs.
    """

    easiness: float
    variance: float
    skills: tuple[str, ...]
    facts: tuple[SkillFacts, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """All frozen parameters.

    Attributes:
        skills: By skill id.
        population: Those of the course: of skills never seen, and of pooled ones.
        items: Easiness and its variance by item id.
        item_variance: Of items never seen.
        learner: What holds of every learner.
        forgetting: What is kept.
    """

    skills: Mapping[str, SkillFacts]
    population: SkillFacts
    items: Mapping[str, tuple[float, float]]
    item_variance: float
    learner: LearnerFacts
    forgetting: Forgetting

    def skill(self, skill: str) -> SkillFacts:
        """The parameters of a skill: the course's where it was never seen."""
        return self.skills.get(skill, self.population)

    def asked(self, item: Item) -> Asked:
        """An item's parameters; the author's guess counts where its skills were never seen."""
        skills: tuple[str, ...] = item.skills or (NO_SKILL,)
        known = self.items.get(item.item_id)
        if known is None:
            guess = item.difficulty_logit
            new = guess is not None and not any(s in self.skills for s in skills)
            known = (-guess if new and guess is not None else 0.0), self.item_variance
        return Asked(*known, skills, tuple(self.skill(s) for s in skills))


COLD = SkillFacts(-0.5, (0.1, 0.15, 0.1), -1.0, 2.0, 0.0, Source.POOLED)
"""A skill of a course without any answers: chosen, not measured."""


AUTHORED = 0.25
"""How unsure an author's difficulty is, logits squared."""


def cold_book(learner: LearnerFacts, table: ItemTable) -> Book:
    """The book of a fresh install: the authors' difficulties, and one kind of skill."""
    authored = [(x.item_id, x.difficulty_logit) for x in table.items]
    items: dict[str, tuple[float, float]] = {
        item_id: (-guess, AUTHORED) for item_id, guess in authored if guess is not None
    }
    return Book({}, COLD, items, 1.0, learner, Forgetting(0.02, 0.02))
