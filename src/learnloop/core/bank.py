"""What is known of calibrated items? Their parameters in the three-parameter logistic model.

    P(right | theta) = c + (1 - c) sigmoid(a (theta - b))
    information(theta) = a^2 (1 - P) / P ((P - c) / (1 - c))^2

One row per item. The scale of theta is that of the learners the bank was calibrated on: mean 0,
standard deviation 1.

Reference: Birnbaum (1968), in Lord and Novick, Statistical theories of mental test scores, ch. 20;
Lord (1980), Applications of item response theory, eq. 5-9.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from learnloop.core.errors import DataError
from learnloop.core.ids import ItemId
from learnloop.core.types import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class ItemBank:
    """Items with parameters; safe to share between threads.

    Attributes:
        item_ids: The items, by row.
        discrimination: (n,) a, > 0, per unit of theta.
        difficulty: (n,) b, in units of theta.
        guessing: (n,) c, P(right) of the very weak, [0, 1).
        difficulty_stddev: (n,) how unsure b is.
        row_of: Item id -> row.
    """

    item_ids: tuple[ItemId, ...]
    discrimination: Floats
    difficulty: Floats
    guessing: Floats
    difficulty_stddev: Floats
    row_of: Mapping[ItemId, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        columns = (self.discrimination, self.difficulty, self.guessing, self.difficulty_stddev)
        if any(column.shape != (len(self.item_ids),) for column in columns):
            raise DataError(f"each column of the bank needs one row for each of {len(self)} items")
        if not all(np.isfinite(column).all() for column in columns):
            raise DataError("a parameter of the bank is not a finite number")
        if (self.discrimination <= 0).any() or ((self.guessing < 0) | (self.guessing >= 1)).any():
            raise DataError("discrimination is > 0 and guessing in [0, 1)")
        object.__setattr__(self, "row_of", {x: i for i, x in enumerate(self.item_ids)})

    def __len__(self) -> int:
        return len(self.item_ids)

    def p_correct(self, theta: float | Floats, rows: Ints | None = None) -> Floats:
        """(..., n) P(right) at one ability, or at each of (...) abilities; of some rows or all."""
        discrimination, difficulty, guessing = self._curves(rows)
        logit = discrimination * (np.asarray(theta)[..., None] - difficulty)
        p: Floats = guessing + (1.0 - guessing) / (1.0 + np.exp(-logit))
        return p

    def information(self, theta: float | Floats, rows: Ints | None = None) -> Floats:
        """(..., n) Fisher information of each item at one ability, or at each of (...)."""
        discrimination, _, guessing = self._curves(rows)
        p = self.p_correct(theta, rows)
        known = (p - guessing) / (1.0 - guessing)
        information: Floats = discrimination**2 * (1.0 - p) / p * known**2
        return information

    def posterior(
        self, rows: Ints, correct: Bools, nodes: Floats, prior: Floats, share: float = 1.0
    ) -> Floats:
        """(q,) weights of abilities `nodes`, adding up to 1, after answers to items by row.

        Args:
            rows: (k,) the items answered.
            correct: (k,) was the answer right?
            nodes: (q,) abilities.
            prior: (q,) their weights before any answer.
            share: How much of each answer's log likelihood counts.
        """
        logit = self.discrimination[rows] * (nodes[:, None] - self.difficulty[rows])
        guess = self.guessing[rows]
        p = guess + (1.0 - guess) / (1.0 + np.exp(-np.clip(logit, -30.0, 30.0)))
        log = np.log(np.where(correct, p, 1.0 - p)).sum(axis=1) * share
        weights = prior * np.exp(log - log.max())
        posterior: Floats = weights / weights.sum()
        return posterior

    def _curves(self, rows: Ints | None) -> tuple[Floats, Floats, Floats]:
        columns = self.discrimination, self.difficulty, self.guessing
        if rows is None:
            return columns
        a, b, c = (column[rows] for column in columns)
        return a, b, c


def normal_grid(n: int = 41, bound: float = 5.0) -> tuple[Floats, Floats]:
    """(n,) evenly spaced abilities in [-bound, bound], and weights as N(0, 1), adding up to 1."""
    nodes = np.linspace(-bound, bound, n)
    weights = np.exp(-0.5 * nodes**2)
    return nodes, weights / weights.sum()
