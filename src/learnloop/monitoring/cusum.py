"""Has the mean of a stream moved a little, for good? Page's CUSUM, with a stated run length.

    up   = max(0, up + z - k)          down = max(0, down - z - k)          alarm when either > h

z is a reading whose mean is 0 and whose standard deviation is 1 while all is well, k half the shift
that should be found soon. After an alarm both sums begin again at 0.

The average run length of one side when the mean of z is m, with d = m - k and b = h + 1.166:

    ARL = (exp(-2 d b) + 2 d b - 1) / (2 d^2)

and 1 / ARL = 1 / ARL(up) + 1 / ARL(down) for both. With m = 0 that is how rarely it cries wolf,
with m > 0 how long a shift goes unseen. `threshold_for` solves it for h.

Answers of one learner hang together, so the readings are not answers: `z_of_learners` makes one of
all learners of a period, z = sum r / sqrt(sum r^2), with r the mean residual of each learner.

References: Page (1954), "Continuous inspection schemes", Biometrika 41. Siegmund (1985),
"Sequential analysis", section 2.6, for the run length.
"""

import math
from dataclasses import dataclass

import numpy as np

from learnloop.core.types import Floats, Ints
from learnloop.monitoring.shares import Learners

OVERSHOOT = 1.166
"""How far a sum of normal steps overshoots its two boundaries together, standard deviations."""


@dataclass(frozen=True, slots=True)
class Cusum:
    """The state of a detector: O(1), plain numbers.

    Attributes:
        allowance: k, in standard deviations of z.
        threshold: h, in standard deviations of z.
        up: The sum that rises when z does.
        down: The sum that rises when z falls.
        n: Readings since the last alarm.
    """

    allowance: float
    threshold: float
    up: float = 0.0
    down: float = 0.0
    n: int = 0

    def step(self, z: float) -> tuple["Cusum", bool]:
        """Take one reading; True is an alarm, after which the sums are 0. NaN is no reading."""
        if math.isnan(z):
            return self, False
        up = max(0.0, self.up + z - self.allowance)
        down = max(0.0, self.down - z - self.allowance)
        if max(up, down) > self.threshold:
            return Cusum(self.allowance, self.threshold), True
        return Cusum(self.allowance, self.threshold, up, down, self.n + 1), False


def run_length(allowance: float, threshold: float, shift: float = 0.0) -> float:
    """Readings until an alarm, on average, when the mean of z is `shift`."""
    rate = sum(1.0 / _one_side(m - allowance, threshold) for m in (shift, -shift))
    return 1.0 / rate


def threshold_for(length: float, allowance: float = 0.5) -> float:
    """The threshold with which alarms come every `length` readings while nothing has changed.

    Args:
        length: Readings, > 2.
        allowance: Half the shift to be found soon, > 0, in standard deviations of z.
    """
    low, high = 0.0, 1.0
    while run_length(allowance, high) < length:
        high *= 2.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if run_length(allowance, middle) > length else (middle, high)
    return high


def z_of_learners(residual: Floats, learner: Ints) -> float:
    """One reading of a period: how far the mean residual of learners is from 0.

    Args:
        residual: (n,) what happened less what was said; its mean is 0 while the model is right.
        learner: (n,) whose row it is; any whole numbers.

    Returns:
        About standard normal for some 30 learners and more; NaN where there is no residual but 0.
    """
    learners = Learners.of(learner)
    r = np.bincount(learners.code, weights=residual) / learners.n_rows
    size = math.sqrt(float(r @ r))
    return float(r.sum()) / size if size > 0.0 else math.nan


def _one_side(drift: float, threshold: float) -> float:
    b = threshold + OVERSHOOT
    if abs(drift * b) < 1e-4:
        return b * b
    exponent = -2.0 * drift * b
    if exponent > 700.0:
        return math.inf
    return (math.expm1(exponent) - exponent) / (2.0 * drift * drift)
