"""Which share of their rows do learners have in each bin? Every learner counts once.

Answers of one learner hang together, so a share is a mean over learners, not over rows:

    p_k = mean over learners l of (rows of l in bin k) / (rows of l)

the chance that one row of one learner, both drawn at random, falls into the bin. No learner counts
more than another, and the covariance between learners says how far the shares of other learners
from the same population would be from these.
"""

from dataclasses import dataclass

import numpy as np

from learnloop.core.types import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """The shares of k bins among some learners.

    Attributes:
        mean: (k,) mean over learners.
        covariance: (k, k) between learners.
        n_learners: How many there are.
    """

    mean: Floats
    covariance: Floats
    n_learners: int


@dataclass(frozen=True, slots=True, eq=False)
class Learners:
    """Whose row is it? Learners as codes, and how many rows each has.

    Attributes:
        code: (n,) 0 to n_learners - 1.
        n_rows: (n_learners,) > 0.
    """

    code: Ints
    n_rows: Ints

    @classmethod
    def of(cls, learner: Ints) -> "Learners":
        """Code any whole numbers."""
        _, code, n_rows = np.unique(learner, return_inverse=True, return_counts=True)
        return cls(code, n_rows)

    def shares(self, bins: Ints, k: int) -> Shares:
        """The shares of k bins, each learner counted once."""
        n = len(self.n_rows)
        weight = 1.0 / self.n_rows
        own = np.bincount(self.code * k + bins, weights=weight[self.code], minlength=n * k)
        own = own.reshape(n, k)
        mean = own.mean(axis=0)
        spread = (own.T @ own / n - np.outer(mean, mean)) * (n / max(n - 1, 1))
        return Shares(mean, spread, n)
