"""What is remembered of one learner? A handful of numbers, and traces per skill and recent item.

The state never grows with the history: one trace for the learner, one per practised skill, one for
each of the latest `MEMORY` items. Everything is a plain float, int or str, so it encodes to
MessagePack and back without losing a bit.
"""

from typing import NamedTuple

from learnloop.core.ids import ItemId

MEMORY = 200
LAYOUT = 2
"""Part of every model's ref: raised when a state changes its form, so that each is rebuilt."""


class LearnerTrace(NamedTuple):
    """The learner as a whole.

    Attributes:
        mean: Ability above the average learner, logits.
        variance: Its posterior variance at `at_us`, logits squared.
        fast: Moving average of surprise (result - what the item alone predicts), last ~3 answers.
        middle: The same over ~10 answers.
        slow: The same over ~30 answers.
        last: The last answer's surprise.
        streak: Equal results in a row, negative for wrong ones, within -10..10.
        n: Answers given.
        step: Answers given and items studied.
        at_us: When the last of them happened.
        skills: The skills of the last item.
        bias: How far above or below the readout the learner answers in the long run, logits.
        bias_variance: Its posterior variance, logits squared.
    """

    mean: float
    variance: float
    fast: float
    middle: float
    slow: float
    last: float
    streak: int
    n: int
    step: int
    at_us: int
    skills: tuple[str, ...]
    bias: float
    bias_variance: float


class SkillTrace(NamedTuple):
    """One practised skill: the same quantities, of its items alone.

    Attributes:
        mean: How far above or below the learner's own ability, logits.
        n_correct: Answers that were right.
        n_studied: Study rows without an answer.
        step: The learner's step when it was last practised.
    """

    mean: float
    variance: float
    fast: float
    middle: float
    slow: float
    last: float
    n: int
    n_correct: int
    n_studied: int
    step: int
    at_us: int


class ItemTrace(NamedTuple):
    """One item met lately.

    Attributes:
        n: Answers given to it.
        n_studied: Times it was studied.
        last: 1 or -1 for the last result, 0 where it was only studied.
        average: Moving average of the results (1 or -1), last ~2 answers.
    """

    n: int
    n_studied: int
    last: int
    average: float
    step: int
    at_us: int


class AbilityState(NamedTuple):
    """All that the model knows of one learner.

    Attributes:
        skills: By skill id.
        items: By item id, the one met longest ago first; at most `MEMORY`.
    """

    learner: LearnerTrace
    skills: dict[str, SkillTrace]
    items: dict[ItemId, ItemTrace]
