"""How sure is a mean, a coverage, a correlation? Intervals that draw whole learners.

A figure that is a function of sums over rows is measured on resamples of the learners from the sums
of each learner alone. The 95% interval is from the 2.5% to the 97.5% quantile of the resamples.
"""

import math
from collections.abc import Callable

import numpy as np

from learnloop.core.types import Floats, Ints
from learnloop.metrics import Interval
from learnloop.monitoring.shares import Learners


def mean_of(
    values: Floats, learner: Ints, rng: np.random.Generator, n_resamples: int = 200
) -> Interval:
    """The mean over rows.

    Args:
        values: (n,) any unit.
        learner: (n,) whose row it is; any whole numbers.
        rng: Draws the learners.
        n_resamples: How many times they are drawn.
    """
    rows = np.column_stack([np.ones(len(values)), values])
    return _interval(rows, learner, lambda s: s[..., 1] / s[..., 0], rng, n_resamples)


def coverage(
    low: Floats,
    high: Floats,
    observed: Floats,
    learner: Ints,
    rng: np.random.Generator,
    n_resamples: int = 200,
) -> Interval:
    """The share of what was observed that lies in the range that was said, ends included.

    Args:
        low: (n,) the ranges begin here.
        high: (n,) and end here.
        observed: (n,) what came, in the same unit.
        learner: (n,) whose row it is.
        rng: Draws the learners.
        n_resamples: How many times they are drawn.
    """
    inside = (low <= observed) & (observed <= high)
    return mean_of(inside.astype(np.float64), learner, rng, n_resamples)


def correlation(
    predicted: Floats,
    outcome: Floats,
    learner: Ints,
    rng: np.random.Generator,
    n_resamples: int = 200,
) -> Interval:
    """Pearson's correlation of what was predicted with what came later, [-1, 1].

    Args:
        predicted: (n,) any unit.
        outcome: (n,) any unit.
        learner: (n,) whose row it is.
        rng: Draws the learners.
        n_resamples: How many times they are drawn.

    Returns:
        NaN where either is constant.
    """
    x, y = (v - v.mean() if len(v) else v for v in (predicted, outcome))
    rows = np.column_stack([np.ones(len(x)), x, y, x * x, y * y, x * y])
    return _interval(rows, learner, _pearson, rng, n_resamples)


def _pearson(sums: Floats) -> Floats:
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    spread_x, spread_y = n * xx - x * x, n * yy - y * y
    constant = (spread_x <= 1e-12 * n * xx) | (spread_y <= 1e-12 * n * yy)
    product = np.where(constant, 1.0, spread_x * spread_y)
    r: Floats = np.where(constant, math.nan, (n * xy - x * y) / np.sqrt(product))
    return np.clip(r, -1.0, 1.0)


def _interval(
    rows: Floats,
    learner: Ints,
    figure: Callable[[Floats], Floats],
    rng: np.random.Generator,
    n_resamples: int,
) -> Interval:
    if not len(rows):
        return Interval(math.nan, math.nan, math.nan)
    code = Learners.of(learner).code
    n = int(code.max()) + 1
    sums = np.column_stack([np.bincount(code, weights=c, minlength=n) for c in rows.T])
    drawn = np.array([sums[rng.integers(n, size=n)].sum(axis=0) for _ in range(n_resamples)])
    point, draws = float(figure(sums.sum(axis=0))), figure(drawn)
    known = draws[~np.isnan(draws)]
    if math.isnan(point) or not len(known):
        return Interval(point, math.nan, math.nan)
    low, high = np.quantile(known, (0.025, 0.975)).tolist()
    return Interval(point, min(low, point), max(high, point))
