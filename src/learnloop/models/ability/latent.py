"""How does one answer change what is known of a learner? An extended Kalman step, in logits.

    eta = mu + easiness_i + ability + mean over the item's skills of deviation_s
    p   = sigmoid(eta / sqrt(1 + pi V / 8)),  V = var(ability) + mean of var(deviation) / K
    every mean  += gain (y - p),      gain = var / (1 + V p (1 - p))
    every var   -= var^2 p (1 - p) / (1 + V p (1 - p)),  then + drift

Between answers the variances grow with the days and a positive deviation decays (forgetting); what
has no time has no age (`elapsed_us`). A right answer never lowers a mean and a wrong one never
raises it, because the gains are positive.

What one learner's answers are above or below the readout in the long run is a random intercept on
top of it, filtered from the readout's own residuals by the same step, without drift:

    bias += gain (y - q),   gain = var / (1 + var q (1 - q)),   q = what the readout said

Reference: Glickman (1999), Parameter estimation in large dynamic paired comparison experiments;
Pelanek (2016), Applications of the Elo rating system in adaptive educational systems.
"""

from math import exp, sqrt

from learnloop.core.ids import ItemId
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
FAST, MIDDLE, SLOW = 0.3, 0.1, 0.03  # weight of the newest answer in the learner's averages,
SKILL_FAST, SKILL_MIDDLE, SKILL_SLOW = 0.5, 0.2, 0.07  # in those of a skill,
RESULT = 0.4  # and in that of an item
_new = tuple.__new__  # half the cost of calling the named tuple
NEW_ITEM = ItemTrace(0, 0, 0, 0.0, 0, 0)


def start(config: Config) -> AbilityState:
    """A learner of whom nothing is known."""
    return AbilityState(
        LearnerTrace(
            0.0, config.ability_variance, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, (), 0.0,
            config.bias_variance,
        ),
        {},
        {},
    )  # fmt: skip


def new_skill(config: Config) -> SkillTrace:
    """A skill the learner has not met."""
    return SkillTrace(0.0, config.skill_variance, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0)


def elapsed_us(then_us: int, now_us: int) -> int:
    """Microseconds since then, >= 0.

    Logs without times keep all their rows at 0, and what happened at 0 has no known age: asking at
    today's instant is not 56 years of forgetting.
    """
    return now_us - then_us if then_us and now_us > then_us else 0


def widened(variance: float, prior: float, elapsed_us: int, per_day: float) -> float:
    """A variance after time has passed: grows linearly, never past the prior it started from."""
    if elapsed_us <= 0 or variance >= prior:
        return variance
    wider = variance + per_day * elapsed_us / US_PER_DAY
    return wider if wider < prior else prior


def as_of(trace: SkillTrace, config: Config, elapsed_us: int) -> tuple[float, float]:
    """A deviation's mean and variance after time has passed.

    What was gained fades, what was missing stays missing.
    """
    mean, variance = trace[0], trace[1]
    if mean > 0.0 and elapsed_us > 0:
        mean *= exp(-config.daily_decay * elapsed_us / US_PER_DAY)
    return mean, widened(variance, config.skill_variance, elapsed_us, config.daily_drift)


def studied(
    state: AbilityState, blank: SkillTrace, item_id: ItemId, skills: tuple[str, ...], at_us: int
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
    item_id: ItemId,
    correct: bool,
    at_us: int,
    said: float | None,
) -> AbilityState:
    """The state after one answer.

    Args:
        blank: `new_skill(config)`, made once.
        facts: The item's frozen parameters.
        said: P(right) of the readout before the answer; None where there is no readout yet.
    """
    learner, traces, items = state
    mean, variance, fast, middle, slow, _, streak, n, step, last_us, _, bias, doubt = learner
    skills, traces = facts.skills, traces.copy()
    share = 1.0 / len(skills) if skills else 0.0
    elapsed = elapsed_us(last_us, at_us)
    variance = widened(variance, config.ability_variance, elapsed, config.daily_drift)
    deviation = spread = 0.0
    practised = []
    for skill in skills:
        trace = traces.get(skill, blank)
        d, v = as_of(trace, config, elapsed_us(trace[10], at_us))
        deviation += d * share
        spread += v * share * share
        practised.append((skill, trace, d, v))
    y = 1.0 if correct else 0.0
    surprise = y - facts.p_base
    total = variance + spread
    p = sigmoid((facts.base + mean + deviation) / sqrt(1.0 + PROBIT * total))
    w = p * (1.0 - p)
    scale = 1.0 / (1.0 + total * w)
    pull, shrink = scale * (y - p), scale * w
    if said is not None:
        gain = doubt / (1.0 + doubt * said * (1.0 - said))
        bias, doubt = bias + gain * (y - said), gain
    step += 1
    for skill, trace, d, v in practised:
        _, _, s_fast, s_middle, s_slow, _, s_n, right, taught, _, _ = trace
        shared = v * share
        after = (
            d + shared * pull,
            v - shared * shared * shrink + config.skill_drift,
            s_fast + SKILL_FAST * (surprise - s_fast),
            s_middle + SKILL_MIDDLE * (surprise - s_middle),
            s_slow + SKILL_SLOW * (surprise - s_slow),
            surprise,
            s_n + 1,
            right + correct,
            taught,
            step,
            at_us,
        )
        traces[skill] = _new(SkillTrace, after)
    me = (
        mean + variance * pull,
        variance - variance * variance * shrink + config.ability_drift,
        fast + FAST * (surprise - fast),
        middle + MIDDLE * (surprise - middle),
        slow + SLOW * (surprise - slow),
        surprise,
        _streak(streak, correct),
        n + 1,
        step,
        at_us,
        skills,
        bias,
        doubt,
    )
    met = _met(items.get(item_id, NEW_ITEM), correct, step, at_us)
    now = (_new(LearnerTrace, me), traces, _remember(items, item_id, met))
    return _new(AbilityState, now)


def _streak(streak: int, correct: bool) -> int:
    if correct:
        return streak + (streak < LONGEST_STREAK) if streak > 0 else 1
    return streak - (streak > -LONGEST_STREAK) if streak < 0 else -1


def _met(trace: ItemTrace, correct: bool, step: int, at_us: int) -> ItemTrace:
    n, n_studied, _, average, _, _ = trace
    result = 1 if correct else -1
    average += RESULT * (result - average)
    return _new(ItemTrace, (n + 1, n_studied, result, average, step, at_us))


def _remember(
    items: dict[ItemId, ItemTrace], item_id: ItemId, met: ItemTrace
) -> dict[ItemId, ItemTrace]:
    kept = items.copy()
    if item_id in kept:
        del kept[item_id]  # so that the order of the dict is the order of the last meeting
    elif len(kept) >= MEMORY:
        del kept[next(iter(kept))]
    kept[item_id] = met
    return kept
