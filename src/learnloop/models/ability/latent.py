"""How does one answer change what is known of a learner? An extended Kalman step, in logits.

    eta = mu + easiness_i + ability + mean over the item's skills of deviation_s
    p   = sigmoid(eta / sqrt(1 + pi V / 8)),  V = var(ability) + mean of var(deviation) / K
    every mean  += gain (y - p),      gain = var / (1 + V p (1 - p))
    every var   -= var^2 p (1 - p) / (1 + V p (1 - p)),  then + drift

Between answers the variances grow with the days and a positive deviation decays (forgetting). A
right answer never lowers a mean and a wrong one never raises it, because the gains are positive.

Reference: Glickman (1999), Parameter estimation in large dynamic paired comparison experiments;
Pelanek (2016), Applications of the Elo rating system in adaptive educational systems.
"""

from math import exp, sqrt

from learnloop.models.ability.config import Config
from learnloop.models.ability.difficulty import ItemFacts, sigmoid
from learnloop.models.ability.state import (
    MEMORY,
    AbilityState,
    ItemTrace,
    LearnerTrace,
    SkillTrace,
)

US_PER_DAY = 86_400_000_000
PROBIT = 0.39269908169872414  # pi / 8
LONGEST_STREAK = 10
NEW_ITEM = ItemTrace(0, 0, 0, 0.0, 0, 0)


def start(config: Config) -> AbilityState:
    """A learner of whom nothing is known."""
    return AbilityState(
        LearnerTrace(0.0, config.ability_variance, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, ())
    )


def new_skill(config: Config) -> SkillTrace:
    """A skill the learner has not met."""
    return SkillTrace(0.0, config.skill_variance, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0)


def widened(variance: float, prior: float, elapsed_us: int, per_day: float) -> float:
    """A variance after time has passed: grows linearly, never past the prior it started from."""
    if elapsed_us <= 0 or variance >= prior:
        return variance
    return min(variance + per_day * elapsed_us / US_PER_DAY, prior)


def decayed(mean: float, elapsed_us: int, per_day: float) -> float:
    """A deviation after time has passed: what was gained fades, what was missing stays missing."""
    if mean <= 0.0 or elapsed_us <= 0:
        return mean
    return mean * exp(-per_day * elapsed_us / US_PER_DAY)


def studied(
    state: AbilityState, blank: SkillTrace, item_id: str, skills: tuple[str, ...], at_us: int
) -> AbilityState:
    """The state after an item was studied without an answer: only counts and times change."""
    me = state.learner
    step = me.step + 1
    traces = state.skills.copy()
    for skill in skills:
        old = traces.get(skill, blank)
        traces[skill] = old._replace(n_studied=old.n_studied + 1, step=step, at_us=at_us)
    seen = state.items.get(item_id, NEW_ITEM)
    met = seen._replace(n_studied=seen.n_studied + 1, step=step, at_us=at_us)
    learner = me._replace(step=step, at_us=at_us, skills=skills)
    return AbilityState(learner, traces, _remember(state.items, item_id, met))


def answered(
    state: AbilityState,
    blank: SkillTrace,
    config: Config,
    facts: ItemFacts,
    item_id: str,
    correct: bool,
    at_us: int,
) -> AbilityState:
    """The state after one answer.

    Args:
        blank: `new_skill(config)`, made once.
        facts: The item's frozen parameters.
    """
    mean, variance, fast, middle, slow, _, streak, n, step, last_us, _ = state.learner
    skills = facts.skills
    traces = state.skills.copy()
    share = 1.0 / (len(skills) or 1)
    variance = widened(variance, config.ability_variance, at_us - last_us, config.daily_drift)
    step += 1
    moved = []
    deviation = spread = 0.0
    for skill in skills:
        old = traces.get(skill, blank)
        elapsed = at_us - old[10] if old[9] else 0
        d = decayed(old[0], elapsed, config.daily_decay)
        v = widened(old[1], config.skill_variance, elapsed, config.daily_drift)
        deviation += d * share
        spread += v * share * share
        moved.append((skill, old, d, v))
    total = variance + spread
    p = sigmoid((facts.base + mean + deviation) / sqrt(1.0 + PROBIT * total))
    y = 1.0 if correct else 0.0
    error = y - p
    w = p * (1.0 - p)
    scale = 1.0 / (1.0 + total * w)
    surprise = y - facts.p_base
    for skill, old, d, v in moved:
        gain = v * scale
        traces[skill] = SkillTrace(
            d + gain * share * error,
            v - gain * v * share * share * w + config.skill_drift,
            old[2] + 0.5 * (surprise - old[2]),
            old[3] + 0.2 * (surprise - old[3]),
            old[4] + 0.07 * (surprise - old[4]),
            surprise,
            old[6] + 1,
            old[7] + correct,
            old[8],
            step,
            at_us,
        )
    gain = variance * scale
    if correct:
        streak = min(streak + 1, LONGEST_STREAK) if streak > 0 else 1
    else:
        streak = max(streak - 1, -LONGEST_STREAK) if streak < 0 else -1
    learner = LearnerTrace(
        mean + gain * error,
        variance - gain * variance * w + config.ability_drift,
        fast + 0.3 * (surprise - fast),
        middle + 0.1 * (surprise - middle),
        slow + 0.03 * (surprise - slow),
        surprise,
        streak,
        n + 1,
        step,
        at_us,
        skills,
    )
    seen = state.items.get(item_id, NEW_ITEM)
    sign = 1 if correct else -1
    met = ItemTrace(seen[0] + 1, seen[1], sign, seen[3] + 0.4 * (sign - seen[3]), step, at_us)
    return AbilityState(learner, traces, _remember(state.items, item_id, met))


def _remember(items: dict[str, ItemTrace], item_id: str, met: ItemTrace) -> dict[str, ItemTrace]:
    kept = items.copy()
    if item_id in kept:
        del kept[item_id]  # so that the order of the dict is the order of the last meeting
    elif len(kept) >= MEMORY:
        del kept[next(iter(kept))]
    kept[item_id] = met
    return kept
