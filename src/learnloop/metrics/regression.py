"""How far are predicted numbers from the true ones? RMSE, MAE and R2.

    RMSE = sqrt(mean((y - f)^2))    MAE = mean |y - f|
    R2   = 1 - sum (y - f)^2 / sum (y - mean y)^2

RMSE and MAE have the unit of the numbers. R2 is 1 for a perfect model, 0 for one that always says
the mean, and below 0 for a worse one; where all true numbers are equal, it can't be said.
"""

import math

import numpy as np

from learnloop.core.types import Floats
from learnloop.metrics.scoring import mean


def rmse(true: Floats, predicted: Floats) -> float:
    """The root of the mean squared error, >= 0; NaN for no rows."""
    return math.sqrt(mean((true - predicted) ** 2))


def mae(true: Floats, predicted: Floats) -> float:
    """The mean absolute error, >= 0; NaN for no rows."""
    return mean(np.abs(true - predicted))


def r2(true: Floats, predicted: Floats) -> float:
    """The share of the variance that is explained, at most 1; NaN where there is no variance."""
    if not len(true) or np.ptp(true) == 0:
        return math.nan
    residual, total = ((true - predicted) ** 2).sum(), ((true - true.mean()) ** 2).sum()
    return float(1.0 - residual / total)
