"""What is an item's curve, in the numbers that are fitted?

    z = exp(alpha) theta + d      P = c + (1 - c) sigmoid(z)      c = sigmoid(gamma)

so a = exp(alpha) > 0 whatever the numbers (no sign can flip), b = -d / a, and c is in (0, 1). With
one or two parameters c is 0.
"""

from typing import NamedTuple

import numpy as np

from learnloop.core.types import Floats

STEEPEST = 30.0  # logits; P stays below 1 and above 0


class Curves(NamedTuple):
    """The numbers of n items.

    Attributes:
        alpha: (n,) ln a.
        d: (n,) logit at theta = 0.
        gamma: (n,) logit of c; None = there is no guessing.
    """

    alpha: Floats
    d: Floats
    gamma: Floats | None

    @property
    def discrimination(self) -> Floats:
        """(n,) a."""
        return np.exp(self.alpha)

    @property
    def difficulty(self) -> Floats:
        """(n,) b."""
        return -self.d / self.discrimination

    @property
    def guessing(self) -> Floats:
        """(n,) c."""
        if self.gamma is None:
            return np.zeros(len(self.d))
        c: Floats = 1.0 / (1.0 + np.exp(-self.gamma))
        return c

    def plus(self, step: Floats) -> "Curves":
        """The curves moved by (k, n): alpha, d and perhaps gamma."""
        gamma = None if self.gamma is None else self.gamma + step[2]
        return Curves(self.alpha + step[0], self.d + step[1], gamma)

    def stacked(self) -> Floats:
        """(k, n) alpha, d and perhaps gamma."""
        return np.stack([x for x in self if x is not None])


class Values(NamedTuple):
    """Probabilities of n items at q abilities, (n, q) each.

    Attributes:
        p: P(right).
        wrong: 1 - P, without cancellation.
        s: sigmoid(z): does the learner know it?
        unknown: 1 - sigmoid(z).
    """

    p: Floats
    wrong: Floats
    s: Floats
    unknown: Floats


def values(curves: Curves, theta: Floats) -> Values:
    """The curves at abilities (q,)."""
    z = np.exp(curves.alpha)[:, None] * theta + curves.d[:, None]
    s = 1.0 / (1.0 + np.exp(-np.clip(z, -STEEPEST, STEEPEST)))
    unknown = 1.0 - s
    if curves.gamma is None:
        return Values(s, unknown, s, unknown)
    c = curves.guessing[:, None]
    return Values(c + (1.0 - c) * s, (1.0 - c) * unknown, s, unknown)
