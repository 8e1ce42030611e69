"""What do the answers say of the ability? Its posterior on a grid, with mean, error and interval.

    posterior(theta)  ~  N(theta; mu, sigma) prod_i P_i(theta)^y_i (1 - P_i(theta))^(1 - y_i)
    ability = E[theta]        standard error = sqrt(Var[theta])

The interval holds the middle 90% of the posterior. Of learners who are as the prior says, it holds
the true ability of nine in ten, whatever was asked and whenever it stopped: the rules of asking
and stopping look at nothing but the answers. An all-right or all-wrong record has an answer, too.

Reference: Bock and Mislevy (1982), Adaptive EAP estimation of ability in a microcomputer
environment, Applied Psychological Measurement 6.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from learnloop.core.bank import ItemBank
from learnloop.core.ids import ItemId
from learnloop.core.types import Floats, Ints
from learnloop.policies.placement.config import Config

TAILS = (0.05, 0.95)
_TINY = 1e-12


class Answer(NamedTuple):
    """One answer of a placement.

    Attributes:
        score: 1 right, 0 wrong; partial credit in between.
    """

    item_id: ItemId
    score: float


class Ability(NamedTuple):
    """What is known of an ability.

    Attributes:
        mean: In units of the bank.
        stddev: Its standard error.
        low: With `high`, the 90% interval.
        n_answers: How many answers it rests on.
    """

    mean: float
    stddev: float
    low: float
    high: float
    n_answers: int


class Posterior(NamedTuple):
    """How likely each ability is.

    Attributes:
        grid: (Q,) abilities, evenly spaced.
        weights: (Q,) adding up to 1.
        n_answers: How many answers went in.
    """

    grid: Floats
    weights: Floats
    n_answers: int

    def ability(self) -> Ability:
        """Mean, standard error and interval."""
        grid, weights = self.grid, self.weights
        mean = float(grid @ weights)
        stddev = float(np.sqrt((grid - mean) ** 2 @ weights))
        half = (grid[1] - grid[0]) / 2.0
        # A grid point stands for its cell: up to the cell's upper edge lies all before and itself.
        low, high = np.interp(TAILS, np.cumsum(weights), grid + half).tolist()
        return Ability(mean, stddev, low, high, self.n_answers)


def posterior(bank: ItemBank, answers: Sequence[Answer], config: Config) -> Posterior:
    """The posterior after some answers; those to items that the bank lacks say nothing."""
    known = [(bank.row_of[x.item_id], x.score) for x in answers if x.item_id in bank.row_of]
    grid, log_weights = _prior(config)
    if known:
        rows = np.array([row for row, _ in known])
        score = np.array([score for _, score in known])
        p = np.clip(taken(bank, rows).p_correct(grid), _TINY, 1.0 - _TINY)
        log_weights = log_weights + np.log(p) @ score + np.log1p(-p) @ (1.0 - score)
    weights = np.exp(log_weights - log_weights.max())
    return Posterior(grid, weights / weights.sum(), len(known))


@lru_cache(maxsize=16)
def _prior(config: Config) -> tuple[Floats, Floats]:
    away = np.linspace(-config.grid_stddevs, config.grid_stddevs, config.n_grid)
    grid, log_weights = config.prior_mean + config.prior_stddev * away, -0.5 * away**2
    grid.setflags(write=False)
    log_weights.setflags(write=False)
    return grid, log_weights


def taken(bank: ItemBank, rows: Ints) -> ItemBank:
    """The bank of some of its rows."""
    return ItemBank(
        tuple(bank.item_ids[row] for row in rows.tolist()),
        bank.discrimination[rows],
        bank.difficulty[rows],
        bank.guessing[rows],
        bank.difficulty_stddev[rows],
    )
