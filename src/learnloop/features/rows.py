"""What does a model of the features learn from? One row per answer: what was known before it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learnloop.core.errors import DataError
from learnloop.core.types import Bools, Ints, Ref


@dataclass(frozen=True, slots=True, eq=False)
class FeatureRows:
    """Answers, each with the features of its learner and item before it.

    Attributes:
        ref: Of the features, `features@...`; a model is served vectors of this one only.
        names: Of the columns of `x`.
        x: (n, n_features) float32, NaN where unknown.
        correct: (n,) 0 or 1.
        learner: (n,) a code for each learner.
    """

    ref: Ref
    names: tuple[str, ...]
    x: NDArray[np.float32]
    correct: Ints
    learner: Ints

    def __post_init__(self) -> None:
        """Refuse columns that don't fit each other."""
        n = len(self.correct)
        if self.x.shape != (n, len(self.names)) or self.learner.shape != (n,):
            raise DataError(
                f"{n} answers with features of shape {self.x.shape}, {len(self.names)} names and "
                f"{len(self.learner)} learners don't fit each other"
            )
        if n and not np.isin(self.correct, (0, 1)).all():
            raise DataError("correct: is 0 or 1")

    def __len__(self) -> int:
        """How many answers."""
        return len(self.correct)

    def take(self, rows: Bools) -> "FeatureRows":
        """Some of them."""
        kept: Any = self.x[rows]
        return FeatureRows(self.ref, self.names, kept, self.correct[rows], self.learner[rows])
