"""How much does each member count? A logistic regression on their logits, no weight below zero.

    logit P(right) = bias + sum over members of w_m logit_m,   w >= 0

Weights are fitted on learners whom the members were not fitted on; a ridge holds them near 1 / M.
A member that only mends the mistakes of others would get a weight below zero, and break where they
break together; it is left out instead.

Reference: Wolpert (1992), Stacked generalization; Breiman (1996), Stacked regressions, for w >= 0.
"""

from dataclasses import dataclass
from math import exp

import numpy as np

from learnloop.core.types import Bools, Floats, Ints

ROUNDS = 50
ENOUGH = 1e-12
LIMIT = 15.0
"""Logits; nobody claims more certainty than this."""
LEAST = 1.0 / (1.0 + exp(LIMIT))


@dataclass(frozen=True, slots=True)
class Stack:
    """The weights.

    Attributes:
        bias: Logits.
        weights: Of each member, >= 0.
    """

    bias: float
    weights: tuple[float, ...]

    def logit(self, said: Floats) -> Floats:
        """(n,) from what the members say.

        Args:
            said: (n, M) logits.
        """
        together: Floats = self.bias + said @ np.array(self.weights)
        return np.clip(together, -LIMIT, LIMIT)


def logit_of(p: Floats) -> Floats:
    """(...) chances as logits, within `LIMIT`."""
    p = np.clip(p, LEAST, 1.0 - LEAST)
    logit: Floats = np.log(p) - np.log1p(-p)
    return logit


def fit_stack(said: Floats, correct: Ints, ridge: float) -> Stack:
    """The weights that fit best.

    Args:
        said: (n, M) logits of members about learners whom they were not fitted on.
        correct: (n,) 0 or 1.
        ridge: How many answers the belief that all weigh alike is worth.
    """
    n_members = said.shape[1]
    kept: Bools = np.ones(n_members, dtype=np.bool_)
    while True:
        found = _newton(said[:, kept], correct, ridge, 1.0 / n_members)
        if (found[1:] >= 0.0).all():
            break
        kept[np.flatnonzero(kept)[found[1:].argmin()]] = False
    weights = np.zeros(n_members)
    weights[kept] = found[1:]
    return Stack(float(found[0]), tuple(map(float, weights)))


def _newton(said: Floats, correct: Ints, ridge: float, usual: float) -> Floats:
    """(1 + m,) bias and weights of the penalised maximum likelihood."""
    x = np.column_stack((np.ones(len(said)), said))
    penalty = np.full(x.shape[1], ridge)
    penalty[0] = 1e-6
    belief = np.full(x.shape[1], usual)
    belief[0] = 0.0
    found = belief.copy()
    for _ in range(ROUNDS):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ found, -2 * LIMIT, 2 * LIMIT)))
        hessian = (x * (p * (1.0 - p))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(hessian, x.T @ (correct - p) - penalty * (found - belief))
        found = found + step
        if float(step @ step) < ENOUGH:
            break
    return found
