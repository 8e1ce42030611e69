"""Who is asked, and how are they weighed? One set for every course."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Config:
    """What can be set.

    Attributes:
        members: Names in `members.MEMBERS`, `ability` the first, which says what is mastered.
        judged: Share of the training learners that weights are fitted on, while the members are
            fitted on the others.
        refit: Then fit the members on all training learners; else they stay as they were weighed.
        ridge: How many answers the belief that all members weigh alike is worth.
        min_answers: Fewer training answers than this are left to `ability` alone.
    """

    members: tuple[str, ...] = ("ability", "boosted")
    judged: float = 0.2
    refit: bool = True
    ridge: float = 200.0
    min_answers: int = 5_000


FULL: Final = Config(members=("ability", "boosted", "attentive", "dkt"))
"""With both networks: better on two sets of four, and several times as dear an answer."""
