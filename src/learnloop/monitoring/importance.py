"""Which features move a model's answers, and did that change? Sampled Shapley values.

The Shapley value of feature j at row x is the mean, over all orders of the features and all rows b
of a background, of what changes in predict when j goes from b's value to x's, the features before
j in the order being x's already. Orders are drawn in pairs, each with its reverse (antithetic): a
model with no interactions but pairwise ones is then explained with the error of the background
alone. For every row the values add up to predict(x) - base exactly, `base` being the mean
prediction for the background rows that were used.

The importance of a feature is the mean of |value|, each learner counted once. Whether two periods
differ is asked with learners dealt anew to the two, many times: the largest difference of all
features, in standard errors, gives p-values that hold for all of them together.

References: Castro, Gomez and Tejada (2009), "Polynomial calculation of the Shapley value based on
sampling", Computers & OR 36. Mitchell et al. (2022), "Sampling permutations for Shapley value
estimation", JMLR 23. Westfall and Young (1993), "Resampling-based multiple testing".
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from learnloop.core.types import Bools, Floats, Ints
from learnloop.monitoring.shares import Learners

Predict = Callable[[Floats], Floats]
"""(n, d) rows to (n,) answers."""

ROWS_AT_ONCE = 65_536
TINY = 1e-12
"""Stands in for the standard error of a feature that moves nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """Shapley values of some rows.

    Attributes:
        values: (n, d) in the unit of the answers; each row adds up to its answer less `base`.
        base: Mean answer for the background rows that were used.
    """

    values: Floats
    base: float


@dataclass(frozen=True, slots=True)
class Shift:
    """How the importance of one feature changed from one period to the next.

    Attributes:
        before: Mean |value|, each learner counted once, in the unit of the answers.
        now: The same in the later period.
        p_value: P(any feature's importance changes this much, in standard errors, by chance).
    """

    before: float
    now: float
    p_value: float


def explain(
    predict: Predict,
    x: Floats,
    background: Floats,
    rng: np.random.Generator,
    n_pairs: int = 50,
) -> Explained:
    """The Shapley values of rows.

    Args:
        predict: The model; pure.
        x: (n, d) the rows.
        background: (m, d) what a feature is when it is not known; rows of the training data.
        rng: Draws the orders and the background rows.
        n_pairs: Orders drawn, each with its reverse; `predict` sees 2 n_pairs (d - 1) variants of a
            row. The same orders for all rows.
    """
    n, d = x.shape
    whole = predict(x)
    deck = np.resize(rng.permutation(len(background)), n_pairs)
    values, bases = np.zeros((n, d)), predict(background[deck])
    for row, base in zip(deck, bases.tolist(), strict=True):
        order = rng.permutation(d)
        for way in (order, order[::-1]):
            steps = _along(predict, x, background[row], way)
            path = np.column_stack([np.full(n, base), steps, whole])
            values[:, way] += np.diff(path, axis=1)
    return Explained(values / (2 * n_pairs), float(bases.mean()))


def importance(values: Floats, learner: Ints) -> Floats:
    """Mean |value| of each feature, (d,), each learner counted once."""
    means: Floats = _by_learner(values, learner).mean(axis=0)
    return means


def importance_drift(
    before: Floats,
    learner_before: Ints,
    now: Floats,
    learner_now: Ints,
    rng: np.random.Generator,
    n_deals: int = 2000,
) -> tuple[Shift, ...]:
    """Whether the importances of two periods differ, feature by feature.

    Args:
        before: (n, d) Shapley values of the earlier period.
        learner_before: (n,) whose row it is; any whole numbers.
        now: (m, d) of the later period, explained against the same background.
        learner_now: (m,).
        rng: Deals the learners.
        n_deals: How often.
    """
    a, b = _by_learner(before, learner_before), _by_learner(now, learner_now)
    both = np.vstack([a, b])
    seen = _in_errors(both, np.arange(len(both)) < len(a))
    largest = np.empty(n_deals)
    for i in range(n_deals):
        largest[i] = _in_errors(both, rng.permutation(len(both)) < len(a)).max()
    p_values = (1 + (largest[:, None] >= seen * (1.0 - TINY)).sum(axis=0)) / (1 + n_deals)
    columns = zip(a.mean(axis=0).tolist(), b.mean(axis=0).tolist(), p_values.tolist(), strict=True)
    return tuple(Shift(*column) for column in columns)


def _along(predict: Predict, x: Floats, start: Floats, order: Ints) -> Floats:
    """Answers on the way from `start` to each row, both ends left out: (n, d - 1)."""
    n, d = x.shape
    place = np.empty(d, dtype=np.int64)
    place[order] = np.arange(d)
    taken = place < np.arange(1, d)[:, None]  # (d - 1, d): which features are the row's own
    answers = np.empty((n, d - 1))
    at_once = max(1, ROWS_AT_ONCE // max(d - 1, 1))
    for i in range(0, n, at_once):
        some = x[i : i + at_once]
        mixed = np.where(taken, some[:, None, :], start)
        answers[i : i + at_once] = predict(mixed.reshape(-1, d)).reshape(len(some), d - 1)
    return answers


def _by_learner(values: Floats, learner: Ints) -> Floats:
    """Mean |value| of each learner, (n_learners, d)."""
    who = Learners.of(learner)
    sums = [np.bincount(who.code, weights=column) for column in np.abs(values).T]
    return np.column_stack(sums) / who.n_rows[:, None]


def _in_errors(rows: Floats, first: Bools) -> Floats:
    """Differences of the two groups' means in their standard errors, (d,) >= 0."""
    a, b = rows[first], rows[~first]
    error = np.sqrt(a.var(axis=0) / len(a) + b.var(axis=0) / len(b))
    gap: Floats = np.abs(a.mean(axis=0) - b.mean(axis=0))
    in_errors: Floats = gap / np.maximum(error, TINY)
    return in_errors
