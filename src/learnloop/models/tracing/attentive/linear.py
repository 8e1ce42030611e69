"""What do the record and the item say on their own? A logistic base that attention corrects.

    logit = w . [1, x, easiness x, reliability x, (easiness - knots)+],     x = `state.FEATURES`

fitted by Newton with a ridge towards `mu + easiness + latent`, the logit of the record's filter.
So with few answers the model is that filter, and the network only has to learn what is left.

Reference: Gervet et al. (2020), When is deep learning the best approach to knowledge tracing?
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from learnloop.core.types import Floats
from learnloop.models.tracing.attentive.state import FEATURES

EASINESS, RELIABILITY = FEATURES.index("easiness"), FEATURES.index("reliability")
LATENT, SKILL_EASINESS = FEATURES.index("latent"), FEATURES.index("skill_easiness")
KNOTS: Final = (-1.2, 0.0, 1.2)
N_COLUMNS: Final = 1 + 3 * len(FEATURES) + len(KNOTS)
NEWTON_STEPS = 12
CHUNK = 20_000
SMALL = 1e-3
LEAST_SPREAD = 0.1  # a column that hardly varied in training isn't let loose on one that does
ENOUGH = 1e-3
FAR = 30.0


class Link(NamedTuple):
    """P(right on a middle item of a skill) = sigmoid(constant + slope * latent logit)."""

    constant: float
    slope: float


def design(x: NDArray[np.float32]) -> Floats:
    """(n, N_COLUMNS) from (n, len(FEATURES)); `train.Attentive` computes the same in the graph."""
    x = x.astype(np.float64)
    easiness, reliability = x[:, EASINESS, None], x[:, RELIABILITY, None]
    bends = [np.maximum(easiness - knot, 0.0) for knot in KNOTS]
    return np.concatenate((np.ones((len(x), 1)), x, easiness * x, reliability * x, *bends), axis=1)


def fit_base(x: NDArray[np.float32], y: Floats, mu: float, ridge: float) -> Floats:
    """(N_COLUMNS,) weights.

    Args:
        x: (n, len(FEATURES)) of answers, with item parameters from other learners.
        y: (n,) 1 right, 0 wrong.
        mu: Logit of an average learner on an average item.
        ridge: Penalty on each standardised column but the first.
    """
    chunks = [slice(a, a + CHUNK) for a in range(0, len(y), CHUNK)]
    total = squares = np.zeros(N_COLUMNS)
    for chunk in chunks:
        columns = design(x[chunk])
        total, squares = total + columns.sum(0), squares + (columns**2).sum(0)
    penalty = ridge * np.maximum(squares / len(y) - (total / len(y)) ** 2, LEAST_SPREAD)
    penalty[0] = SMALL
    prior = np.zeros(N_COLUMNS)
    prior[0], prior[1 + EASINESS], prior[1 + LATENT] = mu, 1.0, 1.0
    weights = prior.copy()
    for _ in range(NEWTON_STEPS):
        gradient, hessian = penalty * (prior - weights), np.diag(penalty)
        for chunk in chunks:
            columns = design(x[chunk])
            p = sigmoid(columns @ weights)
            gradient += columns.T @ (y[chunk] - p)
            hessian += (columns * (p * (1.0 - p))[:, None]).T @ columns
        step = np.linalg.solve(hessian, gradient)
        weights += step
        if gradient @ step < ENOUGH:
            break
    return weights


def fit_link(x: NDArray[np.float32], y: Floats, mu: float) -> Link:
    """From features of answers; the slope is within 0.1 and 3."""
    logit = mu + x[:, SKILL_EASINESS].astype(np.float64) + x[:, LATENT]
    columns, prior = np.stack((np.ones_like(logit), logit), axis=1), np.array([0.0, 1.0])
    weights = prior.copy()
    for _ in range(NEWTON_STEPS):
        p = sigmoid(columns @ weights)
        hessian = (columns * (p * (1.0 - p))[:, None]).T @ columns + np.eye(2)
        weights += np.linalg.solve(hessian, columns.T @ (y - p) - (weights - prior))
    return Link(float(weights[0]), float(np.clip(weights[1], 0.1, 3.0)))


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)) without overflow."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -FAR, FAR))))
