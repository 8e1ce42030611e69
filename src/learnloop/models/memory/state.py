"""What is kept of a learner's memories? One trace for each skill, and each of the latest items.

Plain floats and ints, so that a state goes through MessagePack without losing a bit, and bounded:
skills are as many as the catalog has, items `Config.items`.
"""

from typing import Final, NamedTuple

LAYOUT: Final = 1
"""Part of every ref: raised when a state changes its form, so that each is rebuilt."""


class Trace(NamedTuple):
    """One memory.

    Attributes:
        stability: Days until recall has fallen to 90%.
        difficulty: 1-10.
        at_us: When it was last reviewed, microseconds.
        n: Reviews.
        n_lapses: Of them not recalled.
    """

    stability: float
    difficulty: float
    at_us: int
    n: int
    n_lapses: int


class MemoryState(NamedTuple):
    """All that is known of one learner's memory.

    Attributes:
        own: Under which name the model has parameters of the learner's own; "" where it has none.
        item_bias: How far above the curves of items the learner recalls, logits.
        skill_bias: And of skills.
        items: By item id, the one met longest ago first.
        skills: By skill id.
    """

    own: str
    item_bias: float
    skill_bias: float
    items: dict[str, Trace]
    skills: dict[str, Trace]
