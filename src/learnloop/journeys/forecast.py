"""What will a learner's next answers be like, and when is the goal reached? Ranges that hold 80%.

    level     logit level ~ Normal(logit mastery + LAG, (WIDTH sd)^2 + REST^2)
    next      right of the next n ~ Binomial(n, level), the level drawn as above
    answers   from QUICK times the answers of a path without mistakes, to a path at the rate
              sigmoid(logit mastery - SLOW sd)
    days      answers times the time between the learner's latest answers to the skill, divided by
              PACE and times PACE, in whole days, and never under PACE days at the far end

The constants were fitted on training learners of four public logs with the ability model, and
measured on others (docs/guides/progress.md): an online estimate is late by about a third of a logit
while somebody learns, a little too sure, and learners do not keep their pace.
"""

import math

import numpy as np

from learnloop.core.types import Estimate, Floats, Ints
from learnloop.features.profile import SkillRecord

Z_80 = 1.2816
LAG = 0.33
WIDTH = 1.2
REST = 0.4
QUICK = 0.25
SLOW = 1.5
PACE = 5.0
MINUTES_PER_DAY = 1440.0
N_NEXT = 10
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
_EDGE = 1e-6


def level(estimate: Estimate) -> tuple[Floats, Floats]:
    """(S,) mean and (S,) standard deviation of what a learner's level is, logits."""
    p = np.clip(estimate.values, _EDGE, 1.0 - _EDGE)
    own = estimate.stddev / (p * (1.0 - p))
    return np.log(p / (1.0 - p)) + LAG, np.sqrt((WIDTH * own) ** 2 + REST**2)


def interval_80(estimate: Estimate) -> tuple[Floats, Floats]:
    """The 80% interval of a chance; the estimate is always inside."""
    mean, spread = level(estimate)
    low, high = _sigmoid(mean - Z_80 * spread), _sigmoid(mean + Z_80 * spread)
    return np.minimum(low, estimate.values), np.maximum(high, estimate.values)


def next_right(estimate: Estimate, n: int = N_NEXT) -> tuple[Ints, Ints]:
    """(S,) fewest and (S,) most right answers among the next n: the run of counts nearest to 80%.

    Of runs that are as near the shortest is taken, and of those the lowest.
    """
    mean, spread = level(estimate)
    p = _sigmoid(mean[:, None] + spread[:, None] * _NODES)
    count = np.arange(n + 1)
    ways = np.array([math.comb(n, k) for k in range(n + 1)])
    each = ways * p[..., None] ** count * (1.0 - p[..., None]) ** (n - count)
    chance = np.einsum("sqk,q->sk", each, _WEIGHTS / _WEIGHTS.sum())
    below = np.concatenate((np.zeros((len(chance), 1)), np.cumsum(chance, axis=1)), axis=1)
    runs = [(low, low + k) for k in range(n + 1) for low in range(n + 1 - k)]
    lows, highs = np.array(runs).T
    best = np.abs(below[:, highs + 1] - below[:, lows] - 0.8).argmin(axis=1)
    return lows[best], highs[best]


def slow_rate(mastery: float, stddev: float) -> float:
    """Share right on the slow path to the goal."""
    p = min(max(mastery, _EDGE), 1.0 - _EDGE)
    return 1.0 / (1.0 + math.exp(SLOW * stddev / (p * (1.0 - p)) - math.log(p / (1.0 - p))))


def quick_answers(without_mistakes: int) -> int:
    """Fewest answers to the goal: other skills' answers, too, may bring it near."""
    return math.ceil(QUICK * without_mistakes)


def days_for(
    record: SkillRecord | None, low: int | None, high: int | None
) -> tuple[int | None, int | None]:
    """From the range of answers to that of days, at the pace of the latest answers to the skill.

    None where the answers are not in sight, or nobody knows when the latest ones were.
    """
    minutes = [x >> 1 for x in record.recent] if record else []
    if len(minutes) < 2 or not minutes[0]:
        return None, None
    each = (minutes[-1] - minutes[0]) / (len(minutes) - 1) / MINUTES_PER_DAY
    soonest = None if low is None else math.floor(low * each / PACE)
    latest = None if high is None else math.ceil(max(high * each, 1.0) * PACE) if high else 0
    return soonest, latest


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -30.0, 30.0))))
