"""Does the model put right answers above wrong ones? The area under the ROC curve.

AUC = P(p of a right answer > p of a wrong one) + P(equal) / 2 over all pairs of the two kinds. It
is counted exactly: pairs are whole numbers, and tied scores form one group.

Reference: Hanley and McNeil (1982), "The meaning and use of the area under a receiver operating
characteristic (ROC) curve", Radiology 143.
"""

import math

import numpy as np
from numpy.typing import NDArray

from learnloop.core.types import Floats, Ints

Binary = NDArray[np.int8] | NDArray[np.int64] | NDArray[np.bool_]


def auc(correct: Binary, p: Floats) -> float:
    """The area under the ROC curve.

    Args:
        correct: (n,) 0 or 1.
        p: (n,) scores; only their order counts.

    Returns:
        [0, 1]; NaN where one of the two classes is missing.
    """
    return RankedScores(correct, p).auc(np.ones(len(p), dtype=np.int64))


class RankedScores:
    """Scores sorted once, for the AUC under many whole-number row weights.

    Args:
        correct: (n,) 0 or 1.
        p: (n,) scores, no NaN.
    """

    def __init__(self, correct: Binary, p: Floats) -> None:
        self._order = np.argsort(p)
        ranked = p[self._order]
        self._right = np.asarray(correct)[self._order].astype(np.int64)
        new = np.ones(len(ranked), dtype=bool)
        new[1:] = np.diff(ranked) != 0
        self._first_of_tie = np.flatnonzero(new)

    def auc(self, weight: Ints) -> float:
        """The AUC when row i stands for `weight[i]` rows (0 leaves it out).

        Args:
            weight: (n,) whole numbers >= 0.

        Returns:
            [0, 1]; NaN where one of the two classes has no weight.
        """
        if not len(weight):
            return math.nan
        sorted_weight = weight[self._order]
        right = np.add.reduceat(sorted_weight * self._right, self._first_of_tie)
        wrong = np.add.reduceat(sorted_weight, self._first_of_tie) - right
        n_right, n_wrong = int(right.sum()), int(wrong.sum())
        if not n_right or not n_wrong:
            return math.nan
        wins_twice = int((right * (2 * np.cumsum(wrong) - wrong)).sum())
        return wins_twice / (2 * n_right * n_wrong)
