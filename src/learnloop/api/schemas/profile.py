"""What does a learner's profile look like? Every field of the platform's requirements, by its name.

`skillProfile`, `behavioralMetrics.engagement_patterns` and `completion_rates` are seen in the log;
`learningStyle`, `goals`, `preferred_characters` and `optimal_study_times` are the learner's to say.
"""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated

from pydantic import Field

from learnloop.api.schemas.fields import Body, Id, Instant, Reply, Share, Word
from learnloop.core.ids import SkillId
from learnloop.core.types import (
    ContentType,
    Goals,
    MotivationType,
    Preferences,
    ProgressionRate,
    TimeSlot,
)
from learnloop.journeys.profiles import ProfileChange
from learnloop.journeys.results import BehavioralMetrics, Profile, SkillLevel, SkillProfile

MAX_LIST = 50
MAX_SESSION_MINUTES = 24 * 60

Lax = Field(strict=False)
Words = Annotated[list[Word], Field(max_length=MAX_LIST)]


class TimeSlotBody(Body):
    """A weekly slot, in the learner's own time."""

    day: int = Field(ge=0, le=6, description="0 = Monday ... 6 = Sunday.")
    start_hour: int = Field(ge=0, le=23)
    end_hour: int = Field(
        ge=1, le=24, description="Not after `start_hour`: on the next day; kept as two slots."
    )


class LearningStyle(Body):
    """How the learner says they like to study; it does not decide what they can learn."""

    preferred_content_type: Annotated[ContentType, Lax] | None = None
    optimal_session_length: int | None = Field(
        None, ge=1, le=MAX_SESSION_MINUTES, description="Minutes."
    )
    difficulty_progression_rate: Annotated[ProgressionRate, Lax] | None = None
    motivation_factors: Words = Field([])


class GoalsBody(Body):
    """What the learner wants to reach."""

    target_skill_level: float | None = Field(
        None, gt=0, lt=1, description="P(right) to reach on each priority skill."
    )
    timeline: Instant | None = Field(None, description="When it should be reached.")
    priority_areas: Annotated[list[Id], Field(max_length=500)] = Field(
        [], description="Skill ids; empty = the whole catalog."
    )
    motivation_type: Annotated[MotivationType, Lax] | None = None


class StatedBehavior(Body):
    """The part of `behavioralMetrics` that is the learner's to say."""

    preferred_characters: Words | None = None
    optimal_study_times: Annotated[list[TimeSlotBody], Field(max_length=MAX_LIST)] | None = None


class ProfilePut(Body):
    """What is the learner's to say; a part that is left out stays as it is."""

    learningStyle: LearningStyle | None = None  # noqa: N815 -- the words of the public contract
    behavioralMetrics: StatedBehavior | None = None  # noqa: N815
    goals: GoalsBody | None = None
    personalized: bool | None = Field(
        None, description="false: recommendations follow the curriculum."
    )


class SkillLevelOut(Reply):
    """What is known of one skill."""

    skill_id: str
    name: str
    level: Share = Field(description="P(right on an item of middle difficulty).")
    low: Share = Field(description="With `high`, the 80% interval of `level`.")
    high: Share
    n_answers: int = Field(ge=0)
    n_correct: int = Field(ge=0)
    last_answered_at: datetime | None
    sure: bool = Field(description="False under 5 answers: show 'not sure yet', no percentage.")


class SkillTrendOut(Reply):
    """How one skill is changing."""

    skill_id: str
    change_per_week: float = Field(description="Of the share of right answers.")


class SkillProfileOut(Reply):
    """What the learner knows."""

    current_levels: list[SkillLevelOut]
    improvement_trajectory: list[SkillTrendOut] = Field(
        description="Skills with enough answers to tell."
    )
    weak_areas: list[str] = Field(description="Skill ids, weakest first.")
    mastered_concepts: list[str] = Field(description="Skill ids.")
    learning_velocity: float | None = Field(
        description="Skills that reached mastery per week of activity; null = not sure yet."
    )


class LearningStyleOut(Reply):
    """How the learner says they like to study; null = not said."""

    preferred_content_type: ContentType | None
    optimal_session_length: float | None = Field(
        description="Minutes: what the learner said, else the mean of their sessions."
    )
    difficulty_progression_rate: ProgressionRate | None
    motivation_factors: list[str]


class EngagementOut(Reply):
    """How the learner's sessions look; one ends after 30 minutes without activity."""

    n_sessions: int
    mean_session_minutes: float
    sessions_per_week: float
    days_active: int
    last_active_at: datetime | None


class CompletionOut(Reply):
    """What becomes of what is started."""

    n_started: int
    n_completed: int
    n_skipped: int
    completion_rate: Share | None


class BehaviorOut(Reply):
    """What the learner does, and when they say they study."""

    engagement_patterns: list[EngagementOut]
    completion_rates: CompletionOut
    preferred_characters: list[str]
    optimal_study_times: list[TimeSlotBody] = Field(
        description="What the learner said, else the weekly hours (UTC) of most activity."
    )


class ProfileOut(Reply):
    """All that is known about a learner.

    `etag` changes with the profile and with the day, for estimates fade while nothing happens.
    """

    userId: str  # noqa: N815
    skillProfile: SkillProfileOut  # noqa: N815
    learningStyle: LearningStyleOut  # noqa: N815
    behavioralMetrics: BehaviorOut  # noqa: N815
    goals: GoalsBody
    is_demo: bool = Field(description="A simulated learner: label it wherever it is shown.")
    personalized: bool
    created_at: datetime
    as_of: datetime
    n_interactions: int
    dismissed: list[str] = Field(description="Items that are not recommended for now.")
    models: list[str]
    etag: str


# --- from the wire --------------------------------------------------------------------------------


def goals_of(body: GoalsBody) -> Goals:
    """What the learner wants to reach, as the journeys take it."""
    return Goals(
        target_mastery=body.target_skill_level,
        due_at=body.timeline,
        priority_skills=tuple(SkillId(s) for s in body.priority_areas),
        motivation_type=body.motivation_type,
    )


def change_of(body: ProfilePut, stored: Preferences) -> ProfileChange:
    """The change that a body asks for, given what the learner said before."""
    said = stored
    if body.learningStyle is not None:
        style = body.learningStyle
        said = replace(
            said,
            preferred_content_type=style.preferred_content_type,
            session_minutes=style.optimal_session_length,
            progression_rate=style.difficulty_progression_rate,
            motivation_factors=tuple(style.motivation_factors),
        )
    behavior = body.behavioralMetrics or StatedBehavior()
    if behavior.preferred_characters is not None:
        said = replace(said, preferred_characters=tuple(behavior.preferred_characters))
    if behavior.optimal_study_times is not None:
        slots = tuple(slot for sent in behavior.optimal_study_times for slot in _slots(sent))
        said = replace(said, study_times=slots)
    goals = None if body.goals is None else goals_of(body.goals)
    return ProfileChange(None if said == stored else said, goals, body.personalized)


def _slots(sent: TimeSlotBody) -> list[TimeSlot]:
    if sent.end_hour > sent.start_hour:
        return [TimeSlot(sent.day, sent.start_hour, sent.end_hour)]
    tomorrow = (sent.day + 1) % 7
    return [TimeSlot(sent.day, sent.start_hour, 24), TimeSlot(tomorrow, 0, sent.end_hour)]


# --- to the wire ----------------------------------------------------------------------------------


def profile_out(profile: Profile) -> ProfileOut:
    """A profile by the names of the public contract."""
    said = profile.preferences
    return ProfileOut(
        userId=profile.learner_id,
        skillProfile=_skills_out(profile.skills),
        learningStyle=LearningStyleOut(
            preferred_content_type=said.preferred_content_type,
            optimal_session_length=profile.optimal_session_minutes,
            difficulty_progression_rate=said.progression_rate,
            motivation_factors=list(said.motivation_factors),
        ),
        behavioralMetrics=_behavior_out(profile.behavior, said),
        goals=goals_out(profile.goals),
        is_demo=profile.is_demo,
        personalized=profile.personalized,
        created_at=profile.created_at,
        as_of=profile.as_of,
        n_interactions=profile.n_interactions,
        dismissed=list(profile.dismissed),
        models=[str(ref) for ref in profile.models],
        etag=f"{profile.etag}-{profile.as_of:%Y%m%d}",
    )


def goals_out(goals: Goals) -> GoalsBody:
    """Goals by the names of the public contract."""
    return GoalsBody(
        target_skill_level=goals.target_mastery,
        timeline=goals.due_at,
        priority_areas=list(goals.priority_skills),
        motivation_type=goals.motivation_type,
    )


def level_out(level: SkillLevel) -> SkillLevelOut:
    """What is known of one skill."""
    return SkillLevelOut(
        skill_id=level.skill_id,
        name=level.name,
        level=level.mastery,
        low=level.low,
        high=level.high,
        n_answers=level.n_answers,
        n_correct=level.n_correct,
        last_answered_at=level.last_answered_at,
        sure=level.sure,
    )


def _skills_out(skills: SkillProfile) -> SkillProfileOut:
    return SkillProfileOut(
        current_levels=[level_out(level) for level in skills.current_levels],
        improvement_trajectory=[
            SkillTrendOut(skill_id=x.skill_id, change_per_week=x.trend_per_week)
            for x in skills.current_levels
            if x.trend_per_week is not None
        ],
        weak_areas=list(skills.weak_areas),
        mastered_concepts=list(skills.mastered_concepts),
        learning_velocity=skills.learning_velocity,
    )


def _behavior_out(behavior: BehavioralMetrics, said: Preferences) -> BehaviorOut:
    return BehaviorOut(
        engagement_patterns=[EngagementOut(**asdict(behavior.engagement))],
        completion_rates=CompletionOut(**asdict(behavior.completion)),
        preferred_characters=list(said.preferred_characters),
        optimal_study_times=[
            TimeSlotBody(**asdict(slot)) for slot in said.study_times or behavior.active_times
        ],
    )
