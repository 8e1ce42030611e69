"""What do the profile's integers say? Rates, trends and lists for people and policies.

Too little data is an answer: a view says None while it can't be sure. The trend is the slope of a
least-squares line through the latest right (1) and wrong (0) answers over time, and is only told
where its standard error, with the success rate smoothed by Laplace's rule, is small:

    slope = sum((t - mean t)(y - mean y)) / sum((t - mean t)^2)
    se^2  = p (1 - p) / sum((t - mean t)^2),   p = (right + 1) / (n + 2)
"""

import math
from datetime import date, datetime, timedelta

import numpy as np

from learnloop.core.items import ItemTable
from learnloop.core.time import from_us, to_us
from learnloop.core.types import Evidence, TimeSlot
from learnloop.features.profile import DAY_US, DayRecord, ProfileState, SkillRecord

SURE_ANSWERS = 5
TREND_MAX_SE = 0.25  # per week
LINE_MEAN = np.array((1.0, 0.8))
LINE_STDDEV = np.array((1.2, 1.7))
LINE_STEPS = 8
Z_80 = 1.2816
_WEEK_MINUTES = 7 * 24 * 60
_EPOCH_DAY = date(1970, 1, 1)


def evidence(state: ProfileState, items: ItemTable) -> Evidence:
    """The learner's record per skill of the table; skills it does not hold are left out."""
    n_answers, n_correct, last_us = np.zeros((3, items.n_skills), dtype=np.int64)
    for skill, record in state.skills.items():
        column = items.column_of.get(skill)
        if column is not None:
            n_answers[column] = record.n_answers
            n_correct[column] = record.n_correct
            last_us[column] = record.last_us
    return Evidence(
        n_answers,
        n_correct,
        last_us,
        state.item_last_us,
        state.item_correct,
        state.n_answers,
    )


def is_sure(record: SkillRecord | None) -> bool:
    """True from 5 answers: enough to show a percentage."""
    return record is not None and record.n_answers >= SURE_ANSWERS


def trend_per_week(record: SkillRecord) -> float | None:
    """Change of the success rate per week, from the latest answers; None while unsure."""
    n = len(record.recent)
    if n < SURE_ANSWERS:
        return None
    weeks = [(x >> 1) / _WEEK_MINUTES for x in record.recent]
    right = [x & 1 for x in record.recent]
    mean_week, rate, smoothed = sum(weeks) / n, sum(right) / n, (sum(right) + 1) / (n + 2)
    spread = sum((t - mean_week) ** 2 for t in weeks)
    if spread * TREND_MAX_SE**2 < smoothed * (1 - smoothed):
        return None
    return sum((t - mean_week) * (y - rate) for t, y in zip(weeks, right, strict=True)) / spread


def velocity_per_week(record: SkillRecord) -> tuple[float, float, float] | None:
    """Change of P(right) per week over the latest answers, and its 80% interval; None while unsure.

    A logistic line through the answers, `level + slope * (place - last place) / 10`, with normal
    priors on both (posterior mode, normal around it). A stretch under a week counts as one.
    """
    n = len(record.recent)
    if n < SURE_ANSWERS or not record.recent[0] >> 1:
        return None
    right = np.array([x & 1 for x in record.recent], dtype=np.float64)
    x = np.stack((np.ones(n), np.arange(1 - n, 1) / 10.0), axis=1)
    weights, precision = LINE_MEAN.copy(), np.diag(LINE_STDDEV**-2.0)
    for _ in range(LINE_STEPS):
        p = 1.0 / (1.0 + np.exp(-(x @ weights)))
        slope = x.T @ (right - p) - precision @ (weights - LINE_MEAN)
        curvature = (x * (p * (1.0 - p))[:, None]).T @ x + precision
        weights = weights + np.linalg.solve(curvature, slope)
    first, last = 1.0 / (1.0 + np.exp(-(x[[0, -1]] @ weights)))
    gradient = last * (1.0 - last) * x[-1] - first * (1.0 - first) * x[0]
    half = Z_80 * math.sqrt(gradient @ np.linalg.solve(curvature, gradient))
    weeks = max(((record.recent[-1] >> 1) - (record.recent[0] >> 1)) / _WEEK_MINUTES, 1.0)
    change = float(last - first)
    return change / weeks, (change - half) / weeks, (change + half) / weeks


def learning_velocity(state: ProfileState) -> float | None:
    """Skills that reached 4 of 5 right per week with activity; None under 5 answers.

    None too where no time is known (a log without times).
    """
    if state.n_answers < SURE_ANSWERS or not state.n_weeks:
        return None
    return sum(r.reached_us > 0 for r in state.skills.values()) / state.n_weeks


def mean_session_minutes(state: ProfileState) -> float:
    """Mean length of a session, minutes; 0 where there is none."""
    return state.active_ms / 60_000 / max(state.n_sessions, 1)


def sessions_per_week(state: ProfileState, at: datetime) -> float:
    """Sessions per week from the first event until `at`; a span under a week counts as one.

    0 where no session is known: before the first event, or in a log without times.
    """
    weeks = (to_us(at) - state.first_us) / (7 * DAY_US)
    return state.n_sessions / max(weeks, 1.0)


def completion_rate(state: ProfileState) -> float | None:
    """Finished / begun, [0, 1]; None where nothing was begun."""
    return state.n_completed / state.n_started if state.n_started else None


def active_times(state: ProfileState, n: int = 5) -> tuple[TimeSlot, ...]:
    """The `n` weekly hours (UTC) with most activity, busiest first; of equals, the earlier."""
    busiest = sorted(state.hours, key=lambda h: (-state.hours[h], h))[:n]
    return tuple(TimeSlot(h // 24, h % 24, h % 24 + 1) for h in busiest)


def days_since(state: ProfileState, since: datetime) -> tuple[DayRecord, ...]:
    """The active days from the day of `since` (UTC) on, oldest first; the latest 60 are kept."""
    first = to_us(since) // DAY_US
    days = state.past_days if state.today is None else (*state.past_days, state.today)
    return tuple(d for d in days if d.day >= first)


def kept_since(state: ProfileState) -> datetime:
    """From when on every active day is kept; 1970 where none was dropped yet."""
    n_kept = len(state.past_days) + (state.today is not None)
    return from_us(state.past_days[0].day * DAY_US if n_kept < state.n_days else 0)


def iso_day(record: DayRecord) -> str:
    """The day as `YYYY-MM-DD`."""
    return (_EPOCH_DAY + timedelta(days=record.day)).isoformat()


def last_active_at(state: ProfileState) -> datetime | None:
    """When the latest interaction happened; None before the first, or where nobody knows."""
    return from_us(state.last_us) if state.last_us else None
