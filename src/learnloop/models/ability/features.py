"""What does the readout look at? Numbers of the state before the answer.

Two short vectors: `view` of the learner and the item's skills, `recall` of the item itself (all
zeros where it was not met lately). Counts and gaps enter as log(1 + x); gaps are minutes and are 0
in logs without times; steps count the learner's answers.
"""

from math import inf, log1p

from learnloop.models.ability.config import Config
from learnloop.models.ability.latent import as_of, elapsed_us, widened
from learnloop.models.ability.state import AbilityState, ItemTrace, SkillTrace

US_PER_MINUTE = 60_000_000
WIN_KNOT = 0.7  # log(1 + 1): the first success counts most
LENGTH_KNOT = 2.0  # log(1 + 6): the first answers of a learner differ from the rest

VIEW = (
    "one", "ln_skill_n", "ln_skill_correct", "ln_skill_wrong", "ln_n", "same_skill",
    "ability", "deviation", "fast", "skill_fast",
    "last", "skill_last", "streak",
    "variance", "skill_spread", "middle", "slow", "skill_middle", "skill_slow", "ln_gap",
    "ln_skill_gap", "ln_skill_steps", "skill_met", "ln_skill_studied", "fast_x_skill_fast",
    "ability_x_wins", "wins_over_knot", "n_over_knot",
)  # fmt: skip
SET_SLOPES = slice(0, 10)
"""Entries of a view that also have weights of each skill set's own."""
ITEM_SLOPES = slice(6, 13)
"""Entries of a view that also have weights of each well-known item's own."""

RECALL = (
    "met", "ln_n", "last", "average", "ln_gap", "ln_steps", "ln_steps_squared", "ln_studied",
)  # fmt: skip
NOT_MET = (0.0,) * len(RECALL)


def view(
    state: AbilityState, blank: SkillTrace, config: Config, skills: tuple[str, ...], at_us: int
) -> tuple[float, ...]:
    """The learner as seen from one set of skills: (len(VIEW),) floats."""
    mean, variance, fast, middle, slow, last, streak, n, step, last_us, before, _, _ = state.learner
    gap_us = elapsed_us(last_us, at_us)
    traces = state.skills
    if len(skills) == 1:
        own = seen_now(traces.get(skills[0], blank), config, step, at_us)
    else:
        own = _mean([seen_now(traces.get(s, blank), config, step, at_us) for s in skills])
    deviation, spread, s_fast, s_middle, s_slow, s_last, s_n, right, taught, steps, s_us, met = own
    same = 0.0
    if skills is before:
        same = 1.0 if skills else 0.0
    else:
        for skill in skills:
            if skill in before:
                same = 1.0
    ln_n = log1p(n)
    ln_right = log1p(right)
    return (
        1.0,
        log1p(s_n),
        ln_right,
        log1p(s_n - right),
        ln_n,
        same,
        mean,
        deviation,
        fast,
        s_fast,
        last,
        s_last,
        streak,
        widened(variance, config.ability_variance, gap_us, config.daily_drift),
        spread,
        middle,
        slow,
        s_middle,
        s_slow,
        log1p(gap_us / US_PER_MINUTE),
        log1p(s_us / US_PER_MINUTE),
        log1p(steps),
        met,
        log1p(taught),
        fast * s_fast,
        mean * ln_right,
        ln_right - WIN_KNOT if ln_right > WIN_KNOT else 0.0,
        ln_n - LENGTH_KNOT if ln_n > LENGTH_KNOT else 0.0,
    )


def recall(trace: ItemTrace | None, step: int, at_us: int) -> tuple[float, ...]:
    """What the learner's last meetings with the item say: (len(RECALL),) floats."""
    if trace is None:
        return NOT_MET
    n, n_studied, last, average, met_step, met_us = trace
    ln_steps = log1p(step - met_step)
    return (
        1.0,
        log1p(n),
        last,
        average,
        log1p(elapsed_us(met_us, at_us) / US_PER_MINUTE),
        ln_steps,
        ln_steps * ln_steps,
        log1p(n_studied),
    )


def seen_now(trace: SkillTrace, config: Config, step: int, at_us: int) -> tuple[float, ...]:
    """One skill's trace as of an instant: its first nine entries, then steps, microseconds, met."""
    _, spread, fast, middle, slow, last, n, n_correct, n_studied, met_step, met_us = trace
    if not met_step:
        return (0.0, spread, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    gap_us = elapsed_us(met_us, at_us)
    mean, spread = as_of(trace, config, gap_us)
    return (
        mean,
        spread,
        fast,
        middle,
        slow,
        last,
        n,
        n_correct,
        n_studied,
        step - met_step,
        gap_us,
        1.0,
    )


def _mean(rows: list[tuple[float, ...]]) -> tuple[float, ...]:
    """The mean over several skills; spread is that of a mean, steps and gaps are the shortest."""
    if not rows:
        return (0.0,) * 12
    share = 1.0 / len(rows)
    mean = spread = fast = middle = slow = last = n = n_correct = n_studied = met = 0.0
    steps = gap_us = inf
    for row in rows:  # plain sums: zip and sum over columns would double the cost of a prediction
        mean += row[0]
        spread += row[1]
        fast += row[2]
        middle += row[3]
        slow += row[4]
        last += row[5]
        n += row[6]
        n_correct += row[7]
        n_studied += row[8]
        if row[11]:
            met = 1.0
            steps = row[9] if row[9] < steps else steps
            gap_us = row[10] if row[10] < gap_us else gap_us
    return (
        mean * share,
        spread * share * share,
        fast * share,
        middle * share,
        slow * share,
        last * share,
        n * share,
        n_correct * share,
        n_studied * share,
        steps if met else 0.0,
        gap_us if met else 0.0,
        met,
    )
