"""How good is each model in each period, now that outcomes are known? Figures with intervals.

Of the rows with an outcome: AUC, log loss, Brier, ECE and bias, with 95% intervals that draw whole
learners (`learnloop.metrics`). Of all rows, long before an outcome is known: how sure the model
was, how long it took, how often a fallback answered. What can't be said is NaN or None, never a
guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from learnloop.core.types import Bools, Floats, Ints
from learnloop.metrics import Interval, resample
from learnloop.monitoring.by_learner import mean_of

N_BINS = 10
EXTREME = 0.05
UNKNOWN = -1


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """What models answered, row by row.

    Attributes:
        p: (n,) the chances they gave, [0, 1].
        correct: (n,) what happened: 0, 1, or -1 while it is not known.
        learner: (n,) whose row it is; any whole numbers.
        latency_ms: (n,) how long the answer took.
        fallback: (n,) whether something else answered in the model's place.
    """

    p: Floats
    correct: Ints
    learner: Ints
    latency_ms: Floats | None = None
    fallback: Bools | None = None

    def where(self, kept: Bools) -> "Served":
        """Some of the rows."""
        return Served(
            self.p[kept],
            self.correct[kept],
            self.learner[kept],
            None if self.latency_ms is None else self.latency_ms[kept],
            None if self.fallback is None else self.fallback[kept],
        )


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure a model was.

    Attributes:
        counts: (10,) rows by p, in bins of equal width from 0 to 1.
        mean: Of max(p, 1 - p), [0.5, 1].
        extreme: Share of rows with p < 0.05 or p > 0.95.
    """

    counts: tuple[int, ...]
    mean: float
    extreme: float


@dataclass(frozen=True, slots=True)
class Latency:
    """How long answers took, milliseconds: half, 95%, 99% of them, and the longest."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class Performance:
    """One model in one period.

    Attributes:
        n: Rows.
        n_known: Rows whose outcome is known; the figures up to `bias` are theirs.
        n_learners: Learners of those.
        auc: P(a right answer was given a higher chance than a wrong one).
        log_loss: Nats per row.
        brier: Mean squared distance.
        ece: Expected calibration error, 15 bins.
        bias: Mean of correct - p; above 0 the model says too little.
        confidence: Of all rows.
        latency: Of all rows; None if not measured.
        fallback: Share of all rows that a fallback answered; None if not measured.
    """

    n: int
    n_known: int
    n_learners: int
    auc: Interval
    log_loss: Interval
    brier: Interval
    ece: Interval
    bias: Interval
    confidence: Confidence
    latency: Latency | None
    fallback: Interval | None


def measure(served: Served, rng: np.random.Generator, n_resamples: int = 200) -> Performance:
    """The figures of some rows.

    Args:
        served: At least one row.
        rng: Draws the learners.
        n_resamples: How many times they are drawn.
    """
    known = served.where(served.correct != UNKNOWN)
    drawn = resample(known.correct, [known.p], known.learner, rng, n_resamples)
    fallback = served.fallback
    return Performance(
        len(served.p),
        len(known.p),
        len(np.unique(known.learner)),
        drawn.interval("auc"),
        drawn.interval("log_loss"),
        drawn.interval("brier"),
        drawn.interval("ece"),
        mean_of(known.correct - known.p, known.learner, rng, n_resamples),
        _confidence(served.p),
        None if served.latency_ms is None else _latency(served.latency_ms),
        None
        if fallback is None
        else mean_of(fallback.astype(np.float64), served.learner, rng, n_resamples),
    )


def by_model_and_period(
    served: Served, model: Ints, period: Ints, rng: np.random.Generator, n_resamples: int = 200
) -> Mapping[tuple[int, int], Performance]:
    """The figures of each model in each period that has rows.

    Args:
        served: (n,) rows.
        model: (n,) a code of the model that answered.
        period: (n,) a code of the period.
        rng: Draws the learners.
        n_resamples: How many times they are drawn.
    """
    pairs = np.unique(np.column_stack([model, period]), axis=0)
    return {
        (m, t): measure(served.where((model == m) & (period == t)), rng, n_resamples)
        for m, t in pairs.tolist()
    }


def _confidence(p: Floats) -> Confidence:
    bins = np.minimum((p * N_BINS).astype(np.int64), N_BINS - 1)
    return Confidence(
        tuple(np.bincount(bins, minlength=N_BINS).tolist()),
        float(np.maximum(p, 1.0 - p).mean()),
        float(((p < EXTREME) | (p > 1.0 - EXTREME)).mean()),
    )


def _latency(ms: Floats) -> Latency:
    return Latency(*np.quantile(ms, (0.5, 0.95, 0.99, 1.0)).tolist())
