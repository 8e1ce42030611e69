"""What is remembered of one learner? Where their ability may be: 41 weights and a count."""

from typing import Final, NamedTuple

import numpy as np

from learnloop.core.bank import normal_grid

LAYOUT: Final = 1
"""Part of every model's ref: raised when a state changes its form, so that each is rebuilt."""

NODES, PRIOR = normal_grid(41, 5.0)
LEAST: Final = 1e-30
"""No node ever weighs less: a learner who was right a thousand times can still come back."""


class IrtState(NamedTuple):
    """All that the model knows of one learner.

    Attributes:
        posterior: (41,) float64 weights of `NODES`, little endian; they add up to 1.
        n: Answers given.
    """

    posterior: bytes
    n: int


START = IrtState(np.maximum(PRIOR, LEAST).astype("<f8").tobytes(), 0)
