"""When the model says 70%, is it right 70% of the time? Reliability in equal-width bins.

ECE = sum over bins b of (n_b / n) |mean p of b - share right of b|, with 15 bins of equal width;
bin k holds k/15 <= p < (k + 1)/15, the last one p = 1 too.

Even a perfectly calibrated model shows an ECE above 0, because n is finite. `ece_null_quantile`
says how much: answers are drawn from the model's own chances, so that the model is calibrated by
construction, and the ECE of that is taken many times. An ECE under this bound gives no evidence
of miscalibration.

References: Naeini, Cooper and Hauskrecht (2015), "Obtaining well calibrated probabilities using
Bayesian binning", AAAI. Vaicenavicius et al. (2019), "Evaluating model calibration in
classification", AISTATS (the consistency resampling of the null).
"""

import math
from dataclasses import dataclass

import numpy as np

from learnloop.core.types import Floats, Ints
from learnloop.metrics.ranking import Binary

N_BINS = 15


@dataclass(frozen=True, slots=True)
class Bin:
    """One line of a reliability table.

    Attributes:
        low: The bin begins here, [0, 1).
        high: The bin ends here, (0, 1].
        n: Rows in the bin, > 0 (empty bins have no line).
        mean_p: What the model said, mean.
        share_correct: What happened, share of right answers.
    """

    low: float
    high: float
    n: int
    mean_p: float
    share_correct: float


def bin_of(p: Floats) -> Ints:
    """The bin of each chance, (n,) 0 to 14."""
    return np.minimum((p * N_BINS).astype(np.int64), N_BINS - 1)


def ece(correct: Binary, p: Floats) -> float:
    """The expected calibration error in 15 equal-width bins, [0, 1]; NaN for no rows."""
    if not len(p):
        return math.nan
    gaps = np.bincount(bin_of(p), weights=p - np.asarray(correct), minlength=N_BINS)
    return float(np.abs(gaps).sum() / len(p))


def reliability(correct: Binary, p: Floats) -> tuple[Bin, ...]:
    """The reliability table: one line for each bin that has rows, lowest first."""
    bins = bin_of(p)
    n = np.bincount(bins, minlength=N_BINS)
    said = np.bincount(bins, weights=p, minlength=N_BINS)
    right = np.bincount(bins, weights=np.asarray(correct), minlength=N_BINS)
    return tuple(
        Bin(b / N_BINS, (b + 1) / N_BINS, int(n[b]), float(said[b] / n[b]), float(right[b] / n[b]))
        for b in np.flatnonzero(n).tolist()
    )


def ece_null_quantile(
    p: Floats, rng: np.random.Generator, n_sim: int = 1000, q: float = 0.95
) -> float:
    """The ECE that a perfectly calibrated model with these chances stays under, `q` of the time.

    Args:
        p: (n,) the model's chances.
        rng: Draws the answers.
        n_sim: How many times the answers are drawn.
        q: Which quantile.

    Returns:
        [0, 1]; NaN for no rows.
    """
    if not len(p):
        return math.nan
    bins = bin_of(p)
    order = np.argsort(bins, kind="stable")
    chances = p[order]
    starts = np.flatnonzero(np.diff(bins[order], prepend=-1))
    said = np.add.reduceat(chances, starts)
    drawn = np.empty(n_sim)
    for i in range(n_sim):
        right = np.add.reduceat(rng.random(len(chances)) < chances, starts, dtype=np.int64)
        drawn[i] = np.abs(said - right).sum() / len(p)
    return float(np.quantile(drawn, q))
