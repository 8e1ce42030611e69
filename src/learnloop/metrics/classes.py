"""Which class is it, of several? Accuracy, macro-F1 and macro AUC.

Macro means: the figure of each class counts the same, however rare the class is.

    F1 of a class = 2 hits / (rows said to be it + rows that are it)

A class that neither is there nor was said has no F1; a class that is everything or nothing has no
AUC. Such classes are left out of the mean, and a mean of nothing is NaN.

References: Sokolova and Lapalme (2009), "A systematic analysis of performance measures for
classification tasks". Provost and Domingos (2003), "Tree induction for probability-based ranking"
(one class against the rest; here the mean is not weighted by frequency).
"""

import math

import numpy as np

from learnloop.core.types import Floats, Ints
from learnloop.metrics.lists import mean_of_known
from learnloop.metrics.ranking import auc


def class_accuracy(true: Ints, said: Ints) -> float:
    """The share of rows where the class is right, [0, 1]; NaN for no rows.

    Args:
        true: (n,) classes.
        said: (n,) classes.
    """
    return float(np.mean(true == said)) if len(true) else math.nan


def macro_f1(true: Ints, said: Ints, n_classes: int) -> float:
    """The mean over classes of F1, [0, 1]; NaN for no rows.

    Args:
        true: (n,) classes, 0 to n_classes - 1.
        said: (n,) classes.
        n_classes: How many there are.
    """
    hits = np.bincount(true[true == said], minlength=n_classes).astype(np.float64)
    rows = np.bincount(true, minlength=n_classes) + np.bincount(said, minlength=n_classes)
    f1: Floats = np.full(n_classes, math.nan)
    np.divide(2.0 * hits, rows, out=f1, where=rows > 0)
    return mean_of_known(f1)


def macro_auc(true: Ints, p: Floats) -> float:
    """The mean over classes of the AUC of that class against all others, [0, 1].

    Args:
        true: (n,) classes.
        p: (n, n_classes) chances or scores.

    Returns:
        NaN where no class has both members and others.
    """
    areas = [auc(true == c, p[:, c]) for c in range(p.shape[1])]
    return mean_of_known(np.array(areas, dtype=np.float64))
