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
    left = scores.copy()
    slate: list[Drawn] = []
    for _ in range(min(n, len(scores))):
        indices, probabilities, values = distribution(left, len(scores) - len(slate), config)
        drawn = _pick(probabilities, rng)
        index = indices[drawn]
        slate.append(Drawn(index, values[drawn], probabilities[drawn], drawn > 0))
        left[skill == skill[index]] -= config.same_skill_penalty
        left[index] = -np.inf
    return slate


def distribution(
    left: Floats, n_left: int, config: Config
) -> tuple[list[int], list[float], list[float]]:
    """The support of the next position, best first: indices, probabilities, scores.

    Args:
        left: (m,) scores of the remaining; -inf for those already drawn.
        n_left: How many are remaining, at least 1.
    """
    size = min(config.shortlist, n_left)
    top = np.argpartition(left, len(left) - size)[-size:] if size < len(left) else np.arange(size)
    ranked = sorted(zip((-left[top]).tolist(), top.tolist(), strict=True))
    best = ranked[0][0]
    odds = [exp((best - value) / config.temperature) for value, _ in ranked]
    scale = config.epsilon / sum(odds)
    probabilities = [x * scale for x in odds]
    probabilities[0] += 1.0 - config.epsilon
    return [i for _, i in ranked], probabilities, [-value for value, _ in ranked]


def _pick(probabilities: list[float], rng: np.random.Generator) -> int:
    u = rng.random()
    for i, p in enumerate(probabilities):
        u -= p
        if u < 0.0:
            return i
    return 0  # what rounding left over
