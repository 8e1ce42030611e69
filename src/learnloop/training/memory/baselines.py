"""What is a memory model to beat? A constant, a moving average, SM-2.

    constant          the share recalled of the training reviews
    moving average    p = sigmoid(x), then x += 0.3 (y - p), beginning at 1.2; knows no card at all
    SM-2              p = 0.9^(days / interval), with the interval that SM-2 would have set: 1 day,
                      6 days, then times the ease, which each grade moves; a lapse begins again

References: Wozniak (1990), Optimization of learning, chapter 3 (SM-2). The moving average is that
of Open Spaced Repetition's srs-benchmark.
"""

from math import exp
from typing import Final

import numpy as np

from learnloop.core.types import Floats, Ints
from learnloop.models.memory.batch import Reviews
from learnloop.models.memory.curve import AGAIN

START, RATE = 1.2, 0.3
FIRST_EASE, LEAST_EASE = 2.5, 1.3
RETAINED: Final = 0.9


def constant(reviews: Reviews, train: Ints) -> Floats:
    """(n,) the share recalled of the training reviews."""
    return np.full(len(reviews), reviews.recalled[train].mean())


def moving_average(reviews: Reviews, scored: Ints) -> Floats:
    """(n,) what the reviews so far say of the next; 0.5 where none is scored."""
    return shifted(np.zeros(len(scored)), reviews, scored, RATE, START)


def shifted(
    logit: Floats, reviews: Reviews, scored: Ints, rate: float, start: float = 0.0
) -> Floats:
    """(n,) chances of logits with an intercept that follows the surprises.

    Args:
        logit: (k,) of the scored reviews.
        reviews: All.
        scored: (k,) their rows, in order of time.
        rate: How far a surprise moves the intercept.
        start: The intercept at first.
    """
    out, x = np.full(len(reviews), 0.5), start
    y = reviews.recalled[scored].tolist()
    for row, own, right in zip(scored.tolist(), logit.tolist(), y, strict=True):
        p = 1.0 / (1.0 + exp(-own - x))
        out[row] = p
        x += rate * (right - p)
    return out


def sm2(reviews: Reviews) -> Floats:
    """(n,) what an interval of SM-2 promises."""
    out = np.ones(len(reviews))
    repeated, interval, ease = 0, 1.0, FIRST_EASE
    first, days, grades = reviews.first.tolist(), reviews.days.tolist(), reviews.grade.tolist()
    for row, (is_first, waited, grade) in enumerate(zip(first, days, grades, strict=True)):
        if is_first:
            repeated, interval, ease = 0, 1.0, FIRST_EASE
        out[row] = RETAINED ** (waited / interval)
        quality = 1 if grade == AGAIN else grade + 1  # SM-2 knows 0 to 5
        ease = max(ease + 0.1 - (5 - quality) * (0.08 + (5 - quality) * 0.02), LEAST_EASE)
        repeated = 0 if grade == AGAIN else repeated + 1
        interval = {0: 1.0, 1: 1.0, 2: 6.0}.get(repeated, interval * ease)
    return out
