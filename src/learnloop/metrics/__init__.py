"""How do we judge numbers? Arrays in, float out. Start with `ranking.py`, then `calibration.py`.

Of answers: `correct` is always (n,) of 0 and 1, `p` (n,) of chances in [0, 1] for the same rows.
Of other tasks: `lists.py` (ranked lists), `classes.py`, `regression.py`, `sequences.py`. What can't
be said (an AUC of one class, a mean of no rows) is NaN, never a guess.
"""

from learnloop.metrics.bootstrap import Interval, Resampled, resample
from learnloop.metrics.calibration import Bin, ece, ece_null_quantile, reliability
from learnloop.metrics.classes import class_accuracy, macro_auc, macro_f1
from learnloop.metrics.lists import (
    hit_rate,
    mean_of_known,
    mrr,
    ndcg,
    row_hit_rate,
    row_ndcg,
    row_reciprocal_rank,
)
from learnloop.metrics.ranking import auc
from learnloop.metrics.regression import mae, r2, rmse
from learnloop.metrics.scoring import accuracy, brier, log_loss
from learnloop.metrics.sequences import bleu, perplexity

__all__ = [
    "Bin",
    "Interval",
    "Resampled",
    "accuracy",
    "auc",
    "bleu",
    "brier",
    "class_accuracy",
    "ece",
    "ece_null_quantile",
    "hit_rate",
    "log_loss",
    "macro_auc",
    "macro_f1",
    "mae",
    "mean_of_known",
    "mrr",
    "ndcg",
    "perplexity",
    "r2",
    "reliability",
    "resample",
    "rmse",
    "row_hit_rate",
    "row_ndcg",
    "row_reciprocal_rank",
]
