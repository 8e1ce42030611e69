"""Which questions may a placement ask this learner? What they know by heart would not measure them.

Out are dismissed items, until their date, and items answered in the last 30 days.
"""

from datetime import datetime

from learnloop.core.time import to_us
from learnloop.core.types import Evidence, Ints, Learner
from learnloop.policies.placement.blueprint import Blueprint

REST_US = 30 * 24 * 3600 * 1_000_000


def eligible(blueprint: Blueprint, learner: Learner, evidence: Evidence, at: datetime) -> Ints:
    """Rows of the catalog that may be asked, ascending."""
    since_us, row_of = to_us(at) - REST_US, blueprint.items.row_of
    out = [item_id for item_id, us in evidence.item_last_us.items() if us > since_us]
    out += [item_id for item_id, until in learner.dismissed.items() if until > at]
    keep = blueprint.may_ask.copy()
    keep[[row_of[item_id] for item_id in out if item_id in row_of]] = False
    return keep.nonzero()[0]
