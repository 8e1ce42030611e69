"""How well does half-life regression remember? The baseline of Settles and Meeder.

    p = 2^(-days / h),   h = 2^(a + b sqrt(1 + times recalled) + c sqrt(1 + times forgotten))

Fitted by log loss on the scored reviews, with h between 15 minutes and 9 months as in the paper.

Reference: Settles and Meeder (2016), "A trainable spaced repetition model for language learning",
ACL, pages 1848-1858.
"""

from typing import Final

import numpy as np

from learnloop.core.types import Floats, Ints
from learnloop.models.memory.batch import Reviews
from learnloop.models.memory.fitting import Prior, maximum

MIN_HALF_LIFE: Final = 15 / (24 * 60)
MAX_HALF_LIFE: Final = 274.0
_WIDE: Final = Prior(np.zeros(3), np.full(3, 10.0), np.full(3, -20.0), np.full(3, 20.0))


def fit(reviews: Reviews, rows: Ints) -> Floats:
    """(3,) a, b, c from these rows."""
    x, days = _counts(reviews)[rows], reviews.days[rows]

    def model(w: Floats) -> tuple[Floats, Floats]:
        h, free = _half_life(w, x)
        p = 2.0 ** (-days / h)
        slope: Floats = (free * p * np.log(2.0) ** 2 * days / h)[:, None] * x
        return p, slope

    y, every = reviews.recalled[rows], np.ones(len(rows))
    return maximum(model, y, every, _WIDE, 1.0, np.array([1.0, 0.5, -0.5]))


def predict(w: Floats, reviews: Reviews) -> Floats:
    """(n,) P(recalled), before each review."""
    h, _ = _half_life(w, _counts(reviews))
    p: Floats = 2.0 ** (-reviews.days / h)
    return p


def _half_life(w: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Days, and 1 where it is inside its range."""
    raw = 2.0 ** np.clip(x @ w, -40.0, 40.0)
    h = np.clip(raw, MIN_HALF_LIFE, MAX_HALF_LIFE)
    return h, (raw == h).astype(np.float64)


def _counts(reviews: Reviews) -> Floats:
    """(n, 3) one, and the square roots of one more than each count."""
    starts = np.flatnonzero(reviews.first)
    whose = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(reviews))))

    def before(what: Ints) -> Ints:
        total = np.cumsum(what) - what
        found: Ints = total - total[starts][whose]
        return found

    right = reviews.recalled
    return np.column_stack(
        [np.ones(len(right)), np.sqrt(1.0 + before(right)), np.sqrt(1.0 + before(1 - right))]
    )
