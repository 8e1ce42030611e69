"""How far are the chances from what happened? Means over rows of a per-row score.

log loss = -mean(y ln p + (1 - y) ln(1 - p)); Brier = mean((p - y)^2); accuracy = share of rows
where p >= 1/2 says what happened. The first two are proper: only the true chances minimise them.

Reference: Gneiting and Raftery (2007), "Strictly proper scoring rules, prediction, and
estimation", JASA 102.
"""

import math

import numpy as np

from learnloop.core.types import Bools, Floats
from learnloop.metrics.ranking import Binary

SMALLEST_P = 1e-15


def log_loss(correct: Binary, p: Floats) -> float:
    """The mean log loss, nats per row, >= 0; NaN for no rows.

    Chances are kept 1e-15 away from 0 and 1, so that one sure and wrong answer costs 34.5 nats
    and not infinity.
    """
    return mean(row_log_loss(correct, p))


def brier(correct: Binary, p: Floats) -> float:
    """The mean squared distance of p from what happened, [0, 1]; NaN for no rows."""
    return mean(row_brier(correct, p))


def accuracy(correct: Binary, p: Floats) -> float:
    """The share of rows where `p >= 0.5` says what happened, [0, 1]; NaN for no rows."""
    return mean(row_hit(correct, p).astype(np.float64))


def row_log_loss(correct: Binary, p: Floats) -> Floats:
    """The log loss of each row, (n,) nats."""
    said = np.where(np.asarray(correct) == 1, p, 1.0 - p)
    loss: Floats = -np.log(np.clip(said, SMALLEST_P, 1.0))
    return loss


def row_brier(correct: Binary, p: Floats) -> Floats:
    """The squared distance of each row, (n,) in [0, 1]."""
    distance: Floats = (p - np.asarray(correct)) ** 2
    return distance


def row_hit(correct: Binary, p: Floats) -> Bools:
    """Which rows `p >= 0.5` names rightly, (n,)."""
    hit: Bools = (p >= 0.5) == (np.asarray(correct) == 1)
    return hit


def mean(values: Floats) -> float:
    """The mean, NaN for no values."""
    return float(values.mean()) if len(values) else math.nan
