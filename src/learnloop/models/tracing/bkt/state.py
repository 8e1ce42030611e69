"""What is remembered of one learner? A shift, and P(known) of each skill that was practised.

The state does not grow with the history. Everything is a plain float, int or str, so it encodes to
MessagePack and back without losing a bit.
"""

from typing import NamedTuple

LAYOUT = 1
"""Part of every model's ref: raised when a state changes its form, so that each is rebuilt."""


class SkillTrace(NamedTuple):
    """One practised skill, as it was after its last opportunity.

    Attributes:
        known: P(known), learning at that opportunity counted.
        shown: The least that it was since the last right answer: what a mistake may have taught
            counts as mastery only when an answer shows it.
        step: The learner's step then.
        at_us: And the instant.
    """

    known: float
    shown: float
    step: int
    at_us: int


class BktState(NamedTuple):
    """All that the model knows of one learner.

    Attributes:
        shift: Logits above the average learner, whatever the skill.
        variance: Its posterior variance, logits squared.
        step: Answers given and items studied.
        skills: By skill id.
    """

    shift: float
    variance: float
    step: int
    skills: dict[str, SkillTrace]
