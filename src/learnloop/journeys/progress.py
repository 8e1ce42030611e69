"""How did a learner do, and where are they heading?

Forecasts come from the live estimator itself: forgetting by asking it about a later instant, the
answers still needed by folding imagined answers into its state. Nothing imagined is stored.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from learnloop.core.errors import InvalidInput
from learnloop.core.ids import InteractionId, LearnerId, SkillId
from learnloop.core.protocols import Transaction
from learnloop.core.types import Evidence, Interaction, InteractionKind, Item
from learnloop.features.views import (
    days_since,
    evidence,
    iso_day,
    kept_since,
    velocity_per_week,
)
from learnloop.journeys import forecast, levels, states
from learnloop.journeys.live import Live, learner_of
from learnloop.journeys.results import Predictions, Progress, ProgressDay, SkillForecast, SkillLevel
from learnloop.policies.standing import MASTERED_AT

MAX_DAYS = 365
MAX_IMAGINED = 40


def progress(live: Live, tx: Transaction, learner_id: LearnerId, days: int = 30) -> Progress:
    """Answers per day (UTC) over the last days, and where each skill stands.

    The latest 60 active days are kept; `since` is later where they do not reach back so far.

    Raises:
        NotFound: No such learner.
        InvalidInput: `days` is not in 1-365.
    """
    _check_days("days", days)
    learner_of(tx, learner_id)
    known = states.current(live, tx, learner_id)
    now = live.clock.now()
    since = max(now - timedelta(days=days), kept_since(known.profile))
    active = tuple(
        ProgressDay(iso_day(d), d.n_answers, d.n_correct, d.active_ms / 60_000)
        for d in days_since(known.profile, since)
    )
    n_answers, n_correct = sum(d.n_answers for d in active), sum(d.n_correct for d in active)
    facts = evidence(known.profile, live.items)
    mastery = live.estimator.mastery(known.knowledge, live.items, now)
    return Progress(
        learner_id,
        since,
        now,
        n_answers,
        n_correct,
        n_correct / n_answers if n_answers else None,
        active,
        levels.skill_levels(live, known, facts, mastery),
    )


def skill_predictions(
    live: Live,
    tx: Transaction,
    learner_id: LearnerId,
    in_days: float = 7.0,
    skill_ids: Collection[SkillId] | None = None,
) -> Predictions:
    """Where each skill will stand without practice, and the answers still needed to reach the goal.

    Args:
        skill_ids: Only of these; by default of all. Each costs a few dozen imagined answers.

    Raises:
        NotFound: No such learner.
        InvalidInput: `in_days` is not in (0, 365].
    """
    _check_days("in_days", in_days)
    learner = learner_of(tx, learner_id)
    known = states.current(live, tx, learner_id)
    now = live.clock.now()
    then = live.estimator.mastery(known.knowledge, live.items, now + timedelta(days=in_days))
    low_then, high_then = forecast.interval_80(then)
    facts: Evidence = evidence(known.profile, live.items)
    mastery = live.estimator.mastery(known.knowledge, live.items, now)
    target = learner.goals.target_mastery or MASTERED_AT
    items = _middle_items(live)
    fewest, most = forecast.next_right(mastery)
    forecasts = []
    for s, level in enumerate(levels.skill_levels(live, known, facts, mastery)):
        if skill_ids is not None and level.skill_id not in skill_ids:
            continue
        item, record = items.get(level.skill_id), known.profile.skills.get(level.skill_id)
        slow = forecast.slow_rate(level.mastery, float(mastery.stddev[s]))
        needed = _answers_to_goal(live, known.knowledge, level, item, target, now, slow)
        velocity = velocity_per_week(record) if record else None
        forecasts.append(
            SkillForecast(
                level.skill_id,
                level.name,
                level.mastery,
                level.low,
                level.high,
                float(in_days),
                float(then.values[s]),
                float(low_then[s]),
                float(high_then[s]),
                target,
                *needed,
                level.sure,
                *forecast.days_for(record, *needed),
                forecast.N_NEXT,
                int(fewest[s]) if level.sure else None,
                int(most[s]) if level.sure else None,
                *(velocity or (None, None, None)),
            )
        )
    return Predictions(learner_id, now, live.estimator.ref, tuple(forecasts))


def _answers_to_goal(
    live: Live,
    knowledge: Any,
    level: SkillLevel,
    item: Item | None,
    target: float,
    at: datetime,
    slow: float,
) -> tuple[int | None, int | None]:
    """The range of answers until the estimate is at the target; None where it is not in sight."""
    if not level.sure:
        return None, None
    if level.mastery >= target:
        return 0, 0
    if item is None:
        return None, None
    best = _imagine(live, knowledge, level, item, target, at, p=1.0)
    if best is None:
        return None, None
    most = _imagine(live, knowledge, level, item, target, at, p=slow)
    return forecast.quick_answers(best), most


def _imagine(
    live: Live,
    state: Any,
    level: SkillLevel,
    item: Item,
    target: float,
    at: datetime,
    *,
    p: float,
) -> int | None:
    column = live.items.column_of[level.skill_id]
    expected = 0.0
    for n in range(1, MAX_IMAGINED + 1):
        expected += p
        correct = expected >= 1.0 - 1e-9
        expected -= correct
        answer = Interaction(
            InteractionId(f"imagined-{n}"),
            LearnerId(""),
            item.item_id,
            InteractionKind.ANSWERED,
            at,
            sequence=n,
            correct=correct,
        )
        state = live.estimator.update(state, answer, item)
        # A wrong answer never raises mastery, so only a right one can reach the goal.
        if correct and live.estimator.mastery(state, live.items, at).values[column] >= target:
            return n
    return None


def _middle_items(live: Live) -> dict[SkillId, Item]:
    """Per skill, the item of its own that is neither easy nor hard; one it shares where none is."""
    best: dict[SkillId, tuple[tuple[bool, float, str], Item]] = {}
    for item in live.items.items:
        rank = (len(item.skills) > 1, abs(item.difficulty_logit or 0.0), item.item_id)
        for skill_id in item.skills:
            if skill_id not in best or rank < best[skill_id][0]:
                best[skill_id] = (rank, item)
    return {skill_id: item for skill_id, (_, item) in best.items()}


def _check_days(field: str, days: float) -> None:
    if not 0 < days <= MAX_DAYS:
        raise InvalidInput(f"{field}: {days} is not in 1-{MAX_DAYS}", field=field)
