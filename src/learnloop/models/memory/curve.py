"""How does one memory fade, and what does a review make of it? FSRS-6, for one card.

    R(t) = (1 + F t / S)^(-w20),  F = 0.9^(-1 / w20) - 1        so R(S) = 0.9
    first review    S = w[g - 1],  D = w4 - exp(w5 (g - 1)) + 1
    recalled        S <- S (1 + exp(w8) (11 - D) S^-w9 (exp(w10 (1 - R)) - 1) (w15 Hard, w16 Easy))
    lapsed          S <- min(w11 D^-w12 ((S + 1)^w13 - 1) exp(w14 (1 - R)), S exp(-w17 w18))
    same day        S <- S max(exp(w17 (g - 3 + w18)) S^-w19, 1), where Again has no floor of 1
    always          D <- w7 D0(Easy) + (1 - w7) (D - w6 (g - 3) (10 - D) / 9), in 1-10

What `fsrs.Scheduler` does, without its cards, dates and learning steps; a test holds the two equal
to 1e-9. `batch.py` is the same over whole logs.

Reference: as in `parameters.py`.
"""

from functools import lru_cache
from math import exp
from typing import Final

from fsrs import Scheduler

from learnloop.models.memory.parameters import Parameters

AGAIN, HARD, GOOD, EASY = 1, 2, 3, 4
DAY_US: Final = 86_400_000_000
MIN_STABILITY: Final = 0.001
MAX_STABILITY: Final = 36_500.0


def factor(w: Parameters) -> float:
    """F: how fast the curve falls at first, so that R(S) = 0.9."""
    return float(0.9 ** (-1.0 / w[20]) - 1.0)


def recall(w: Parameters, stability: float, days: float) -> float:
    """R(t), (0, 1]; never rises with the days."""
    return float((1.0 + factor(w) * max(days, 0.0) / stability) ** -w[20])


def first(w: Parameters, grade: int) -> tuple[float, float]:
    """(S, D) after the first review."""
    return max(w[grade - 1], MIN_STABILITY), _inside(_first_difficulty(w, grade))


def reviewed(
    w: Parameters, stability: float, difficulty: float, days: float, grade: int
) -> tuple[float, float]:
    """(S, D) after one more review.

    Args:
        w: The 21 parameters.
        stability: S before it.
        difficulty: D before it.
        days: Since the review before; under one is the same day.
        grade: 1-4.
    """
    if days < 1.0:
        s = _same_day(w, stability, grade)
    elif grade == AGAIN:
        s = _lapsed(w, stability, difficulty, recall(w, stability, days))
    else:
        s = _recalled(w, stability, difficulty, recall(w, stability, days), grade)
    step = -w[6] * (grade - 3) * (10.0 - difficulty) / 9.0
    d = w[7] * _first_difficulty(w, EASY) + (1.0 - w[7]) * (difficulty + step)
    return min(max(s, MIN_STABILITY), MAX_STABILITY), _inside(d)


def days_until(w: Parameters, stability: float, target: float) -> float:
    """Days after the last review when recall falls to `target`; a hundred years at most."""
    days = stability / factor(w) * (target ** (-1.0 / w[20]) - 1.0)
    return min(float(days), MAX_STABILITY)


def interval_days(w: Parameters, stability: float, target: float) -> int:
    """Whole days until the next review, as the scheduler of the `fsrs` library sets them."""
    return int(_scheduler(w, target)._next_interval(stability=stability))


@lru_cache(maxsize=64)
def _scheduler(w: Parameters, target: float) -> Scheduler:
    return Scheduler(w, desired_retention=target, enable_fuzzing=False)


def _first_difficulty(w: Parameters, grade: int) -> float:
    return w[4] - exp(w[5] * (grade - 1)) + 1.0


def _recalled(w: Parameters, s: float, d: float, r: float, grade: int) -> float:
    by_grade = w[15] if grade == HARD else w[16] if grade == EASY else 1.0
    gain = exp(w[8]) * (11.0 - d) * s ** -w[9] * (exp((1.0 - r) * w[10]) - 1.0) * by_grade
    return float(s * (1.0 + gain))


def _lapsed(w: Parameters, s: float, d: float, r: float) -> float:
    left = w[11] * d ** -w[12] * ((s + 1.0) ** w[13] - 1.0) * exp((1.0 - r) * w[14])
    return min(float(left), s / exp(w[17] * w[18]))


def _same_day(w: Parameters, s: float, grade: int) -> float:
    grown = float(exp(w[17] * (grade - 3 + w[18])) * s ** -w[19])
    return s * (grown if grade == AGAIN else max(grown, 1.0))


def _inside(difficulty: float) -> float:
    return min(max(difficulty, 1.0), 10.0)
