"""What is remembered of one learner? The hidden vectors of two layers, and traces.

It never grows with the history: the vectors have one size, there is one trace for each practised
skill and one for each of the latest items (`traces`). Vectors are kept as bytes, float32 little
endian, so a state encodes to MessagePack and back without losing a bit.
"""

from typing import Final, NamedTuple

import numpy as np

from learnloop.core.types import Floats
from learnloop.models.tracing.dkt.traces import ItemTrace, SkillTrace
from learnloop.models.tracing.sequences import Floats32

LAYOUT: Final = 1
"""Part of every model's ref: raised when a state changes its form, so that each is rebuilt."""
PARTS: Final = 4
"""Hidden and cell vector of the first layer, then of the second."""
HIDDEN: Final = 2
"""The part that predictions are read from."""


class DktState(NamedTuple):
    """All that the model knows of one learner.

    Attributes:
        vectors: (PARTS, hidden) float32.
        n: Answers given.
        rows: Answers given and items studied.
        at_us: When the last of them happened.
        skills: By skill id.
        items: By item id, the one met longest ago first.
    """

    vectors: bytes
    n: int
    rows: int
    at_us: int
    skills: dict[str, SkillTrace]
    items: dict[str, ItemTrace]


def start(hidden: int) -> DktState:
    """The state of a learner of whom nothing is known."""
    return DktState(bytes(4 * PARTS * hidden), 0, 0, 0, {}, {})


def vectors_of(state: DktState) -> Floats32:
    """(PARTS, hidden), read-only."""
    return np.frombuffer(state.vectors, dtype="<f4").reshape(PARTS, -1)


def hidden_of(state: DktState) -> Floats:
    """(hidden,) what predictions are read from, in double precision."""
    found: Floats = vectors_of(state)[HIDDEN].astype(np.float64)
    return found
