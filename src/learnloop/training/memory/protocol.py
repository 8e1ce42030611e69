"""How well is recall predicted later in time? The last fifth of a person's reviews, by every model.

The scored reviews (a day or more after the card's review before) are put in order of time: models
are fitted on the first four fifths and predict the rest, each review from all that came before it.
Nothing is chosen on the last fifth: what our model chooses, it chooses inside the first four.

`rmse_bins` groups the reviews by how long was waited, how many reviews and how many lapses came
before, and compares shares. The intervals resample cards.

Reference: the protocol and the bins are those of Open Spaced Repetition's srs-benchmark, with one
split instead of several.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from learnloop.core.errors import DataError
from learnloop.core.types import Floats, Ints
from learnloop.metrics import Interval, resample
from learnloop.models.memory import Config, half_life
from learnloop.models.memory.batch import Reviews, walk
from learnloop.models.memory.fitting import fit, in_time
from learnloop.models.memory.parameters import DEFAULTS
from learnloop.training.memory import peer
from learnloop.training.memory.baselines import constant, moving_average, shifted, sm2
from learnloop.training.memory.logs import ReviewLog

TRAIN: Final = 0.8
MIN_TEST: Final = 20
OURS, DEFAULT, PEER = "memory", "fsrs6_default", "fsrs6_fsrs_rs"


@dataclass(frozen=True, slots=True)
class Figures:
    """One model on one log.

    Attributes:
        over_default: Log loss minus that of FSRS-6 with its defaults, paired; below 0 is better.
        over_ours: Log loss minus our model's.
        fit_cpu_s: CPU seconds of the fit; 0 where nothing is fitted.
    """

    log_loss: Interval
    auc: Interval
    ece: Interval
    rmse_bins: float
    over_default: Interval
    over_ours: Interval
    fit_cpu_s: float


@dataclass(frozen=True, slots=True)
class LogResult:
    """All models on one log.

    Attributes:
        strength: Of the pull to the defaults that our fit chose; None: it kept the defaults.
        notes: Who could not take part, and why.
    """

    n_train: int
    n_test: int
    recalled: float
    strength: float | None
    models: Mapping[str, Figures]
    notes: tuple[str, ...] = ()


def judge(
    log: ReviewLog, rng: np.random.Generator, python: Path | None = None, n_resamples: int = 1000
) -> LogResult:
    """Every model on the last fifth of a log.

    Args:
        log: Of one person.
        rng: Draws the cards.
        python: An interpreter with `fsrs-rs-python`; None: it takes no part.
        n_resamples: How many times the cards are drawn.

    Raises:
        DataError: There are too few reviews.
    """
    reviews, scored = log.reviews, in_time(log.reviews)
    train, test = scored[: round(TRAIN * len(scored))], scored[round(TRAIN * len(scored)) :]
    if len(test) < MIN_TEST:
        raise DataError(f"{log.name}: {len(scored)} reviews test memory; that is too few")
    ours, strength, cpu = _ours(reviews, train, scored)
    said: dict[str, tuple[Floats, float]] = {
        "constant": (constant(reviews, train), 0.0),
        "moving_average": (moving_average(reviews, scored), 0.0),
        "sm2": (sm2(reviews), 0.0),
        "half_life": _half_life(reviews, train),
        DEFAULT: (walk(np.array(DEFAULTS), reviews).recall, 0.0),
    }
    notes: tuple[str, ...] = ()
    if python is not None:
        try:
            found, peer_cpu = peer.fitted(python, reviews, train)
            said[PEER] = (walk(found, reviews).recall, peer_cpu)
        except DataError as error:
            notes = (error.message,)
    said["memory_no_intercept"] = (ours[0], cpu)
    said[OURS] = (ours[1], cpu)
    models = _figures(reviews, test, said, rng, n_resamples)
    recalled = float(reviews.recalled[test].mean())
    return LogResult(len(train), len(test), recalled, strength, models, notes)


def _ours(
    reviews: Reviews, train: Ints, scored: Ints
) -> tuple[tuple[Floats, Floats], float | None, float]:
    """Without and with the learner's intercept; the strength that was chosen; CPU seconds."""
    config, begun = Config(), time.process_time()
    found = fit(reviews, DEFAULTS, min_reviews=config.min_reviews, rows=train)
    cpu = time.process_time() - begun
    plain = walk(np.array(found.parameters), reviews).recall
    p = np.clip(plain[scored], 1e-4, 1.0 - 1e-4)
    both = plain, shifted(np.log(p / (1.0 - p)), reviews, scored, config.bias_rate)
    return both, found.strength, cpu


def _half_life(reviews: Reviews, train: Ints) -> tuple[Floats, float]:
    begun = time.process_time()
    found = half_life.fit(reviews, train)
    cpu = time.process_time() - begun
    return half_life.predict(found, reviews), cpu


def _figures(
    reviews: Reviews,
    test: Ints,
    said: Mapping[str, tuple[Floats, float]],
    rng: np.random.Generator,
    n_resamples: int,
) -> dict[str, Figures]:
    names, y = list(said), reviews.recalled[test]
    predictions = [p[test] for p, _ in said.values()]
    draws = resample(y, predictions, reviews.card[test], rng, n_resamples)
    default, ours = names.index(DEFAULT), names.index(OURS)
    group = bins(reviews)[test]
    return {
        name: Figures(
            draws.interval("log_loss", i),
            draws.interval("auc", i),
            draws.interval("ece", i),
            rmse_bins(y, predictions[i], group),
            draws.difference("log_loss", i, default),
            draws.difference("log_loss", i, ours),
            said[name][1],
        )
        for i, name in enumerate(names)
    }


def bins(reviews: Reviews) -> Ints:
    """(n,) a number for each group of reviews with a like past."""
    starts = np.flatnonzero(reviews.first)[reviews.card]
    nth = np.arange(len(reviews)) - starts + 1
    lapsed = 1 - reviews.recalled
    total = np.cumsum(lapsed) - lapsed
    lapses = total - total[starts]
    columns = [
        _step(reviews.days, 3.62),
        _step(nth.astype(np.float64), 1.89),
        np.where(lapses > 0, _step(np.maximum(lapses, 1).astype(np.float64), 1.73), -1),
    ]
    found: Ints = np.unique(np.column_stack(columns), axis=0, return_inverse=True)[1].ravel()
    return found


def rmse_bins(y: Ints, p: Floats, group: Ints) -> float:
    """The root of the mean squared gap between what groups recalled and what was said of them."""
    n = np.bincount(group)
    gap = np.bincount(group, weights=y - p)
    known = n > 0
    return float(np.sqrt((gap[known] ** 2 / n[known]).sum() / n.sum()))


def _step(x: Floats, base: float) -> Ints:
    found: Ints = np.floor(np.log(np.maximum(x, 1.0)) / np.log(base)).astype(np.int64)
    return found
