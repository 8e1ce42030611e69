"""What do progress and forecasts look like?"""

from dataclasses import asdict
from datetime import datetime

from pydantic import Field

from learnloop.api.schemas.fields import Reply, Share
from learnloop.api.schemas.profile import SkillLevelOut, level_out
from learnloop.journeys.results import Predictions, Progress, SkillForecast


class ProgressDayOut(Reply):
    """One day (UTC) with activity."""

    day: str = Field(json_schema_extra={"format": "date"})
    n_answers: int
    n_correct: int
    minutes: float


class ProgressOut(Reply):
    """How a learner did over a window of days."""

    userId: str  # noqa: N815 -- the word of the public contract
    since: datetime
    until: datetime
    n_answers: int
    n_correct: int
    accuracy: Share | None = Field(description="null = no answers in the window.")
    days: list[ProgressDayOut]
    skills: list[SkillLevelOut]


class SkillForecastOut(Reply):
    """Where one skill stands, and where it will be."""

    skill_id: str
    name: str
    level: Share
    low: Share = Field(description="With `high`, the 80% interval of `level`.")
    high: Share
    in_days: float
    level_then: Share = Field(description="Without practice until then.")
    low_then: Share
    high_then: Share
    target: Share
    answers_to_goal_low: int | None = Field(
        description="With `answers_to_goal_high`, an 80% range; null = unknown, or not in sight."
    )
    answers_to_goal_high: int | None
    sure: bool
    days_to_goal_low: int | None = Field(
        description="With `days_to_goal_high`, an 80% range at the learner's own pace."
    )
    days_to_goal_high: int | None
    n_next: int = Field(description="How many answers `next_right_low` is about.")
    next_right_low: int | None = Field(
        description="With `next_right_high`, the 80% range of right ones; null while unsure."
    )
    next_right_high: int | None
    velocity: float | None = Field(
        description="Change of P(right) per week over the latest answers; null while unsure."
    )
    velocity_low: float | None = Field(
        description="With `velocity_high`, the 80% interval of `velocity`."
    )
    velocity_high: float | None


class PredictionsOut(Reply):
    """Forecasts, one page of skills at a time."""

    userId: str  # noqa: N815
    as_of: datetime
    model: str
    skills: list[SkillForecastOut]
    next_cursor: str | None = Field(description="Ask with it for the next page; null = the last.")


def progress_out(progress: Progress) -> ProgressOut:
    """Progress by the names of the public contract."""
    return ProgressOut(
        userId=progress.learner_id,
        since=progress.since,
        until=progress.until,
        n_answers=progress.n_answers,
        n_correct=progress.n_correct,
        accuracy=progress.accuracy,
        days=[ProgressDayOut(**asdict(day)) for day in progress.days],
        skills=[level_out(level) for level in progress.skills],
    )


def predictions_out(predictions: Predictions, next_cursor: str | None) -> PredictionsOut:
    """One page of forecasts by the names of the public contract."""
    return PredictionsOut(
        userId=predictions.learner_id,
        as_of=predictions.as_of,
        model=str(predictions.model),
        skills=[_forecast_out(forecast) for forecast in predictions.skills],
        next_cursor=next_cursor,
    )


def _forecast_out(forecast: SkillForecast) -> SkillForecastOut:
    return SkillForecastOut(
        skill_id=forecast.skill_id,
        name=forecast.name,
        level=forecast.mastery,
        low=forecast.low,
        high=forecast.high,
        in_days=forecast.in_days,
        level_then=forecast.mastery_then,
        low_then=forecast.low_then,
        high_then=forecast.high_then,
        target=forecast.target,
        answers_to_goal_low=forecast.answers_to_goal_low,
        answers_to_goal_high=forecast.answers_to_goal_high,
        sure=forecast.sure,
        days_to_goal_low=forecast.days_to_goal_low,
        days_to_goal_high=forecast.days_to_goal_high,
        n_next=forecast.n_next,
        next_right_low=forecast.next_right_low,
        next_right_high=forecast.next_right_high,
        velocity=forecast.velocity,
        velocity_low=forecast.velocity_low,
        velocity_high=forecast.velocity_high,
    )
