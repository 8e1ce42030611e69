"""What does a journey hand back? Plain frozen values that the API, the CLI and the pages show."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from learnloop.core.errors import Rejection
from learnloop.core.ids import CourseId, DecisionId, ItemId, LearnerId, SkillId
from learnloop.core.types import (
    Bools,
    Floats,
    Goals,
    Item,
    Preferences,
    Reason,
    Ref,
    TimeSlot,
)
from learnloop.core.watch import PeriodFigures


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch of interactions: every element is in one of the three."""

    accepted: int
    duplicates: int
    rejected: tuple[Rejection, ...] = ()


class Recommendation(NamedTuple):
    """One item to study next, and why.

    Attributes:
        recommendation_id: `{decision_id}.{position}`; feedback refers to it.
        p_correct: Chance of a right answer now, [0, 1]; None where no model could say.
    """

    recommendation_id: str
    item: Item
    score: float
    propensity: float
    p_correct: float | None
    reasons: tuple[Reason, ...]


class RecommendationSet(NamedTuple):
    """One logged decision, as the learner's platform sees it."""

    decision_id: DecisionId
    learner_id: LearnerId
    decided_at: datetime
    policy: Ref
    models: tuple[Ref, ...]
    recommendations: tuple[Recommendation, ...]


@dataclass(frozen=True, slots=True)
class SkillLevel:
    """What is known of one skill.

    Attributes:
        mastery: P(right on an item of middle difficulty), [0, 1].
        low: With `high`, the 80% interval of `mastery`.
        sure: False under 5 answers: show "not sure yet" and no percentage.
        trend_per_week: Change of the success rate per week of practice; None while unsure.
    """

    skill_id: SkillId
    name: str
    mastery: float
    low: float
    high: float
    n_answers: int
    n_correct: int
    last_answered_at: datetime | None
    sure: bool
    trend_per_week: float | None


@dataclass(frozen=True, slots=True)
class SkillProfile:
    """Spec 1's `skillProfile`.

    Attributes:
        learning_velocity: Skills that reached mastery per week of activity; None while unsure.
    """

    current_levels: tuple[SkillLevel, ...]
    weak_areas: tuple[SkillId, ...]
    mastered_concepts: tuple[SkillId, ...]
    learning_velocity: float | None


@dataclass(frozen=True, slots=True)
class EngagementPattern:
    """How the learner's sessions look (a session ends after 30 minutes without activity)."""

    n_sessions: int
    mean_session_minutes: float
    sessions_per_week: float
    days_active: int
    last_active_at: datetime | None


@dataclass(frozen=True, slots=True)
class CompletionRates:
    """What becomes of what is started."""

    n_started: int
    n_completed: int
    n_skipped: int
    completion_rate: float | None


@dataclass(frozen=True, slots=True)
class BehavioralMetrics:
    """Spec 1's `behavioralMetrics`, counted from the log.

    Attributes:
        active_times: The weekly hours (UTC) with most activity, busiest first.
    """

    engagement: EngagementPattern
    completion: CompletionRates
    active_times: tuple[TimeSlot, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """All that is known about a learner: what they said, and what the log shows.

    Attributes:
        optimal_session_minutes: What the learner said, else what their sessions show.
        etag: Changes whenever anything here does.
    """

    learner_id: LearnerId
    is_demo: bool
    personalized: bool
    created_at: datetime
    as_of: datetime
    n_interactions: int
    skills: SkillProfile
    preferences: Preferences
    optimal_session_minutes: float | None
    behavior: BehavioralMetrics
    goals: Goals
    dismissed: tuple[ItemId, ...]
    models: tuple[Ref, ...]
    etag: str


@dataclass(frozen=True, slots=True)
class ProgressDay:
    """One day (UTC) of answers."""

    day: str
    n_answers: int
    n_correct: int
    minutes: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How a learner did over a window of days."""

    learner_id: LearnerId
    since: datetime
    until: datetime
    n_answers: int
    n_correct: int
    accuracy: float | None
    days: tuple[ProgressDay, ...]
    skills: tuple[SkillLevel, ...]


@dataclass(frozen=True, slots=True)
class SkillForecast:
    """Where one skill stands and what it takes to reach the goal.

    Attributes:
        in_days: Forecast horizon.
        mastery_then: Estimate at the horizon without practice (forgetting), with its 80%
            interval `low_then`-`high_then`.
        answers_to_goal_low: With `answers_to_goal_high`, the 80% range of answers to the skill
            until the estimate is at the target; None while too little is known, or where the goal
            is not in sight.
        days_to_goal_low: With `days_to_goal_high`, the same in whole days, if the learner goes on
            at about the pace of their latest answers; None where no times are known, too.
        n_next: The next answers that `next_right_low` and `next_right_high` are about.
        next_right_low: With `next_right_high`, the 80% range of how many of them will be right.
        velocity: How the chance of a right answer changed per week over the latest answers (at
            most 20; less than a week counts as one), with its 80% interval `velocity_low` to
            `velocity_high`; None while unsure.
    """

    skill_id: SkillId
    name: str
    mastery: float
    low: float
    high: float
    in_days: float
    mastery_then: float
    low_then: float
    high_then: float
    target: float
    answers_to_goal_low: int | None
    answers_to_goal_high: int | None
    sure: bool
    days_to_goal_low: int | None
    days_to_goal_high: int | None
    n_next: int
    next_right_low: int | None
    next_right_high: int | None
    velocity: float | None
    velocity_low: float | None
    velocity_high: float | None


@dataclass(frozen=True, slots=True)
class Predictions:
    """Forecasts for the skills that were asked for, in prerequisite order."""

    learner_id: LearnerId
    as_of: datetime
    model: Ref
    skills: tuple[SkillForecast, ...]


@dataclass(frozen=True, slots=True)
class Remembered:
    """How well one skill or item is remembered; of what was never met, only that.

    Attributes:
        recall: P(recalled) at the instant asked about, (0, 1).
        low: With `high`, where the chances of 80% of such memories lie.
        sure: False with few reviews: show "not sure yet" and no percentage.
        stability_days: Days from a review until recall is 90%.
        below_at: When recall falls below the desired one.
        review_at: When the scheduler would have it reviewed, whole days after the last review.
    """

    id: str
    n_reviews: int
    sure: bool
    recall: float | None = None
    low: float | None = None
    high: float | None = None
    stability_days: float | None = None
    reviewed_at: datetime | None = None
    below_at: datetime | None = None
    review_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """What a learner remembers at an instant.

    Attributes:
        desired: The recall that reviews are to keep, (0, 1).
    """

    learner_id: LearnerId
    at: datetime
    model: Ref
    desired: float
    skills: tuple[Remembered, ...]
    items: tuple[Remembered, ...]


@dataclass(frozen=True, slots=True)
class ModelPerformance:
    """How a fitted model did when it was evaluated, and whether it is live.

    Attributes:
        periods: How it did in service, as it was last judged, newest first.
    """

    ref: Ref
    live: bool
    created_at: datetime | None
    metrics: dict[str, float]
    periods: tuple[PeriodFigures, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FeatureVector:
    """What one learner's features say at an instant.

    Attributes:
        item_id: What was asked about.
        as_of: When the latest event folded in happened; None where there is none, or no times.
        n_interactions: How many events are folded in.
        ref: Version of the definitions and of the item statistics.
        values: (n,) one per name, with the defaults where unknown; NaN where there is no default.
        known: (n,) whether it is known.
    """

    learner_id: LearnerId
    item_id: ItemId | None
    at: datetime
    as_of: datetime | None
    n_interactions: int
    ref: Ref
    names: tuple[str, ...]
    values: Floats
    known: Bools

    @property
    def age_seconds(self) -> float | None:
        """From the latest event to the instant, s."""
        return None if self.as_of is None else (self.at - self.as_of).total_seconds()


class PlacementStatus(StrEnum):
    """How far a placement is."""

    NOT_STARTED = "not_started"
    OPEN = "open"
    FINISHED = "finished"
    ABANDONED = "abandoned"
    SKIPPED = "skipped"


class PlacementQuestion(NamedTuple):
    """The question of a placement that waits for its answer.

    Attributes:
        decision_id: Goes with the answer.
    """

    decision_id: DecisionId
    item: Item
    asked_at: datetime
    propensity: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """How far a learner's placement is, and what it found.

    Attributes:
        ended: Why it ended: `precise`, `long`, `nothing_left`, `abandoned`, `skipped`.
        ability: In standard deviations of the learners that the items were calibrated on; None
            without an answer.
        stddev: Its standard error.
        low: With `high`, its 90% interval.
        skills: Where each skill in scope stands now.
        question: What waits for an answer; None where the next one is still to be chosen.
        bank: Whose item parameters the ability rests on.
    """

    learner_id: LearnerId
    status: PlacementStatus
    ended: str | None
    placement_id: str | None
    started_at: datetime | None
    ended_at: datetime | None
    scope_skills: tuple[SkillId, ...]
    course_id: CourseId | None
    n_asked: int
    n_answers: int
    max_items: int
    se_target: float
    ability: float | None
    stddev: float | None
    low: float | None
    high: float | None
    skills: tuple[SkillLevel, ...]
    question: PlacementQuestion | None
    policy: Ref
    bank: Ref


class InformativeItem(NamedTuple):
    """An item that tells much about a learner.

    Attributes:
        information: Fisher information times prior variance on the logit scale, [0, 1].
        p_correct: Chance of a right answer now, (0, 1).
    """

    item: Item
    information: float
    p_correct: float
    reasons: tuple[Reason, ...]


class InformativeItems(NamedTuple):
    """The items that tell most about a learner, best first."""

    learner_id: LearnerId
    as_of: datetime
    model: Ref
    items: tuple[InformativeItem, ...]
