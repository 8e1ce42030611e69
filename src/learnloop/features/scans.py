"""What do the events up to each one add up to? Scans over those that a condition lets through.

Events lie group after group (a learner, or a learner's skill or item), and nothing of one group
reaches the next. Sums are differences of cumulative sums, exact because what is summed up lies on a
grid; moving averages are linear recurrences `s_i = keep_i s_(i-1) + add_i`, computed in chunks side
by side and joined.

Reference: Blelloch (1990), Prefix sums and their applications (linear recurrences as scans).
"""

from math import log

import numpy as np
from numpy.typing import NDArray

from learnloop.core.types import Floats, Ints
from learnloop.features.language import Const, Expr, Scan
from learnloop.features.layout import first

CHUNK = 32
"""Steps of a recurrence that are taken one after the other, in all chunks at once."""


class Chosen:
    """The events that a condition lets through.

    Attributes:
        rows: (k,) their numbers.
        begin: (k,) where each one's group begins, counted in them.
        index: (k,) 0, 1, ...
        taken: What scans take of them, (k,) each.
        places: Where to read at events (False) and at questions (True).
    """

    def __init__(self, rows: Ints, n_before: Ints, begin: Ints) -> None:
        self.rows, self.begin = rows, begin
        self.index = np.arange(len(rows))
        self.taken: dict[Expr, NDArray[np.float64]] = {}
        self.places: dict[bool, Ints] = {}
        self._n_before = n_before
        self._sums: dict[Expr, Floats] = {}

    def latest(self, start: Ints, end: Ints) -> Ints:
        """The last of them among rows [start, end); k where there is none."""
        n = self._n_before.take(end, mode="clip")
        some = n > self._n_before.take(start, mode="clip")
        return np.where(some, n - 1, len(self.rows))

    def sums(self, of: Expr, x: Floats) -> Floats:
        """(k + 1,) the sum of x over all of them that go before."""
        found = self._sums.get(of)
        if found is None:
            found = self._sums[of] = np.zeros(len(x) + 1)
            np.cumsum(x, out=found[1:])
        return found


def after_each(
    scan: Scan, x: NDArray[np.float64], chosen: Chosen, time: Floats | None
) -> NDArray[np.float64]:
    """(k + 1,), of a tally (k + 1, bins): the value after each of k events, then before the first.

    Args:
        x: (k,) what is taken of each event.
        time: (k,) when, ms; only of `fading`.
    """
    n, index, begin = len(chosen.rows), chosen.index, chosen.begin
    if scan.kind == "tally":
        return _tally(scan, x, begin)
    out = np.empty(n + 1)
    out[n] = first(scan)
    match scan.kind:
        case "sum" if isinstance(scan.x, Const):
            np.multiply(index + 1 - begin, scan.x.value, out=out[:n])
        case "sum":
            sums = chosen.sums(scan.x, x)
            np.subtract(sums[1:], sums.take(begin, mode="clip"), out=out[:n])
        case "window":
            sums = chosen.sums(scan.x, x)
            oldest = np.maximum(index + 1 - int(scan.parameter), begin)
            np.subtract(sums[1:], sums.take(oldest, mode="clip"), out=out[:n])
        case "last":
            out[:n] = x
        case "run":
            broken = np.maximum.accumulate(np.where(x, -1, index))
            np.subtract(index, np.maximum(broken, begin - 1), out=out[:n])
        case "ewm":
            is_first = index == begin
            keep = np.where(is_first, 0.0, 1.0 - scan.parameter)
            out[:n] = _recurrence(keep, np.where(is_first, x, scan.parameter * x))
        case "fading":
            assert time is not None
            gap = np.maximum(np.diff(time, prepend=0.0), 0.0)
            keep = np.exp(-log(2.0) / scan.parameter * gap)
            out[:n] = _recurrence(np.where(index == begin, 0.0, keep), x)
    return out


def _tally(scan: Scan, x: Floats, begin: Ints) -> NDArray[np.float64]:
    n = len(x)
    sums = np.zeros((n + 1, len(scan.edges) + 1))
    sums[np.arange(1, n + 1), np.searchsorted(np.array(scan.edges), x, "right")] = 1.0
    np.cumsum(sums, axis=0, out=sums)
    out = np.zeros_like(sums)
    np.subtract(sums[1:], sums.take(begin, axis=0, mode="clip"), out=out[:n])
    return out


def _recurrence(keep: Floats, add: Floats) -> Floats:
    """s_i = keep_i s_(i-1) + add_i.

    Chunks are columns: all take a step at once, as if nothing went before them; then what the
    chunks before leave to each is added, faded by all of its steps so far.
    """
    n = len(add)
    n_chunks = -(-n // CHUNK)
    shape = (n_chunks, CHUNK)
    keeps, sums = np.zeros(n_chunks * CHUNK), np.zeros(n_chunks * CHUNK)
    keeps[:n], sums[:n] = keep, add
    k, s = keeps.reshape(shape).T.copy(), sums.reshape(shape).T.copy()
    for i in range(1, CHUNK):
        s[i] += k[i] * s[i - 1]
        k[i] *= k[i - 1]
    left, carry = [0.0], 0.0
    for faded, own in zip(k[-1].tolist(), s[-1].tolist(), strict=True):
        carry = carry * faded + own
        left.append(carry)
    s += k * left[:-1]
    return s.T.ravel()[:n]
