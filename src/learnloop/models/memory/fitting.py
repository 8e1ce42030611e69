"""Which parameters fit a log? Those that are likeliest given the population, if they earn it.

    minimise   sum_i r_i loss(y_i, R_i(w)) + strength / 2 sum_j ((w_j - prior_j) / SPREAD_j)^2

by Gauss-Newton steps with damping, inside the ranges. Later reviews count more: r halves over a
quarter of the log. The strength of the pull is chosen later in time: fitted on the first four
fifths of the reviews, the strongest pull that predicts the last fifth as well as the best does,
within one standard error of their difference; and where not even the best beats the prior by one
standard error, the prior stays: few or contrary reviews give nobody parameters of their own.

Reference: Levenberg (1944); Marquardt (1963). The rule of one standard error: Breiman, Friedman,
Olshen and Stone (1984), Classification and regression trees, section 3.4.3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from learnloop.core.types import Floats, Ints
from learnloop.models.memory.batch import Reviews, walk
from learnloop.models.memory.parameters import LOWER, SPREAD, UPPER, Parameters

STRENGTHS: Final = (1.0, 3.0, 10.0, 30.0, 100.0)
HALVES: Final = 0.25
LATER: Final = 0.2
MAX_STEPS: Final = 30
TINY: Final = 1e-6

Model = Callable[[Floats], tuple[Floats, Floats]]
"""(n,) chances for parameters, and their (n, k) gradient."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of the parameters before the log is seen.

    Attributes:
        mean: (k,) where they are pulled to.
        spread: (k,) how far each may go for one unit of the penalty.
        low: (k,) the least.
        high: (k,) the most.
    """

    mean: Floats
    spread: Floats
    low: Floats
    high: Floats


def population(parameters: Parameters) -> Prior:
    """Learners differ from these as users of FSRS-6 do."""
    return Prior(np.array(parameters), SPREAD, LOWER, UPPER)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Parameters, and what they were worth later in time.

    Attributes:
        parameters: Those to use: the prior's where nothing better was found.
        strength: Of the pull to the prior; None: they are the prior's.
        n: Scored reviews.
        loss: Mean log loss on the later fifth, fitted on the rest; NaN where it was not tried.
        prior_loss: That of the prior's.
    """

    parameters: Parameters
    strength: float | None
    n: int
    loss: float
    prior_loss: float


def fit(
    reviews: Reviews, prior: Parameters, *, min_reviews: int, rows: Ints | None = None
) -> Fitted:
    """Parameters of a log, or the prior's.

    Args:
        reviews: In order.
        prior: Where there is nothing to learn from.
        min_reviews: Scored reviews under which the prior stays.
        rows: Which of the scored reviews are learnt from, in order of time; None: all.
    """
    rows = in_time(reviews) if rows is None else rows
    n = len(rows)
    if n < min_reviews:
        return Fitted(prior, None, n, np.nan, np.nan)
    before = population(prior)
    early, late = rows[: round(n * (1 - LATER))], rows[round(n * (1 - LATER)) :]
    y = reviews.recalled
    base = losses(y[late], walk(before.mean, reviews).recall[late])
    tried, start = [], before.mean
    for strength in reversed(STRENGTHS):  # from the strongest on, each from where the last ended
        start = _of_rows(reviews, early, before, strength, start)
        tried.append(losses(y[late], walk(start, reviews).recall[late]))
    best = min(tried, key=lambda own: float(own.mean()))
    if not base.mean() - best.mean() > _error(base - best):
        return Fitted(prior, None, n, float(best.mean()), float(base.mean()))
    chosen = next(i for i, own in enumerate(tried) if (own - best).mean() <= _error(own - best))
    strength = STRENGTHS[::-1][chosen]
    found = _of_rows(reviews, rows, before, strength, before.mean)
    loss = float(tried[chosen].mean())
    return Fitted(tuple(found.tolist()), strength, n, loss, float(base.mean()))


def in_time(reviews: Reviews) -> Ints:
    """The rows that are scored, in order of time."""
    rows = np.flatnonzero(reviews.scored)
    return rows[np.argsort(reviews.at_us[rows], kind="stable")]


def losses(y: Ints, p: Floats) -> Floats:
    """(n,) log loss of each review."""
    q = np.clip(p, TINY, 1.0 - TINY)
    found: Floats = -np.where(y == 1, np.log(q), np.log1p(-q))
    return found


def recent(n: int) -> Floats:
    """(n,) weights of reviews in order of time; the last counts 1."""
    found: Floats = 2.0 ** (-(1.0 - np.arange(1, n + 1) / n) / HALVES)
    return found


def _error(difference: Floats) -> float:
    return float(difference.std() / np.sqrt(len(difference)))


def _of_rows(reviews: Reviews, rows: Ints, prior: Prior, strength: float, start: Floats) -> Floats:
    upto = np.zeros(len(reviews), dtype=bool)
    upto[rows] = True
    known = reviews.at_us <= reviews.at_us[rows].max()
    past = reviews.take(known)
    inside = np.flatnonzero(upto[known])
    inside = inside[np.argsort(past.at_us[inside], kind="stable")]

    def model(w: Floats) -> tuple[Floats, Floats]:
        told = walk(w, past, gradient=True)
        return told.recall[inside], told.gradient[inside]

    y = past.recalled[inside]
    return maximum(model, y, recent(len(rows)), prior, strength, start)


def maximum(
    model: Model, y: Ints, weight: Floats, prior: Prior, strength: float, start: Floats
) -> Floats:
    """(k,) parameters of the highest posterior.

    Args:
        model: Chances and their gradient.
        y: (n,) 0 or 1.
        weight: (n,) how much each counts.
        prior: Where the parameters are pulled to, and their range.
        strength: Of the pull.
        start: (k,) where to begin.
    """
    pull = strength / prior.spread**2
    w, damping = start, 1e-3
    p, slope = model(w)
    objective = _objective(y, p, weight, w - prior.mean, pull)
    for _ in range(MAX_STEPS):
        step = _step(y, (p, slope), weight, prior, pull, w)
        while True:
            tried = np.clip(w + step(damping), prior.low, prior.high)
            p, slope = model(tried)
            reached = _objective(y, p, weight, tried - prior.mean, pull)
            if reached < objective or damping > 1e6:
                break
            damping *= 4.0
        if not reached < objective:
            break
        gained, objective, w = objective - reached, reached, tried
        damping = max(damping / 5.0, 1e-6)
        if gained < 1e-5 * max(objective, 1.0):
            break
    return w


def _objective(y: Ints, p: Floats, weight: Floats, off: Floats, pull: Floats) -> float:
    return float(weight @ losses(y, p) + 0.5 * (pull @ off**2))


def _step(
    y: Ints, said: tuple[Floats, Floats], weight: Floats, prior: Prior, pull: Floats, w: Floats
) -> Callable[[float], Floats]:
    """The Gauss-Newton step for a damping; parameters at a bound that pull outwards stay."""
    p, slope = np.clip(said[0], TINY, 1.0 - TINY), said[1]
    by_row = weight / (p * (1.0 - p))
    gradient = slope.T @ (by_row * (p - y)) + pull * (w - prior.mean)
    curvature = (slope * by_row[:, None]).T @ slope + np.diag(pull)
    stuck = ((w <= prior.low) & (gradient > 0)) | ((w >= prior.high) & (gradient < 0))
    free = np.flatnonzero(~stuck)
    inner = curvature[np.ix_(free, free)]

    def step(damping: float) -> Floats:
        found = np.zeros(len(w))
        damped = inner + damping * np.diag(np.diag(inner))
        found[free] = -np.linalg.solve(damped, gradient[free])
        return found

    return step
