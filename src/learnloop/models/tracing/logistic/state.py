"""What is remembered of one learner? Counts in all, per skill, and records of the items met last.

It never grows with the history, and is plain floats, ints and strings.
"""

from typing import NamedTuple

from learnloop.core.ids import ItemId
from learnloop.models.tracing.logistic.record import Record
from learnloop.models.tracing.logistic.windows import Counts

LAYOUT = 1
"""Part of every model's ref: raised when a state changes its form, so that each is rebuilt."""


class LogisticState(NamedTuple):
    """All that the model knows of one learner.

    Attributes:
        learner: Of all answers.
        skills: By skill id.
        items: By item id, the one met longest ago first; empty where items have no record.
        step: Answers given and items studied.
    """

    learner: Counts
    skills: dict[str, Counts]
    items: dict[ItemId, Record]
    step: int
