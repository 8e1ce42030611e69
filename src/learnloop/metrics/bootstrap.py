"""How sure is a figure, and how sure is the difference of two models? Bootstrap by learner.

Answers of one learner hang together, so learners are drawn with replacement, not rows; a resample
is a whole-number weight for each learner. All models are measured on the same resamples, so the
difference of two is paired: what is hard for both cancels. Log loss, Brier, accuracy and ECE need
only sums for each learner; AUC needs one weighted pass over scores that were sorted once.

The 95% interval is the spread of the resamples about their mean, set around the figure itself:
`point + quantile(resamples - mean(resamples))`, cut to the range of the metric. A resampled ECE is
larger than the ECE (it carries the noise twice); so is its mean, and the shift takes that out.

Reference: Efron and Tibshirani (1993), "An introduction to the bootstrap", chapters 8 and 13.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from learnloop.core.types import Floats, Ints
from learnloop.metrics.calibration import N_BINS, bin_of
from learnloop.metrics.ranking import Binary, RankedScores
from learnloop.metrics.scoring import row_brier, row_hit, row_log_loss

METRICS = ("auc", "log_loss", "brier", "accuracy", "ece")
_HIGHEST = {"auc": 1.0, "log_loss": math.inf, "brier": 1.0, "accuracy": 1.0, "ece": 1.0}


class Interval(NamedTuple):
    """A figure and the 95% interval around it; NaN where it can't be said."""

    point: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Every metric of several models on the rows themselves and on resamples of their learners.

    Attributes:
        point: (n_models, n_metrics) on the rows themselves; metrics go by `METRICS`.
        draws: (n_resamples, n_models, n_metrics).
    """

    point: Floats
    draws: Floats

    def interval(self, metric: str, model: int = 0) -> Interval:
        """One model's metric."""
        k = METRICS.index(metric)
        point, draws = self.point[model, k], self.draws[:, model, k]
        return _around(float(point), draws, 0.0, _HIGHEST[metric])

    def difference(self, metric: str, a: int = 0, b: int = 1) -> Interval:
        """The metric of model `a` minus that of model `b`, paired."""
        k, reach = METRICS.index(metric), _HIGHEST[metric]
        point = self.point[a, k] - self.point[b, k]
        return _around(float(point), self.draws[:, a, k] - self.draws[:, b, k], -reach, reach)


def resample(
    correct: Binary,
    predictions: Sequence[Floats],
    learner: Ints,
    rng: np.random.Generator,
    n_resamples: int = 1000,
) -> Resampled:
    """Measure models on resamples of the learners.

    Args:
        correct: (n,) 0 or 1.
        predictions: One (n,) array of chances for each model.
        learner: (n,) whose row it is; any whole numbers.
        rng: Draws the learners.
        n_resamples: How many times they are drawn.
    """
    ids, code = np.unique(learner, return_inverse=True)
    models = [_LearnerSums(correct, p, code, len(ids)) for p in predictions]
    point = [m.measure(np.ones(len(ids), dtype=np.int64)) for m in models]
    draws = np.empty((n_resamples, len(models), len(METRICS)))
    for i in range(n_resamples):
        drawn = rng.integers(len(ids), size=len(ids)) if len(ids) else np.empty(0, np.int64)
        weight = np.bincount(drawn, minlength=len(ids))
        draws[i] = [m.measure(weight) for m in models]
    return Resampled(np.array(point).reshape(-1, len(METRICS)), draws)


class _LearnerSums:
    """What the metrics of one model need of each learner."""

    def __init__(self, correct: Binary, p: Floats, code: Ints, n_learners: int) -> None:
        self._code = code
        self._ranked = RankedScores(correct, p)
        rows = (np.ones(len(p)), row_log_loss(correct, p), row_brier(correct, p))
        columns = [*rows, row_hit(correct, p).astype(np.float64)]
        sums = [np.bincount(code, weights=c, minlength=n_learners) for c in columns]
        gaps = np.bincount(
            code * N_BINS + bin_of(p),
            weights=p - np.asarray(correct),
            minlength=n_learners * N_BINS,
        )
        self._sums: Floats = np.hstack([np.column_stack(sums), gaps.reshape(-1, N_BINS)])

    def measure(self, weight: Ints) -> list[float]:
        """The metrics, by `METRICS`, when learner l counts `weight[l]` times."""
        total = weight @ self._sums
        n = total[0]
        if not n:
            return [math.nan] * len(METRICS)
        area = self._ranked.auc(weight[self._code])
        return [area, *(total[1:4] / n).tolist(), float(np.abs(total[4:]).sum() / n)]


def _around(point: float, draws: Floats, lowest: float, highest: float) -> Interval:
    known = draws[~np.isnan(draws)]
    if math.isnan(point) or not len(known):
        return Interval(point, math.nan, math.nan)
    low, high = (np.quantile(known, (0.025, 0.975)) - known.mean() + point).tolist()
    return Interval(point, max(min(low, point), lowest), min(max(high, point), highest))
