"""How did the learner do on this very item? A record of each of the items met last.

    met, ln(1 + right), ln(1 + wrong), ln(1 + both of late), ln(1 + studied),
    ln(1 + minutes since), ln(1 + answers and studies since)

Where items come back this tells most.
"""

from math import log1p
from typing import NamedTuple

from learnloop.core.ids import ItemId
from learnloop.models.tracing.logistic.windows import (
    Counts,
    Windows,
    counted,
    elapsed_us,
    features,
    no_counts,
)

US_PER_MINUTE = 60_000_000.0
RECORD_WINDOWS = Windows((), (0.5,))  # an answer counts half as much as the next one
RECORD = (
    "ln_right", "ln_wrong", "ln_late_right", "ln_late_wrong", "met", "ln_studied", "ln_minutes",
    "ln_steps",
)  # fmt: skip
NEVER_MET = (0.0,) * len(RECORD)


class Record(NamedTuple):
    """One item met lately.

    Attributes:
        counts: Its answers.
        studied: Times it was studied.
        step: The learner's step when it was last met.
        at_us: And the time.
    """

    counts: Counts
    studied: int
    step: int
    at_us: int


NEW = Record(no_counts(RECORD_WINDOWS), 0, 0, 0)


def met(old: Record, correct: bool | None, step: int, at_us: int) -> Record:
    """The record after one more answer, or after it was studied (None)."""
    if correct is None:
        return Record(old.counts, old.studied + 1, step, at_us)
    return Record(counted(old.counts, RECORD_WINDOWS, correct, at_us), old.studied, step, at_us)


def record_features(record: Record, step: int, at_us: int) -> list[float]:
    """(len(RECORD),) what a design holds of an item that was met."""
    out = features(record.counts, RECORD_WINDOWS, at_us)
    minutes = elapsed_us(record.at_us, at_us) / US_PER_MINUTE
    out += (1.0, log1p(record.studied), log1p(minutes), log1p(step - record.step))
    return out


def remembered(
    items: dict[ItemId, Record], item_id: ItemId, record: Record, memory: int
) -> dict[ItemId, Record]:
    """The records with one more; the item met longest ago is forgotten."""
    kept = items.copy()
    if item_id in kept:
        del kept[item_id]  # so that the order of the dict is the order of the last meeting
    elif len(kept) >= memory:
        del kept[next(iter(kept))]
    kept[item_id] = record
    return kept
