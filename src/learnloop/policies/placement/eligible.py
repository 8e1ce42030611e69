"""Which questions may be asked of this learner? What they know by heart would not measure them.

Questions are visible exercises and assessments. Out are dismissed items, until their date, and
items answered in the last 30 days.
"""

from datetime import datetime

import numpy as np

from learnloop.core.items import ItemTable
from learnloop.core.time import to_us
from learnloop.core.types import Bools, Evidence, Ints, ItemKind, Learner

KINDS = (ItemKind.EXERCISE.value, ItemKind.ASSESSMENT.value)
REST_US = 30 * 24 * 3600 * 1_000_000


def questions(items: ItemTable) -> Bools:
    """(n_items,) what can be asked at all."""
    asked: Bools = items.visible & np.isin(items.kinds, KINDS)
    return asked


def eligible(
    may_ask: Bools, items: ItemTable, learner: Learner, evidence: Evidence, at: datetime
) -> Ints:
    """Rows of the catalog that may be asked now, ascending.

    Args:
        may_ask: (n_items,) what may be asked of anybody.
    """
    since_us, row_of = to_us(at) - REST_US, items.row_of
    out = [item_id for item_id, us in evidence.item_last_us.items() if us > since_us]
    out += [item_id for item_id, until in learner.dismissed.items() if until > at]
    keep = may_ask.copy()
    keep[[row_of[item_id] for item_id in out if item_id in row_of]] = False
    return keep.nonzero()[0]
