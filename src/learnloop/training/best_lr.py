"""How far does a plain logistic regression get? best-LR, the simple baseline that is hard to beat.

    logit P(right) = bias + item_i + a ln(1 + right) + b ln(1 + wrong)
                     + sum over the item's skills s of
                       (skill_s + c_s ln(1 + right_s) + d_s ln(1 + wrong_s))

The counts are of the learner's answers before the instant of the question, all and in skill s.
Where items come back, the learner's own record with the item tells most: with `item_counts` it is
added, c_i ln(1 + right_i) + d_i ln(1 + wrong_i).

Every weight but the bias has the penalty weight^2 / 2. The design is sparse: a row is a list of
columns and values, and the fit (Newton, its steps by conjugate gradients) only sums over them.

Reference: Gervet, Koedinger, Schneider and Mitchell (2020), "When is deep learning the best
approach to knowledge tracing?", JEDM 12(3); Nocedal and Wright (2006), section 7.1, for the fit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Floats, Ints

RIDGE = 1.0
NEWTON_STEPS = 30
CG_STEPS = 100
TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Design:
    """A sparse matrix (n, d) by its entries; several at one place add up.

    Attributes:
        row: (m,) which row.
        column: (m,) which column.
        value: (m,) what stands there.
        n: How many rows.
        d: How many columns.
    """

    row: Ints
    column: Ints
    value: Floats
    n: int
    d: int

    def times(self, weights: Floats) -> Floats:
        """(n,) the rows' sums of (d,) weights."""
        return np.bincount(self.row, self.value * weights[self.column], self.n).astype(np.float64)

    def back(self, rows: Floats) -> Floats:
        """(d,) the columns' sums of (n,) values of rows."""
        return np.bincount(self.column, self.value * rows[self.row], self.d).astype(np.float64)

    def squares(self, rows: Floats) -> Floats:
        """(d,) `back`, with every entry squared."""
        values = self.value * self.value * rows[self.row]
        return np.bincount(self.column, values, self.d).astype(np.float64)


@dataclass(frozen=True, slots=True)
class BestLR:
    """A fitted best-LR for logs with the same item and skill codes."""

    weights: Floats
    item_counts: bool

    def predict(self, log: AnswerLog) -> Floats:
        """P(correct) of every answer of the log, from before it.

        Returns:
            (n,) in (0, 1); NaN on studied rows.
        """
        logit = design_of(log, item_counts=self.item_counts).times(self.weights)
        return np.where(log.correct == STUDY, np.nan, 1.0 / (1.0 + np.exp(-logit)))


def fit_best_lr(log: AnswerLog, *, item_counts: bool = False) -> BestLR:
    """Fit on the answers of training learners."""
    answered = (log.correct != STUDY).astype(np.float64)
    weights = _newton(design_of(log, item_counts=item_counts), log.correct == 1, answered)
    return BestLR(weights, item_counts)


def design_of(log: AnswerLog, *, item_counts: bool = False) -> Design:
    """Columns: bias, ln right, ln wrong; items; skills; ln right and ln wrong of skills, items."""
    n, n_items, n_skills = len(log), len(log.item_ids), len(log.skill_ids)
    rows = np.arange(n)
    right, wrong = counts_before(log, rows, np.zeros(n, np.int64))
    widths = np.diff(log.skill_starts)[log.item]
    pair = np.repeat(rows, widths)
    nth = np.arange(len(pair)) - np.repeat(np.cumsum(widths) - widths, widths)
    skill = log.skill_of[log.skill_starts[log.item[pair]] + nth]
    own_right, own_wrong = counts_before(log, pair, skill)
    first = 3 + n_items
    ones, pair_ones = np.ones(n), np.ones(len(pair))
    entries = [
        (rows, np.full(n, 0), ones),
        (rows, np.full(n, 1), np.log1p(right)),
        (rows, np.full(n, 2), np.log1p(wrong)),
        (rows, 3 + log.item, ones),
        (pair, first + skill, pair_ones),
        (pair, first + n_skills + skill, np.log1p(own_right)),
        (pair, first + 2 * n_skills + skill, np.log1p(own_wrong)),
    ]
    last = first + 3 * n_skills
    if item_counts:
        met_right, met_wrong = counts_before(log, rows, log.item)
        entries += [
            (rows, last + log.item, np.log1p(met_right)),
            (rows, last + n_items + log.item, np.log1p(met_wrong)),
        ]
        last += 2 * n_items
    row, column, value = (np.concatenate(x) for x in zip(*entries, strict=True))
    return Design(row, column, value, n, last)


def counts_before(log: AnswerLog, row: Ints, key: Ints) -> tuple[Ints, Ints]:
    """Right and wrong answers of the row's learner and key before the row's instant.

    Args:
        row: (m,) rows of the log.
        key: (m,) what is counted apart, such as a skill.
    """
    group = log.learner[row] * (int(key.max(initial=0)) + 1) + key
    order = np.lexsort((row, group))
    group, row = group[order], row[order]
    instant, answer = log.instant[row], log.correct[row]
    index = np.arange(len(row))
    new_group = np.diff(group, prepend=-1) != 0
    new_instant = new_group | (np.diff(instant, prepend=-1) != 0)
    begin = np.maximum.accumulate(np.where(new_group, index, 0))
    before = np.maximum.accumulate(np.where(new_instant, index, 0))

    def count(outcome: int) -> Ints:
        sums = np.concatenate(([0], np.cumsum(answer == outcome)))
        out = np.empty(len(row), dtype=np.int64)
        out[order] = sums[before] - sums[begin]
        return out

    return count(1), count(0)


def _newton(x: Design, right: Floats, counts: Floats) -> Floats:
    """(d,) weights of the penalised maximum likelihood.

    Args:
        right: (n,) 1 or 0.
        counts: (n,) 1 for rows to fit on, 0 for the others.
    """
    penalty = np.full(x.d, RIDGE)
    penalty[0] = 1e-6
    weights = np.zeros(x.d)
    for _ in range(NEWTON_STEPS):
        p = 1.0 / (1.0 + np.exp(-x.times(weights)))
        gradient = x.back(counts * (right - p)) - penalty * weights
        curvature = counts * p * (1.0 - p)
        step = _conjugate_gradients(
            lambda v, c=curvature: x.back(c * x.times(v)) + penalty * v,  # type: ignore[misc]
            gradient,
            x.squares(curvature) + penalty,
        )
        weights += step
        if gradient @ step < TOLERANCE:
            break
    return weights


def _conjugate_gradients(
    times: Callable[[Floats], Floats], target: Floats, diagonal: Floats
) -> Floats:
    """The v with `times(v)` near `target`, preconditioned with the diagonal of `times`."""
    v = np.zeros_like(target)
    residual = target.copy()
    scaled = residual / diagonal
    direction, size = scaled, residual @ scaled
    enough = 1e-4 * size
    for _ in range(CG_STEPS):
        if size <= enough:
            break
        image = times(direction)
        length = size / (direction @ image)
        v += length * direction
        residual -= length * image
        scaled = residual / diagonal
        size, old = residual @ scaled, size
        direction = scaled + (size / old) * direction
    return v
