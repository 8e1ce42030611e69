"""What does a learner's own record say before an answer? A fold of a few numbers, and its view.

The record has a latent ability and a deviation of each practised skill, moved by an extended Kalman
step of the logits, and moving averages of surprise (result minus what the item alone predicts):

    p = sigmoid((b + ability + mean deviation) / sqrt(1 + pi V / 8)),   mean += gain (y - p)

The network reads `seen` beside what attention finds, so that it need not count what can be counted.
Counts, steps and minutes enter as log(1 + x); what happened at 1970-01-01 has no age.

Reference: Glickman (1999), Parameter estimation in large dynamic paired comparison experiments;
Gervet et al. (2020), When is deep learning the best approach to knowledge tracing?
"""

from math import exp, inf, log1p, sqrt
from typing import Final, NamedTuple

from learnloop.models.tracing.attentive.items import ItemFacts

ABILITY_VARIANCE, SKILL_VARIANCE = 0.8, 0.4  # priors, logits squared
ABILITY_DRIFT, SKILL_DRIFT = 0.0015, 0.01  # variance that an answer brings
FAST, MIDDLE, SLOW = 0.3, 0.1, 0.03  # weight of the newest answer in the learner's averages
SKILL_FAST, SKILL_MIDDLE, SKILL_SLOW = 0.5, 0.2, 0.07
LONGEST_STREAK = 10
US_PER_MINUTE = 60_000_000
PROBIT = 0.39269908169872414  # pi / 8

SEEN: Final = (
    "ln_n", "ability", "variance", "fast", "middle", "slow", "last", "streak", "ln_gap",
    "same_skills", "deviation", "spread", "skill_fast", "skill_middle", "skill_slow", "skill_last",
    "ln_skill_n", "ln_skill_correct", "ln_skill_wrong", "ln_skill_studied", "ln_skill_steps",
    "ln_skill_gap", "skill_met", "latent",
)  # fmt: skip
"""What `seen` gives, in order."""


class LearnerTrace(NamedTuple):
    """The learner as a whole.

    Attributes:
        mean: Ability above the average learner, logits.
        variance: Of it.
        fast: Moving average of surprise; `middle` and `slow` are longer ones.
        last: The last answer's surprise.
        streak: Equal results in a row, negative for wrong ones.
        n: Answers.
        step: Answers and study rows.
        at_us: When the last of them was.
        set_key: Skills of the last item.
    """

    mean: float
    variance: float
    fast: float
    middle: float
    slow: float
    last: float
    streak: int
    n: int
    step: int
    at_us: int
    set_key: int


class SkillTrace(NamedTuple):
    """One practised skill: the same quantities of its items alone."""

    mean: float
    variance: float
    fast: float
    middle: float
    slow: float
    last: float
    n: int
    n_correct: int
    n_studied: int
    step: int
    at_us: int


NEW_LEARNER: Final = LearnerTrace(0.0, ABILITY_VARIANCE, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0)
NEW_SKILL: Final = SkillTrace(0.0, SKILL_VARIANCE, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0)
Skills = dict[str, SkillTrace]


def minutes(then_us: int, now_us: int) -> float:
    """Minutes since then, >= 0."""
    return (now_us - then_us) / US_PER_MINUTE if then_us and now_us > then_us else 0.0


def latent(learner: LearnerTrace, skills: Skills, names: tuple[str, ...]) -> tuple[float, float]:
    """Ability plus mean deviation of some skills, and the variance of that."""
    if not names:
        return learner.mean, learner.variance
    traces = [skills.get(s, NEW_SKILL) for s in names]
    share = 1.0 / len(names)
    mean = learner.mean + share * sum(t.mean for t in traces)
    return mean, learner.variance + share * share * sum(t.variance for t in traces)


def answered(
    learner: LearnerTrace, skills: Skills, facts: ItemFacts, mu: float, right: bool, at_us: int
) -> tuple[LearnerTrace, Skills]:
    """The record after one answer."""
    y, names, step = float(right), facts.names, learner.step + 1
    mean, total = latent(learner, skills, names)
    eta = (mu + facts.easiness + mean) / sqrt(1.0 + PROBIT * total)
    p = 1.0 / (1.0 + exp(-eta))
    w = p * (1.0 - p)
    pull, shrink = (y - p) / (1.0 + total * w), w / (1.0 + total * w)
    surprise, share = y - facts.p_base, 1.0 / max(len(names), 1)
    after = skills.copy()
    for name in names:
        m, v, fast, middle, slow, _, n, n_right, taught, _, _ = skills.get(name, NEW_SKILL)
        shared = v * share
        after[name] = SkillTrace(
            m + shared * pull,
            v - shared * shared * shrink + SKILL_DRIFT,
            fast + SKILL_FAST * (surprise - fast),
            middle + SKILL_MIDDLE * (surprise - middle),
            slow + SKILL_SLOW * (surprise - slow),
            surprise,
            n + 1,
            n_right + right,
            taught,
            step,
            at_us,
        )
    m, v, fast, middle, slow, _, streak, n, _, _, _ = learner
    me = LearnerTrace(
        m + v * pull,
        v - v * v * shrink + ABILITY_DRIFT,
        fast + FAST * (surprise - fast),
        middle + MIDDLE * (surprise - middle),
        slow + SLOW * (surprise - slow),
        surprise,
        _streak(streak, right),
        n + 1,
        step,
        at_us,
        facts.set_key,
    )
    return me, after


def studied(
    learner: LearnerTrace, skills: Skills, facts: ItemFacts, at_us: int
) -> tuple[LearnerTrace, Skills]:
    """The record after an item was studied without an answer: only counts and times change."""
    step, after = learner.step + 1, skills.copy()
    for name in facts.names:
        old = skills.get(name, NEW_SKILL)
        after[name] = old._replace(n_studied=old.n_studied + 1, step=step, at_us=at_us)
    return learner._replace(step=step, at_us=at_us, set_key=facts.set_key), after


def _streak(streak: int, right: bool) -> int:
    if right:
        return min(streak + 1, LONGEST_STREAK) if streak > 0 else 1
    return max(streak - 1, -LONGEST_STREAK) if streak < 0 else -1


def seen(
    learner: LearnerTrace, skills: Skills, names: tuple[str, ...], set_key: int, at_us: int
) -> tuple[float, ...]:
    """The record as seen from one set of skills: (len(SEEN),) floats."""
    mean, variance, fast, middle, slow, last, streak, n, step, last_us, before = learner
    sums = [0.0] * 9
    met, steps, gap = 0.0, inf, inf
    for name in names:
        trace = skills.get(name, NEW_SKILL)
        sums = [a + b for a, b in zip(sums, trace[:9], strict=True)]
        if trace.step:
            met = 1.0
            steps = min(steps, step - trace.step)
            gap = min(gap, minutes(trace.at_us, at_us))
    share = 1.0 / max(len(names), 1)
    deviation, spread, s_fast, s_middle, s_slow, s_last, s_n, s_right, taught = (
        x * share for x in sums
    )
    return (
        log1p(n),
        mean,
        variance,
        fast,
        middle,
        slow,
        last,
        streak / LONGEST_STREAK,
        log1p(minutes(last_us, at_us)),
        float(set_key == before and set_key != 0),
        deviation,
        spread * share,
        s_fast,
        s_middle,
        s_slow,
        s_last,
        log1p(s_n),
        log1p(s_right),
        log1p(s_n - s_right),
        log1p(taught),
        log1p(steps) if met else 0.0,
        log1p(gap) if met else 0.0,
        met,
        mean + deviation,
    )
