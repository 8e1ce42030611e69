"""What if one class is rare? Weigh its rows, or draw them more often.

Both make a class of which there are few count as much as one of which there are many:

    weights   row of class c counts n / (n_classes * n_c); the weighted mean of the gradients over
              all rows is then the plain mean over classes of each class's mean gradient
    sampler   row of class c is drawn with chance 1 / (n_classes * n_c)

Classes without rows are left out. Probabilities learnt this way are those of a world where classes
are equally frequent: calibrate them before they are shown to anybody.

Reference: King and Zeng (2001), "Logistic regression in rare events data" (weighting, 4.2).
"""

import numpy as np

from learnloop.core.errors import DataError
from learnloop.core.types import Floats, Ints
from learnloop.models.train.batches import Array, Dataset, Ragged


def class_weights(data: Dataset, n_classes: int | None) -> Floats:
    """(n_classes,) what an element of each class counts; their mean over all elements is 1."""
    column = data["target"]
    counts = _counts(column.values if isinstance(column, Ragged) else column, n_classes)
    there = counts > 0
    weights: Floats = np.zeros(len(counts))
    weights[there] = counts.sum() / (there.sum() * counts[there])
    return weights


def row_chances(data: Dataset, n_classes: int | None) -> Floats:
    """(n_rows,) the chance with which each row is drawn.

    Raises:
        DataError: A row has more than one class (targets of sequences); weigh them instead.
    """
    column = data["target"]
    if isinstance(column, Ragged) or column.ndim != 1:
        raise DataError("balance=sampler needs one class for each row; use balance=weights")
    weights = class_weights(data, n_classes)[column.astype(np.int64)]
    chances: Floats = weights / weights.sum()
    return chances


def _counts(target: Array, n_classes: int | None) -> Ints:
    if n_classes is None:
        raise DataError("balance needs a task whose target is a class")
    return np.bincount(target.astype(np.int64).ravel(), minlength=n_classes)
