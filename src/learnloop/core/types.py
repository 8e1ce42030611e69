"""What are the nouns of learnloop? Frozen values; every other package speaks in these.

A *learner* is a human, a *model* is an algorithm. What is known about an item as text lives in
`Item`; what scoring needs of ten thousand items lives as arrays in `core.items.ItemTable`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from learnloop.core.ids import (
    CourseId,
    DecisionId,
    InteractionId,
    ItemId,
    LearnerId,
    OutcomeId,
    SkillId,
)
from learnloop.core.time import to_us

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


# --- what can be learnt -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Skill:
    """Something that can be known (a knowledge component).

    Attributes:
        prerequisites: Skills that should be known first.
    """

    skill_id: SkillId
    name: str
    prerequisites: tuple[SkillId, ...] = ()
    description: str = ""


class ItemKind(StrEnum):
    """What a learner does with an item."""

    EXERCISE = "exercise"
    ASSESSMENT = "assessment"
    VIDEO = "video"
    READING = "reading"
    CHARACTER = "character"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to study or answer.

    Attributes:
        skills: The skills it practises; empty where they are unknown.
        difficulty_logit: The author's guess, logits; None where there is none. A fitted model's
            own item parameters go before it.
        expected_seconds: The author's guess of the time needed, seconds.
        choices: Options of a multiple-choice item; empty for a free answer.
        answer: The right answer as text. Never sent to a learner.
        hints: Worked hints, mildest first.
        visible: False hides the item from every learner.
    """

    item_id: ItemId
    skills: tuple[SkillId, ...] = ()
    kind: ItemKind = ItemKind.EXERCISE
    course_id: CourseId | None = None
    title: str = ""
    text: str = ""
    difficulty_logit: float | None = None
    expected_seconds: float | None = None
    choices: tuple[str, ...] = ()
    answer: str | None = None
    hints: tuple[str, ...] = ()
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Course:
    """A named set of items; items point to it."""

    course_id: CourseId
    name: str
    description: str = ""


# --- who learns ---------------------------------------------------------------------------------


class ContentType(StrEnum):
    """Spec 1's four content types; the mapping from four learning-style formats is in the docs."""

    VISUAL = "visual"
    ANALYTICAL = "analytical"
    INTERACTIVE = "interactive"
    MIXED = "mixed"


class ProgressionRate(StrEnum):
    """How fast the learner wants difficulty to rise."""

    SLOW = "slow"
    MODERATE = "moderate"
    FAST = "fast"


class MotivationType(StrEnum):
    """What the learner says drives them."""

    ACHIEVEMENT = "achievement"
    MASTERY = "mastery"
    SOCIAL = "social"
    COMPETITIVE = "competitive"


@dataclass(frozen=True, slots=True)
class TimeSlot:
    """A weekly slot of study time.

    Attributes:
        day: 0 = Monday ... 6 = Sunday.
        start_hour: 0-23, in the learner's own time.
        end_hour: 1-24, after `start_hour`.
    """

    day: int
    start_hour: int
    end_hour: int


@dataclass(frozen=True, slots=True)
class Preferences:
    """What is the learner's to say about how they study; None = not said."""

    preferred_content_type: ContentType | None = None
    session_minutes: int | None = None
    progression_rate: ProgressionRate | None = None
    motivation_factors: tuple[str, ...] = ()
    preferred_characters: tuple[str, ...] = ()
    study_times: tuple[TimeSlot, ...] = ()


@dataclass(frozen=True, slots=True)
class Goals:
    """What the learner wants to reach.

    Attributes:
        target_mastery: P(correct) to reach on each priority skill, (0, 1).
        due_at: When it should be reached.
        priority_skills: The skills that matter; empty = the whole catalog.
    """

    target_mastery: float | None = None
    due_at: datetime | None = None
    priority_skills: tuple[SkillId, ...] = ()
    motivation_type: MotivationType | None = None


@dataclass(frozen=True, slots=True)
class Learner:
    """A human who learns, and what is theirs to say.

    Attributes:
        personalized: False switches personalization off: recommendations follow the curriculum.
        dismissed: Items not to recommend, each until an instant.
        is_demo: True for simulated learners of the demo; shown wherever the learner is shown.
        version: Grows by one with each change; the ETag of the profile holds it.
    """

    learner_id: LearnerId
    created_at: datetime
    preferences: Preferences = Preferences()
    goals: Goals = Goals()
    personalized: bool = True
    dismissed: Mapping[ItemId, datetime] = field(default_factory=dict)
    is_demo: bool = False
    version: int = 1


# --- what happened ------------------------------------------------------------------------------


class InteractionKind(StrEnum):
    """What a learner did with an item."""

    ANSWERED = "answered"
    STUDIED = "studied"
    STARTED = "started"
    VIEWED = "viewed"
    COMPLETED = "completed"
    SKIPPED = "skipped"
    HINT = "hint"
    PLAYED = "played"
    PAUSED = "paused"
    SEEKED = "seeked"


class OrderKey(NamedTuple):
    """The one total order of a learner's interactions."""

    occurred_us: int
    sequence: int
    interaction_id: str


@dataclass(frozen=True, slots=True)
class Interaction:
    """One thing that one learner did. `(learner_id, interaction_id)` is its identity.

    Attributes:
        occurred_at: When it happened, aware UTC. For an answer: when the item was presented.
        sequence: Keeps the order of logs that have no times, or of one instant.
        correct: For an answer: was it right? None where it can't be said (a partial score).
        score: Partial credit, 0-1.
        response_time_ms: From presentation to answer.
        hints: How many hints were taken before the answer.
        decision_id: The decision that led to it, where one did.
        position_s: Where in a video it happened, seconds from the start.
        moved_s: How far a seek went, seconds; backwards is negative.
        received_at: When the store took it; never part of the state or the identity.
    """

    interaction_id: InteractionId
    learner_id: LearnerId
    item_id: ItemId
    kind: InteractionKind
    occurred_at: datetime
    sequence: int = 0
    correct: bool | None = None
    score: float | None = None
    response_time_ms: int | None = None
    hints: int = 0
    decision_id: DecisionId | None = None
    position_s: float | None = None
    moved_s: float | None = None
    received_at: datetime | None = None

    @property
    def order(self) -> OrderKey:
        """Where it stands in the total order `(occurred_at, sequence, interaction_id)`."""
        return OrderKey(to_us(self.occurred_at), self.sequence, self.interaction_id)


# --- what is estimated --------------------------------------------------------------------------


class Ref(NamedTuple):
    """Which model, policy or fold, and which version of it: `ability@2026-01-05`."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    @classmethod
    def parse(cls, text: str) -> "Ref":
        """The Ref written as `name@version`."""
        name, _, version = text.rpartition("@")
        return cls(name, version)


class Target(StrEnum):
    """What is estimated; each target owns its unit."""

    CORRECT = "correct"  # P(the next answer is right), [0, 1], one value per item
    MASTERY = "mastery"  # P(right on an item of middle difficulty), [0, 1], one value per skill
    RECALL = "recall"  # P(remembered, if asked now), [0, 1], one value per skill


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a model says, for each item or skill of a table.

    Attributes:
        values: (n,) in the target's unit.
        stddev: (n,) in the target's unit: how unsure the model is.
    """

    target: Target
    values: Floats
    stddev: Floats
    model: Ref
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """The learner's own record per skill, aligned with the table's skills: what reasons cite.

    Attributes:
        n_answers: (S,) answers given to items of the skill.
        n_correct: (S,) of them right.
        last_us: (S,) when last answered, microseconds; 0 = never.
        item_last_us: When each of the latest items was last answered or worked through.
        item_correct: Whether that answer was right; True for what was worked through.
        n_total: All answers of the learner.
    """

    n_answers: Ints
    n_correct: Ints
    last_us: Ints
    item_last_us: Mapping[ItemId, int]
    item_correct: Mapping[ItemId, bool]
    n_total: int


# --- what is chosen -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShowItem:
    """The action of showing one item."""

    item_id: ItemId


Action = ShowItem


@dataclass(frozen=True, slots=True)
class Reason:
    """An explanation as data: the edges turn it into a sentence.

    Attributes:
        code: Which reason, e.g. `review_due`; listed in the docs.
        weight: Its share in the score, larger first.
        detail: The facts of the learner's own record that it names.
    """

    code: str
    weight: float
    detail: Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Choice:
    """One action of a slate.

    Attributes:
        score: What the policy ranks by; comparable inside one decision only.
        propensity: P(this action at this position | context, earlier positions), (0, 1].
        p_correct: The model's P(correct) at the time, where the policy used it.
    """

    action: Action
    score: float
    propensity: float
    reasons: tuple[Reason, ...] = ()
    p_correct: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A logged choice: replays exactly from `(seed, decision_id)`.

    Attributes:
        choices: In slate order; choice k is recommendation `{decision_id}.{k}`.
        assignment: Experiment arm, where one applied.
    """

    decision_id: DecisionId
    learner_id: LearnerId
    decided_at: datetime
    policy: Ref
    models: tuple[Ref, ...]
    choices: tuple[Choice, ...]
    assignment: str | None = None


class Metric(StrEnum):
    """What an outcome measures."""

    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    COMPLETED = "completed"
    RATING = "rating"  # 1-5
    CORRECT = "correct"  # 0-1, joined from an answer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one choice of one decision.

    Attributes:
        position: Which choice of the slate, 0-based.
        value: In the metric's unit.
    """

    outcome_id: OutcomeId
    decision_id: DecisionId
    position: int
    learner_id: LearnerId
    metric: Metric
    value: float
    observed_at: datetime
