"""How sure may a model be? Two numbers, fitted on learners that it was not fitted on.

    p = sigmoid(scale logit + shift)

Reference: Platt (1999), Probabilistic outputs for support vector machines.
"""

import numpy as np

from learnloop.core.types import Floats, Ints

ROUNDS = 50
ENOUGH = 1e-16
FAR = 30.0


def platt(logit: Floats, correct: Ints) -> tuple[float, float]:
    """Scale and shift that fit best: logistic regression by Newton's method.

    Args:
        logit: (n,) what the model says.
        correct: (n,) 0 or 1.
    """
    x = np.stack([logit, np.ones_like(logit)], axis=1)
    beta = np.array([1.0, 0.0])
    for _ in range(ROUNDS):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ beta, -FAR, FAR)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, x.T @ (correct - p))
        beta = beta + step
        if float(step @ step) < ENOUGH:
            break
    return float(beta[0]), float(beta[1])
