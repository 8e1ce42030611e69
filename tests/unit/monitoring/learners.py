"""Rows of learners who differ, and exact bounds for how often something may happen."""

import math

import numpy as np

from learnloop.core.types import Floats, Ints

NAMES = ("plain", "skewed", "zeros", "binary", "missing", "constant", "category", "some_never")


def rows(
    rng: np.random.Generator, n_learners: int, mean_rows: int = 10, icc: float = 0.4
) -> tuple[Floats, Ints]:
    """Features of every kind, (n, 8); `icc` is the correlation of two rows of one learner."""
    n_rows = 1 + rng.geometric(1 / mean_rows, n_learners)
    learner = np.repeat(np.arange(n_learners), n_rows)
    own = rng.normal(0, math.sqrt(icc), (n_learners, len(NAMES)))[learner]
    x = own + rng.normal(0, math.sqrt(1 - icc), own.shape)
    x[:, 1] = np.exp(x[:, 1])
    x[:, 2] = np.maximum(x[:, 2], 0.0)
    x[:, 3] = x[:, 3] > 1.2
    x[x[:, 4] > 1.6, 4] = math.nan
    x[:, 5] = 3.0
    x[:, 6] = np.round(2 * x[:, 6])
    x[own[:, 7] > 1.0, 7] = math.nan
    return x, learner


def most_of(n: int, p: float, tail: float = 0.001) -> int:
    """The count that a binomial (n, p) exceeds with a chance of at most `tail`."""
    chances = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    below = np.cumsum(chances)
    return int(np.searchsorted(below, 1 - tail))


def fewest_of(n: int, p: float, tail: float = 0.001) -> int:
    """The count that a binomial (n, p) stays under with a chance of at most `tail`."""
    return n - most_of(n, 1 - p, tail)
