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

from learnloop.core.bank import ItemBank, normal_grid
from learnloop.core.ids import ItemId
from learnloop.core.types import Floats
from learnloop.policies.placement.config import Config

TAILS = (0.05, 0.95)


class Answer(NamedTuple):
    """One answer of a placement.

    Attributes:
        correct: None where it can't be said (a partial score): it says nothing of the ability.
    """

    item_id: ItemId
    correct: bool | None


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
    """The posterior after some answers.

    Those to items that the bank lacks say nothing, and neither do those that are partly right.
    """
    grid, prior = _prior(config)
    known = [(x.item_id, x.correct) for x in answers if x.correct is not None]
    known = [(item_id, correct) for item_id, correct in known if item_id in bank.row_of]
    if not known:
        return Posterior(grid, prior, 0)
    rows = np.array([bank.row_of[item_id] for item_id, _ in known])
    correct = np.array([correct for _, correct in known])
    return Posterior(grid, bank.posterior(rows, correct, grid, prior), len(known))


@lru_cache(maxsize=16)
def _prior(config: Config) -> tuple[Floats, Floats]:
    nodes, weights = normal_grid(config.n_grid, config.grid_stddevs)
    grid = config.prior_mean + config.prior_stddev * nodes
    grid.setflags(write=False)
    weights.setflags(write=False)
    return grid, weights
