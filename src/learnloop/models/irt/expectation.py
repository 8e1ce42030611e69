"""Where may each learner be, and how many answers does each item get from each ability?

    L_uq = sum over the answers of u of ln P(answer | theta_q)
    post_uq = w_q exp(L_uq) / sum_r w_r exp(L_ur),      ln P(answers of u) = ln sum_q w_q exp(L_uq)
    right_iq = sum_u post_uq [u right on i],            seen_iq = sum_u post_uq [u answered i]

Nothing of size learners x items is made of a table that is mostly empty: rows are gathered and
added up in blocks that fit a cache. Where 15% or more is filled, one byte for each cell is less
than the rows themselves take, and matrix products are quicker. Single precision is enough for
posteriors; what is added up over learners is double.

Reference: Bock and Aitkin (1981), Marginal maximum likelihood estimation of item parameters:
application of an EM algorithm, Psychometrika 46(4).
"""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from learnloop.core.types import Floats, Ints
from learnloop.models.irt.curves import Values
from learnloop.models.irt.responses import Responses

FILLED = 0.15
ROWS = 2048  # answers of a block
Singles = NDArray[np.float32]


class Expected(NamedTuple):
    """What one pass over the answers gives.

    Attributes:
        right: (n_items, q) expected right answers at each ability.
        seen: (n_items, q) expected answers.
        log_likelihood: Of all answers, abilities integrated out.
        weights: (q,) the mean posterior of learners.
    """

    right: Floats
    seen: Floats
    log_likelihood: float
    weights: Floats


class Table(Protocol):
    """Answers, laid out for passes over them."""

    responses: Responses

    def expect(self, curves: Values, log_prior: Floats) -> Expected:
        """One pass."""
        ...

    def likelihoods(self, curves: Values) -> Singles:
        """(n_patterns, q) ln P(answers | theta) of each pattern."""
        ...


def table_of(responses: Responses) -> Table:
    """The layout that suits how much of learners x items is filled."""
    cells = responses.n_patterns * responses.n_items
    return Filled(responses) if len(responses.item) >= FILLED * cells else Sparse(responses)


class Filled:
    """A table of which much is filled: one or two bytes a cell, matrix products."""

    def __init__(self, responses: Responses) -> None:
        self.responses = responses
        cells = responses.pattern * responses.n_items + responses.item
        shape = responses.n_patterns, responses.n_items
        self._right = np.zeros(shape, np.bool_)
        self._right.ravel()[cells] = responses.correct
        self._seen: NDArray[np.bool_] | None = None
        if len(cells) < self._right.size:
            self._seen = np.zeros(shape, np.bool_)
            self._seen.ravel()[cells] = True
        self._block = max(1, 4 * ROWS // responses.n_items)

    def expect(self, curves: Values, log_prior: Floats) -> Expected:
        weight = self.responses.weight.astype(np.float32)
        right = np.zeros((curves.p.shape[1], self.responses.n_items))
        seen, total, mean = np.zeros_like(right), 0.0, np.zeros(len(log_prior))
        wrong, odds = _logs(curves)
        prior = log_prior.astype(np.float32)
        for lo in range(0, len(weight), self._block):
            rows = slice(lo, lo + self._block)
            x, m = self._cells(rows)
            log = _summed(x, m, odds, wrong)
            log += prior
            total += _to_posteriors(log, weight[rows])
            right += log.T @ x
            mean += log.sum(axis=0)
            if m is not None:
                seen += log.T @ m
        if self._seen is None:
            seen += mean[:, None]
        return Expected(right.T, seen.T, total, mean / weight.sum())

    def likelihoods(self, curves: Values) -> Singles:
        wrong, odds = _logs(curves)
        step = self._block
        blocks = range(0, self.responses.n_patterns, step)
        return np.concatenate(
            [_summed(*self._cells(slice(lo, lo + step)), odds, wrong) for lo in blocks]
        )

    def _cells(self, rows: slice) -> tuple[Singles, Singles | None]:
        m = None if self._seen is None else self._seen[rows].astype(np.float32)
        return self._right[rows].astype(np.float32), m


class Sparse:
    """A table that is mostly empty: rows by learner for posteriors, by item for counts."""

    def __init__(self, responses: Responses) -> None:
        self.responses = responses
        self._code = 2 * responses.item + responses.correct
        order = np.argsort(self._code, kind="stable")
        self._pattern = responses.pattern[order]
        counts = np.bincount(self._code, minlength=2 * responses.n_items)
        self._answered = np.flatnonzero(counts)
        self._code_starts = np.concatenate(([0], np.cumsum(counts[self._answered])))

    def expect(self, curves: Values, log_prior: Floats) -> Expected:
        weight = self.responses.weight.astype(np.float32)
        log = self.likelihoods(curves)
        log += log_prior.astype(np.float32)
        total = _to_posteriors(log, weight)
        mean = log.sum(axis=0, dtype=np.float64) / float(weight.sum())
        counts = np.zeros((2 * self.responses.n_items, log.shape[1]))
        counts[self._answered] = _segment_sums(log, self._pattern, self._code_starts)
        wrong, right = counts[::2], counts[1::2]
        return Expected(right, right + wrong, total, mean)

    def likelihoods(self, curves: Values) -> Singles:
        p = curves.p
        logs = np.empty((2 * len(p), p.shape[1]), np.float32)
        np.log(curves.wrong, out=logs[::2], casting="same_kind")
        np.log(p, out=logs[1::2], casting="same_kind")
        return _segment_sums(logs, self._code, self.responses.starts)


def _logs(curves: Values) -> tuple[Singles, Singles]:
    """(n, q) ln P(wrong), and the logit."""
    wrong = np.log(curves.wrong)
    return wrong.astype(np.float32), (np.log(curves.p) - wrong).astype(np.float32)


def _summed(x: Singles, m: Singles | None, odds: Singles, wrong: Singles) -> Singles:
    log = x @ odds
    log += wrong.sum(axis=0) if m is None else m @ wrong
    return log


def _to_posteriors(log: Singles, weight: Singles) -> float:
    """Turns joint log likelihoods into weighted posteriors, in place; the sum of their logs."""
    most = log.max(axis=1)
    log -= most[:, None]
    np.exp(log, out=log)
    sums = log.sum(axis=1)
    log *= (weight / sums)[:, None]
    each = np.log(sums.astype(np.float64)) + most
    return float(each @ weight)


def _segment_sums(values: Singles, rows: Ints, starts: Ints) -> Singles:
    """(k, q) sums of `values[rows]` over segments, none of them empty, in blocks of whole ones."""
    out = np.empty((len(starts) - 1, values.shape[1]), np.float32)
    lo = 0
    while lo < len(out):
        hi = max(lo + 1, int(np.searchsorted(starts, starts[lo] + ROWS, side="right")) - 1)
        block = values.take(rows[starts[lo] : starts[hi]], axis=0)
        np.add.reduceat(block, starts[lo:hi] - starts[lo], axis=0, out=out[lo:hi])
        lo = hi
    return out
