"""Which numbers does FSRS-6 have? Twenty-one, with their defaults, their range and their spread.

    0-3    stability after a first Again, Hard, Good, Easy, days
    4-7    difficulty: of a first Good, its slope over grades, the step, the pull back to the start
    8-10   recall: how much stability grows, less when it is large, more when recall was unlikely
    11-14  a lapse: the stability that is left
    15-16  factors of Hard and Easy
    17-19  reviews on the same day
    20     how fast the forgetting curve falls

The defaults are those of about 10,000 users of Anki, `SPREAD` is how much those users differ: the
population that a learner is shrunk to.

References: Ye, Su and Cao (2022), "A stochastic shortest path algorithm for optimizing spaced
repetition scheduling", KDD. Open Spaced Repetition, FSRS-6: defaults and ranges of py-fsrs 6.3.2,
the spread of fsrs-optimizer 6 (its `DEFAULT_PARAMS_STDDEV`).
"""

from typing import Final

import numpy as np
from fsrs.scheduler import (
    DEFAULT_PARAMETERS,
    LOWER_BOUNDS_PARAMETERS,
    UPPER_BOUNDS_PARAMETERS,
)

from learnloop.core.errors import InvalidInput
from learnloop.core.types import Floats

Parameters = tuple[float, ...]

N: Final = 21
DEFAULTS: Final[Parameters] = tuple(map(float, DEFAULT_PARAMETERS))
LOWER: Final[Floats] = np.array(LOWER_BOUNDS_PARAMETERS, dtype=np.float64)
UPPER: Final[Floats] = np.array(UPPER_BOUNDS_PARAMETERS, dtype=np.float64)
SPREAD: Final[Floats] = np.array(
    [
        *(6.43, 9.66, 17.58, 27.85, 0.57, 0.28, 0.6, 0.12, 0.39, 0.18, 0.33),
        *(0.3, 0.09, 0.16, 0.57, 0.25, 1.03, 0.31, 0.32, 0.14, 0.27),
    ]
)
"""(21,) standard deviation between users."""


def checked(parameters: Parameters) -> Parameters:
    """The parameters, if FSRS-6 can use them.

    Raises:
        InvalidInput: There are not 21, or one is out of its range.
    """
    if len(parameters) != N:
        raise InvalidInput(f"parameters: {len(parameters)}; FSRS-6 has {N}", field="parameters")
    for i, (x, low, high) in enumerate(zip(parameters, LOWER, UPPER, strict=True)):
        if not low <= x <= high:
            message = f"parameters[{i}]: {x} is not in {low:g}-{high:g}"
            raise InvalidInput(message, field="parameters")
    return parameters
