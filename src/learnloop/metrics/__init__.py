"""How do we judge numbers? Arrays in, float out. Start with `ranking.py`, then `calibration.py`.

`correct` is always (n,) of 0 and 1, `p` (n,) of chances in [0, 1] for the same rows; what can't be
said (an AUC of one class, a mean of no rows) is NaN, never a guess.
"""

from learnloop.metrics.bootstrap import Interval, Resampled, resample
from learnloop.metrics.calibration import Bin, ece, ece_null_quantile, reliability
from learnloop.metrics.ranking import auc
from learnloop.metrics.scoring import accuracy, brier, log_loss

__all__ = [
    "Bin",
    "Interval",
    "Resampled",
    "accuracy",
    "auc",
    "brier",
    "ece",
    "ece_null_quantile",
    "log_loss",
    "reliability",
    "resample",
]
