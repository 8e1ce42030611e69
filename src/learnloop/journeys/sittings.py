"""How far is a learner's placement? Read from the log of decisions, and from nothing else.

A *sitting* is one placement, from its first question to its end. Its decisions have ids that follow
from the learner, the number of the sitting and the place in it, so each is found by its id:

    placement-{digest of the learner}-{sitting}-{place}       a question, place 0 first
    placement-{digest of the learner}-{sitting}-{ending}      a decision to ask nothing: the end

What was answered is the outcome `correct` of the decision; the first one counts. So a sitting
survives a restart, an answer that is sent twice is one answer, and nothing is stored twice. What a
sitting is about stands in the reason `placement` of its questions.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from itertools import count

from learnloop.core.ids import CourseId, DecisionId, LearnerId, SkillId
from learnloop.core.protocols import Transaction
from learnloop.core.types import Decision, Metric
from learnloop.policies.placement import Answer, Stop

_RIGHT = {1.0: True, 0.0: False}


class Ending(StrEnum):
    """How a sitting ended."""

    PRECISE = Stop.PRECISE.value  # the ability is known well enough
    LONG = Stop.LONG.value  # the most questions were asked
    NOTHING_LEFT = Stop.NOTHING_LEFT.value  # no question is left
    ABANDONED = "abandoned"  # the learner has had enough
    SKIPPED = "skipped"  # the learner did not want to begin


@dataclass(frozen=True, slots=True)
class Scope:
    """What a sitting is about; everything where nothing is said."""

    skills: tuple[SkillId, ...] = ()
    course_id: CourseId | None = None

    def facts(self) -> dict[str, str | int | float]:
        """As facts of a reason."""
        facts: dict[str, str | int | float] = {}
        if self.skills:
            facts["skills"] = json.dumps(self.skills)
        if self.course_id is not None:
            facts["course_id"] = self.course_id
        return facts

    @classmethod
    def of(cls, decision: Decision) -> "Scope":
        """What the sitting of a question is about."""
        said = (r.detail for c in decision.choices for r in c.reasons if r.code == "placement")
        facts = next(said, {})
        skills = tuple(SkillId(s) for s in json.loads(str(facts.get("skills", "[]"))))
        course = facts.get("course_id")
        return cls(skills, None if course is None else CourseId(str(course)))


@dataclass(frozen=True, slots=True)
class Sitting:
    """One placement of one learner.

    Attributes:
        number: 1 for the learner's first.
        questions: The decisions that ask something, in order.
        answers: The first answer to each of them that has one.
        waiting: The last question, while it is neither answered nor dismissed.
        end: The decision that ended it.
        ending: How it ended; None while it goes on.
    """

    learner_id: LearnerId
    number: int
    questions: tuple[Decision, ...] = ()
    answers: tuple[Answer, ...] = ()
    waiting: Decision | None = None
    end: Decision | None = None
    ending: Ending | None = None

    @property
    def sitting_id(self) -> str:
        """What the ids of its decisions begin with."""
        return _sitting_id(self.learner_id, self.number)

    @property
    def next_id(self) -> DecisionId:
        """Of the next question."""
        return DecisionId(f"{self.sitting_id}-{len(self.questions)}")

    def end_id(self, ending: Ending) -> DecisionId:
        """Of the decision that ends it."""
        return DecisionId(f"{self.sitting_id}-{ending}")

    @property
    def scope(self) -> Scope:
        """What it is about."""
        return Scope.of(self.questions[0]) if self.questions else Scope()


def latest_sitting(tx: Transaction, learner_id: LearnerId) -> Sitting | None:
    """The learner's last sitting; None where there is none."""
    number = 0
    while _exists(tx, _sitting_id(learner_id, number + 1)):
        number += 1
    return _read(tx, learner_id, number) if number else None


def _sitting_id(learner_id: LearnerId, number: int) -> str:
    digest = blake2b(learner_id.encode(), digest_size=12).hexdigest()
    return f"placement-{digest}-{number}"


def _exists(tx: Transaction, sitting: str) -> bool:
    ids = (f"{sitting}-0", f"{sitting}-{Ending.SKIPPED}")
    return any(tx.decisions.get(DecisionId(x)) is not None for x in ids)


def _read(tx: Transaction, learner_id: LearnerId, number: int) -> Sitting:
    sitting = _sitting_id(learner_id, number)
    questions: list[Decision] = []
    answers: list[Answer] = []
    waiting: Decision | None = None
    for place in count():
        decision = tx.decisions.get(DecisionId(f"{sitting}-{place}"))
        if decision is None:
            break
        questions.append(decision)
        outcomes = tx.outcomes.of_decision(decision.decision_id)
        scores = [x.value for x in outcomes if x.metric is Metric.CORRECT]
        asked = decision.choices[0].action.item_id
        answers += [Answer(asked, _RIGHT.get(score)) for score in scores[:1]]
        dismissed = any(x.metric is Metric.DISMISSED for x in outcomes)
        waiting = None if scores or dismissed else decision
    end, ending = _end(tx, sitting)
    waiting = waiting if ending is None else None
    return Sitting(learner_id, number, tuple(questions), tuple(answers), waiting, end, ending)


def _end(tx: Transaction, sitting: str) -> tuple[Decision | None, Ending | None]:
    for ending in Ending:
        end = tx.decisions.get(DecisionId(f"{sitting}-{ending}"))
        if end is not None:
            return end, ending
    return None, None
