"""Which items may be shown to this learner now? Decided before ranking, so no score can undo it.

Out are: hidden items; other kinds than asked for; items of a skill that is not open yet; items all
of whose skills are mastered and not due for review; dismissed items, until their date; items
answered right in the last day, or wrong in the last 10 minutes.
"""

from datetime import datetime

import numpy as np

from learnloop.core.items import ItemTable
from learnloop.core.time import to_us
from learnloop.core.types import Estimate, Evidence, Ints, ItemKind, Learner
from learnloop.policies.curriculum import means_over_skills
from learnloop.policies.standing import standing

RIGHT_COOL_DOWN_US = 24 * 3600 * 1_000_000
WRONG_COOL_DOWN_US = 10 * 60 * 1_000_000

_ALL = 1.0 - 1e-9  # the mean over an item's skills where all of them are done (1 each),
_LOCKED = 1e9  # and far beyond it where only one of them is locked


def eligible(
    learner: Learner,
    items: ItemTable,
    evidence: Evidence,
    mastery: Estimate | None,
    at: datetime,
    kind: ItemKind | None = None,
) -> Ints:
    """Rows of `items` that may be shown, ascending.

    Args:
        mastery: MASTERY (n_skills,); None where no model could say: the answers alone decide.
    """
    now = standing(items, evidence, mastery, at)
    closed = np.zeros(items.n_skills + 1)
    closed[:-1] = np.where(now.open, now.mastered & (now.overdue < 1.0), _LOCKED)
    keep = means_over_skills(items, closed) < _ALL
    keep &= items.visible
    if kind is not None:
        keep &= items.kinds == kind.value
    keep[_resting(learner, items, evidence, at)] = False
    return keep.nonzero()[0]


def _resting(learner: Learner, items: ItemTable, evidence: Evidence, at: datetime) -> list[int]:
    row_of, now_us = items.row_of, to_us(at)
    right_us, wrong_us = now_us - RIGHT_COOL_DOWN_US, now_us - WRONG_COOL_DOWN_US
    was_right = evidence.item_correct
    out = [
        item_id
        for item_id, us in evidence.item_last_us.items()
        if us > right_us and (was_right[item_id] or us > wrong_us)
    ]
    out += [item_id for item_id, until in learner.dismissed.items() if until > at]
    return [row_of[item_id] for item_id in out if item_id in row_of]
