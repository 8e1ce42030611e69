"""Where does the learner stand in each skill: known, mastered, due for review, open?

    level     mastery estimate; without one, Laplace's (right + 1) / (answers + 2)
    known     level >= 0.70 on at least 3 answers (fewer where the skill has fewer items; a skill
              without items can't be practised and holds nobody up)
    mastered  level >= 0.85 on at least 5 answers
    overdue   days since the last answer / interval, interval = 1 day per right answer, 1 to 30;
              0 where it is not known when that was (logs without times)
    open      every direct prerequisite is known, or the skill was practised with success already

The interval is a plain growing one (Leitner, 1972); memory models can take its place.
"""

from datetime import datetime
from operator import is_
from typing import NamedTuple

import numpy as np

from learnloop.core.items import ItemTable
from learnloop.core.time import to_us
from learnloop.core.types import Bools, Estimate, Evidence, Floats
from learnloop.policies.curriculum import curriculum_of

KNOWN_AT = 0.70
KNOWN_ANSWERS = 3
MASTERED_AT = 0.85
MASTERED_ANSWERS = 5
MAX_INTERVAL_DAYS = 30
DAY_US = 86_400_000_000
INTERVAL_US = np.maximum(np.arange(MAX_INTERVAL_DAYS + 1), 1) * DAY_US
"""[n right answers], the last entry for all beyond."""


class Standing(NamedTuple):
    """One entry per skill of the table.

    Attributes:
        level: (S,) [0, 1].
        known: (S,) good enough to build on.
        mastered: (S,) nothing left to practise now, unless a review is due.
        overdue: (S,) 1 = a review is due now, 2 = twice the interval has passed; 0 = never
            answered, or nobody knows when.
        open: (S,) may be practised.
    """

    level: Floats
    known: Bools
    mastered: Bools
    overdue: Floats
    open: Bools


_Asked = tuple[ItemTable, Evidence, Estimate | None, datetime]
_latest: tuple[_Asked, Standing] | None = None


def standing(
    items: ItemTable, evidence: Evidence, mastery: Estimate | None, at: datetime
) -> Standing:
    """Where the learner stands at `at`.

    The latest answer is kept, because a request asks twice: what is eligible, and how good is it.
    """
    global _latest  # noqa: PLW0603 - a memo of one entry; replaced whole, so threads can't mix it up
    asked, kept = (items, evidence, mastery, at), _latest
    if kept is not None and all(map(is_, kept[0], asked)):
        return kept[1]
    found = _standing(*asked)
    _latest = (asked, found)
    return found


def _standing(
    items: ItemTable, evidence: Evidence, mastery: Estimate | None, at: datetime
) -> Standing:
    graph = curriculum_of(items)
    n_answers, n_correct = evidence.n_answers, evidence.n_correct
    level = (n_correct + 1) / (n_answers + 2) if mastery is None else mastery.values
    enough = n_answers >= np.minimum(graph.n_items, KNOWN_ANSWERS)
    known = (level >= KNOWN_AT) & enough | graph.empty
    mastered = (level >= MASTERED_AT) & (n_answers >= MASTERED_ANSWERS)
    last_us = evidence.last_us
    overdue = (to_us(at) - last_us) / INTERVAL_US.take(n_correct, mode="clip")
    overdue *= last_us > 0
    open_ = np.ones(items.n_skills, dtype=bool)
    open_[graph.skill[~known.take(graph.needs)]] = False
    open_ |= n_correct > 0
    return Standing(level, known, mastered, overdue, open_)
