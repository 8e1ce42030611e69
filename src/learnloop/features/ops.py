"""What can be done with the values of a moment? One row per operation, for one moment and for many.

`python` is how the operation is written in the function for one event, `columns` what does the same
to arrays. Both give the same bits, unknown (NaN) included, except where `exact` is False.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, log1p, nan, sqrt
from typing import Any

import numpy as np

from learnloop.core.types import Floats

GRID = 1024.0
"""`on_grid` rounds to multiples of 1 / GRID."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One operation.

    Attributes:
        python: Source for one moment; {0}, {1}, ... are the arguments, {edges} a tally's bins.
        columns: The same for arrays (n,); a tally is (n, bins).
        truth: The result is true or false, never unknown.
        exact: The same bits come out wherever the same bits go in.
        on_grid: The result lies on the grid where the arguments do (always, if `rounds`).
        rounds: The result lies on the grid whatever the arguments, and is exact.
        compares: The arguments have to be exact.
        known: The result is never unknown.
    """

    python: str
    columns: Callable[..., Any]
    truth: bool = False
    exact: bool = True
    on_grid: bool = False
    rounds: bool = False
    compares: bool = False
    known: bool = False


def quantile(counts: tuple[float, ...], q: float, edges: tuple[float, ...]) -> float:
    """The q-quantile of what a tally counted, linear inside a bin; NaN where it is empty.

    The first and the last bin are open: what lies there counts as their edge.
    """
    left = q * sum(counts)
    if not left:
        return nan
    for i, n in enumerate(counts):
        if left <= n:
            low = edges[i - 1] if i else edges[0]
            high = edges[i] if i < len(edges) else edges[-1]
            return low + (high - low) * (left / n)
        left -= n
    return edges[-1]


def _quantiles(counts: Floats, q: Floats, edges: tuple[float, ...]) -> Floats:
    """Of each row; whole numbers are taken from `left` one by one above and at once here: exact."""
    until = np.cumsum(counts, axis=1)
    left = q * until[:, -1]
    found = (left[:, None] <= until).argmax(1)
    n = np.take_along_axis(counts, found[:, None], 1)[:, 0]
    left -= np.take_along_axis(until, found[:, None], 1)[:, 0] - n
    low, high = np.array((edges[0], *edges)), np.array((*edges, edges[-1]))
    out: Floats = low[found] + (high[found] - low[found]) * (left / n)
    out[until[:, -1] == 0.0] = nan
    return out


def evenness(counts: tuple[float, ...]) -> float:
    """Entropy of a tally over its greatest possible one, [0, 1]; NaN where it is empty."""
    n = sum(counts)
    if not n:
        return nan
    return -sum(c / n * log(c / n) for c in counts if c) / log(len(counts))


def _evennesses(counts: Floats) -> Floats:
    n = counts.sum(1)
    bits = np.arange(n.max(initial=1.0) + 1.0)
    bits[1:] *= np.log(bits[1:])  # c log c of every count
    entropy = np.log(n) - bits[counts.astype(np.intp)].sum(1) / n
    return np.asarray(np.maximum(entropy, 0.0) / log(counts.shape[1]))


def peak(counts: tuple[float, ...]) -> float:
    """The bin with most, the first of equals; NaN where the tally is empty."""
    most = max(counts)
    return float(counts.index(most)) if most else nan


def _peaks(counts: Floats) -> Floats:
    return np.where(counts.any(1), counts.argmax(1).astype(np.float64), nan)


def _divide(a: Floats, b: Floats) -> Floats:
    return np.where(b == 0.0, nan, a / b)


def _log1p(a: Floats) -> Floats:
    return np.where(a > -1.0, np.log1p(a), nan)


OPS: dict[str, Rule] = {
    "add": Rule("{0} + {1}", np.add, on_grid=True),
    "sub": Rule("{0} - {1}", np.subtract, on_grid=True),
    "mul": Rule("{0} * {1}", np.multiply, on_grid=True),
    "div": Rule("{0} / {1} if {1} else nan", _divide),
    "floordiv": Rule("{0} // {1}", np.floor_divide, rounds=True, compares=True),
    "mod": Rule("{0} % {1}", np.mod, on_grid=True, compares=True),
    "lt": Rule("{0} < {1}", np.less, truth=True, compares=True),
    "le": Rule("{0} <= {1}", np.less_equal, truth=True, compares=True),
    "same": Rule("{0} == {1}", np.equal, truth=True, compares=True),
    "unknown": Rule("{0} != {0}", np.isnan, truth=True),
    "and": Rule("{0} and {1}", np.logical_and, truth=True),
    "or": Rule("{0} or {1}", np.logical_or, truth=True),
    "not": Rule("not {0}", np.logical_not, truth=True),
    "number": Rule("1 if {0} else 0", np.float64, on_grid=True, known=True),
    "where": Rule("{1} if {0} else {2}", np.where, on_grid=True),
    "fill": Rule("{1} if {0} != {0} else {0}", lambda a, b: np.where(np.isnan(a), b, a),
                 on_grid=True, known=True),
    "least": Rule("{0} if {0} < {1} or {0} != {0} else {1}", np.minimum, on_grid=True),
    "most": Rule("{0} if {0} > {1} or {0} != {0} else {1}", np.maximum, on_grid=True),
    "abs": Rule("abs({0})", np.abs, on_grid=True),
    "log1p": Rule("log1p({0}) if {0} > -1.0 else nan", _log1p, exact=False),
    "exp": Rule("exp({0})", np.exp, exact=False),
    "sqrt": Rule("sqrt({0}) if {0} >= 0.0 else nan", np.sqrt),
    "on_grid": Rule(f"({{0}} * {GRID} + 0.5) // 1.0 / {GRID}",
                    lambda a: np.floor(a * GRID + 0.5) / GRID, rounds=True),
    "quantile": Rule("quantile({0}, {1}, {edges})", _quantiles),
    "evenness": Rule("evenness({0})", _evennesses, exact=False),
    "peak": Rule("peak({0})", _peaks),
    "bin": Rule("{0}[{index}]", lambda counts, i: counts[:, int(i)], known=True),
}  # fmt: skip

PYTHON_NAMES: dict[str, Any] = {
    "nan": nan, "log1p": log1p, "exp": exp, "sqrt": sqrt, "abs": abs,
    "quantile": quantile, "evenness": evenness, "peak": peak,
}  # fmt: skip
