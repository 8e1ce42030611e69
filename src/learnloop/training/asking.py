"""Whom to ask what next, so that a model learns most? Questions it is unsure of, and unlike others.

One question after another is chosen, each time the one with the largest

    4 p (1 - p) * distance to the nearest question chosen or already answered

so a whole batch is not ten times the same. A question like one that was asked is worth nothing new;
nor is one whose answer is certain.

Reference: Settles (2012), "Active Learning", chapters 2 and 5; Gonzalez (1985), "Clustering to
minimize the maximum intercluster distance", for the distance to the nearest.
"""

import numpy as np

from learnloop.core.errors import InvalidInput
from learnloop.core.types import Floats, Ints


def to_ask(p: Floats, vectors: Floats, n: int, answered: Floats | None = None) -> Ints:
    """The rows to ask, the best first; fewer than `n` where no other could say anything new.

    Args:
        p: (m,) the model's chance of a right answer, [0, 1].
        vectors: (m, d) what is known at each question; columns on one scale, no NaN.
        n: How many.
        answered: (k, d) the questions whose answers are known.

    Raises:
        InvalidInput: Lengths differ, or a number is missing.
    """
    if vectors.ndim != 2 or len(p) != len(vectors):
        raise InvalidInput(f"vectors: {vectors.shape} does not go with {len(p)} chances")
    if np.isnan(p).any() or np.isnan(vectors).any():
        raise InvalidInput("p and vectors need a number in every place")
    unsure = 4.0 * p * (1.0 - p)
    nearest = np.full(len(p), np.inf)
    for other in () if answered is None else answered:
        nearest = np.minimum(nearest, _distance(vectors, other))
    chosen: list[int] = []
    while len(chosen) < min(n, len(p)):
        worth = unsure * np.where(np.isinf(nearest), 1.0, nearest)
        best = int(np.argmax(worth))
        if worth[best] <= 0.0:
            break
        chosen.append(best)
        nearest = np.minimum(nearest, _distance(vectors, vectors[best]))
    return np.array(chosen, dtype=np.int64)


def _distance(vectors: Floats, other: Floats) -> Floats:
    found: Floats = np.sqrt(((vectors - other) ** 2).sum(axis=1))
    return found
