"""Which items make the slate, and with what probability was each drawn? Position by position.

At position k, with R the remaining items, s their scores less the same-skill penalty, b the best
and T the `shortlist` best of R:

    P(a | earlier) = (1 - epsilon) [a = b] + epsilon * exp(s(a) / t) / sum over T of exp(s / t)

which adds up to 1 over T: the propensity that is logged is exact, given the earlier positions.
"""

from math import exp
from typing import NamedTuple

import numpy as np

from learnloop.core.types import Floats, Ints
from learnloop.policies.recommend.config import Config


class Drawn(NamedTuple):
    """One position of a slate.

    Attributes:
        place: Index into the pool.
        score: With the penalty for what went before.
        explored: True where the draw was exploration and not the best item.
    """

    place: int
    score: float
    propensity: float
    explored: bool


def draw(
    scores: Floats, skill: Ints, n: int, rng: np.random.Generator, config: Config
) -> list[Drawn]:
    """Draw up to `n` positions.

    Args:
        scores: (m,) of the pool.
        skill: (m,) the skill each item counts as; the same one again is penalised.
    """
    cost, n_left, penalty = -scores, len(scores), config.same_skill_penalty
    slate: list[Drawn] = []
    for u in rng.random(min(n, n_left)).tolist():
        places, probabilities, values = distribution(cost, n_left, config)
        drawn = _pick(probabilities, u)
        place = places[drawn]
        slate.append(Drawn(place, -values[drawn], probabilities[drawn], drawn > 0))
        cost += penalty * (skill == skill[place])
        cost[place] = np.inf
        n_left -= 1
    return slate


def distribution(
    cost: Floats, n_left: int, config: Config
) -> tuple[list[int], list[float], list[float]]:
    """The support of the next position, best first: places, probabilities, costs.

    Args:
        cost: (m,) negative scores of the remaining; inf for those already drawn.
        n_left: How many are remaining, at least 1.
    """
    top = cost.argsort()[: min(config.shortlist, n_left)]
    values: list[float] = cost.take(top).tolist()
    best, temperature = values[0], config.temperature
    odds = [exp((best - value) / temperature) for value in values]
    scale = config.epsilon / sum(odds)
    probabilities = [x * scale for x in odds]
    probabilities[0] += 1.0 - config.epsilon
    return top.tolist(), probabilities, values


def _pick(probabilities: list[float], u: float) -> int:
    for i, p in enumerate(probabilities):
        u -= p
        if u < 0.0:
            return i
    return 0  # what rounding left over
