"""Since when is the mean of a stream what it is now? ADWIN: a window that cuts off its past.

The window is kept as buckets of 1, 2, 4, ... values, at most five of each size: O(log n) numbers.
Now and then each split of it into an older part of n values and a newer one of m is asked whether
their means differ by more than

    sqrt(2 v (1/n + 1/m) L) + (2/3) (1/n + 1/m) L,      L = ln(2 ln(n + m) / delta)

with v the variance of the window; as long as one does, the oldest bucket is dropped. What is left
has one mean. The bound holds for independent values: feed means over learners, not answers.

Reference: Bifet and Gavalda (2007), "Learning from time-changing data with adaptive windowing", SDM
(the bound with the variance, and one L for all splits, as its authors' programs have it).
"""

import math
from dataclasses import dataclass

Bucket = tuple[float, float]
"""The sum of its values, and the sum of their squared distances from their mean."""

PER_SIZE = 5
FEWEST = 5
"""Values on each side of a split."""


@dataclass(frozen=True, slots=True)
class Adwin:
    """The state of a detector: O(log n), plain numbers.

    Attributes:
        delta: Of the bound, (0, 1); smaller is slower and quieter.
        every: Splits are looked at each time so many values have come.
        n_seen: Values that came.
        n: Values in the window.
        rows: For each size 2^i the buckets, oldest first.
    """

    delta: float = 0.002
    every: int = 32
    n_seen: int = 0
    n: int = 0
    rows: tuple[tuple[Bucket, ...], ...] = ()

    @property
    def mean(self) -> float:
        """Of the window; NaN before the first value."""
        return sum(b[0] for row in self.rows for b in row) / self.n if self.n else math.nan

    def step(self, value: float) -> tuple["Adwin", bool]:
        """Take one value; True where the past was cut off. NaN is no value."""
        if math.isnan(value):
            return self, False
        rows = _added(list(self.rows), (value, 0.0))
        n, n_seen, changed = self.n + 1, self.n_seen + 1, False
        if n_seen % self.every == 0:
            while _differ(rows, n, self.delta):
                n, changed = n - _drop_oldest(rows), True
        return Adwin(self.delta, self.every, n_seen, n, tuple(rows)), changed


def _added(rows: list[tuple[Bucket, ...]], bucket: Bucket) -> list[tuple[Bucket, ...]]:
    for i in range(len(rows) + 1):
        if i == len(rows):
            rows.append(())
        rows[i] = (*rows[i], bucket)
        if len(rows[i]) <= PER_SIZE:
            break
        a, b = rows[i][:2]
        rows[i] = rows[i][2:]
        bucket = _merged((2**i, *a), (2**i, *b))[1:]
    return rows


def _merged(a: tuple[int, float, float], b: tuple[int, float, float]) -> tuple[int, float, float]:
    """Count, sum and squared distances of two sets together."""
    if not a[0] or not b[0]:
        return a if a[0] else b
    gap = a[1] / a[0] - b[1] / b[0]
    n = a[0] + b[0]
    return n, a[1] + b[1], a[2] + b[2] + gap * gap * a[0] * b[0] / n


def _differ(rows: list[tuple[Bucket, ...]], n: int, delta: float) -> bool:
    """Whether any split of the window has two means."""
    oldest_first = [(2**i, *b) for i in reversed(range(len(rows))) for b in rows[i]]
    whole = (0, 0.0, 0.0)
    for bucket in oldest_first:
        whole = _merged(whole, bucket)
    if n < 2 * FEWEST:
        return False
    size = math.log(2.0 * math.log(n) / delta)
    n_old, sum_old = 0, 0.0
    for n_bucket, total, _ in oldest_first:
        n_old, sum_old = n_old + n_bucket, sum_old + total
        n_new = n - n_old
        if n_new < FEWEST:
            return False
        if n_old < FEWEST:
            continue
        per = size * (1.0 / n_old + 1.0 / n_new)
        gap = abs(sum_old / n_old - (whole[1] - sum_old) / n_new)
        if gap > math.sqrt(2.0 * per * whole[2] / n) + 2.0 / 3.0 * per:
            return True
    return False


def _drop_oldest(rows: list[tuple[Bucket, ...]]) -> int:
    """Drop the oldest bucket; how many values it had."""
    last = len(rows) - 1
    rows[last] = rows[last][1:]
    if not rows[last]:
        rows.pop()
    return 1 << last
