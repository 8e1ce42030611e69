"""How large are the distances of two sets of learners when nothing has changed?

p and q are means over n and m learners, so their difference is nearly normal with covariance

    V = S (f / n + g / m)

S is the covariance between learners, pooled over both sides. f and g say how much more one side
spreads than the pool (learners with few rows spread more); the spread of a side is taken relative
to p (1 - p), that of learners with one row each, because the shares of few learners are off by
chance, and their spread with them. From draws d ~ N(0, V) come the laws of

    X2  = sum over bins of d^2 / mean(p, q)      which is PSI up to third order (Rao and Scott)
    KS  = max over bins of |sum up to the bin of d|

With one row for each learner, X2 is the chi-square of two samples and KS the statistic of
Kolmogorov and Smirnov, on these bins. Bins that fewer than 5 learners would show are counted as if
5 did: a normal law is no good for them, and a single learner is no drift.

Reference: Rao and Scott (1981), "The analysis of categorical data from complex sample surveys",
JASA 76.
"""

from dataclasses import dataclass

import numpy as np

from learnloop.core.types import Floats
from learnloop.monitoring.shares import Shares

RARE = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Null:
    """The laws of both distances without drift.

    Attributes:
        weight: (k,) of each squared difference in X2.
        x2: (n_draws,) of X2.
        gap: (n_draws,) of KS.
    """

    weight: Floats
    x2: Floats
    gap: Floats

    def p_value(self, difference: Floats, ordered: bool) -> float:
        """P(a difference as surprising as this one), (0, 1].

        Args:
            difference: (k,) p - q.
            ordered: Whether the bins have an order, so that KS counts too.
        """
        chance = _p_value(float(difference**2 @ self.weight), self.x2)
        if not ordered:
            return chance
        chance = min(chance, _p_value(float(np.abs(np.cumsum(difference)).max()), self.gap))
        return _of_the_smaller(chance, self.x2, self.gap)


def null_of(before: Shares, now: Shares, normal: Floats) -> Null:
    """The laws for these two sets of learners.

    Args:
        before: Shares p of k bins.
        now: Shares q of the same bins.
        normal: (>= k, n_draws) independent standard normal draws; columns may share them.
    """
    n, m = before.n_learners, now.n_learners
    weight = 1.0 / np.maximum((before.mean + now.mean) / 2, RARE / min(n, m))
    pool = Shares(
        (n * before.mean + m * now.mean) / (n + m),
        (n * before.covariance + m * now.covariance) / (n + m),
        n + m,
    )
    f, g = (_spread(side, weight) / (_spread(pool, weight) or 1.0) for side in (before, now))
    draws = _root(pool.covariance * (f / n + g / m)) @ normal[: len(weight)]
    x2 = weight @ draws**2
    np.cumsum(draws, axis=0, out=draws)
    return Null(weight, x2, np.abs(draws, out=draws).max(axis=0))


def _spread(side: Shares, weight: Floats) -> float:
    """How far learners differ, relative to learners with one row each, (0, 1]."""
    most = float(weight @ (side.mean * (1.0 - side.mean)))
    return float(weight @ np.diag(side.covariance)) / most if most > 0.0 else 0.0


def _root(covariance: Floats) -> Floats:
    """R with R R' = covariance; rounding may have made it slightly indefinite."""
    value, vector = np.linalg.eigh(covariance)
    root: Floats = vector * np.sqrt(np.maximum(value, 0.0))
    return root


def _p_value(value: float, draws: Floats) -> float:
    return (1 + int(np.count_nonzero(draws >= value))) / (1 + len(draws))


def _of_the_smaller(chance: float, a: Floats, b: Floats) -> float:
    """P(the smaller of two p-values is this small): how many draws have either."""
    k = round(chance * (1 + len(a))) - 1
    if k >= len(a):
        return 1.0
    above_a, above_b = (np.partition(x, len(x) - k - 1)[len(x) - k - 1] for x in (a, b))
    either = np.count_nonzero((a > above_a) | (b > above_b))
    return (1 + int(either)) / (1 + len(a))
