"""How far off is the network, beyond what chance explains? Two numbers per prediction, measured.

Inside a group of answers, e.g. one learner's first five, let r be the sum of (right - p) and w that
of p (1 - p). If the logits of a group are off by a common amount with variance t,
E[r^2] = w + t w^2, so that over many groups

    t = sum(r^2 - w) / sum(w^2)          never below 0

t is taken over learners, by how many answers they had given, and over items, by how many training
answers they had; the standard deviation of a prediction is p (1 - p) sqrt(t_learner + t_item).
Measured on learners that the weights were not fitted on.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from learnloop.core.types import Floats, Ints

LEARNER_BINS: Final = (0, 5, 20, 60)
ITEM_BINS: Final = (0, 1, 10, 50)
LEAST, MOST = 0.01, 2.0


class Spread(NamedTuple):
    """Variance of the logit.

    Attributes:
        learner: By answers given before: from 0, 5, 20, 60.
        item: By training answers of the item: from 0, 1, 10, 50.
    """

    learner: tuple[float, ...]
    item: tuple[float, ...]

    def of_learner(self, n: int) -> float:
        """Of a learner who has given so many answers."""
        return self.learner[sum(n >= low for low in LEARNER_BINS) - 1]

    def of_items(self, n: Floats) -> Floats:
        """(n_items,) of items with so many training answers."""
        found: Floats = np.array(self.item)[np.searchsorted(ITEM_BINS, n, side="right") - 1]
        return found


def spread_of(p: Floats, correct: Ints, learner: Ints, item: Ints, n_item: Floats) -> Spread:
    """From predictions of answers, ordered by learner and time.

    Args:
        p: (n,) what was said.
        correct: (n,) 1 right, 0 wrong.
        learner: (n,) codes, ascending.
        item: (n,) codes.
        n_item: (n,) training answers of the item.
    """
    given = np.arange(len(p)) - np.searchsorted(learner, learner)
    return Spread(
        _by_bin(p, correct, learner, given, LEARNER_BINS),
        _by_bin(p, correct, item, n_item, ITEM_BINS),
    )


def _by_bin(
    p: Floats, correct: Ints, group: Ints, size: Ints | Floats, bins: Sequence[int]
) -> tuple[float, ...]:
    """The variance between groups in each bin; where a bin is empty, that of the bin before."""
    number = np.searchsorted(bins, size, side="right") - 1
    found: list[float] = []
    for k in range(len(bins)):
        mine = number == k
        r = np.bincount(group[mine], (correct - p)[mine])
        w = np.bincount(group[mine], (p * (1.0 - p))[mine])
        squares = float((w**2).sum())
        if squares > 0.0:
            variance = float((r**2 - w).sum()) / squares
        else:
            variance = found[-1] if found else 1.0
        found.append(min(max(variance, LEAST), MOST))
    return tuple(found)
