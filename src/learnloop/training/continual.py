"""How good is a model that learns again every week? Windows of time, each judged by those before.

In each window a model may learn from every label that was known an embargo before it, and is judged
on what is asked within it. Windows follow each other without gaps; those with nothing to learn from
or nothing to judge are passed over.

Reference: Gama, Sebastião and Rodrigues (2013), "On evaluating stream learning algorithms",
Machine Learning 90 (test, then train).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from learnloop.core.errors import InvalidInput
from learnloop.core.time import to_utc
from learnloop.training.sides import NONE, Sides, around, check_apart


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One stretch of time, and the rows on its two sides.

    Attributes:
        start: The first instant that is judged.
        end: The first one that is not.
    """

    start: datetime
    end: datetime
    sides: Sides


def windows(
    rows: pl.DataFrame,
    every: timedelta,
    *,
    start: datetime | None = None,
    embargo: timedelta = NONE,
) -> Iterator[Window]:
    """The windows in their order.

    Args:
        rows: `at`, and `label_at` where labels are known later than they are asked for.
        every: How long a window is.
        start: Of the first window; by default the first instant asked at.

    Raises:
        InvalidInput: A window of no length, or a negative embargo.
        NaiveTime: The start has no time zone.
    """
    if every <= NONE:
        raise InvalidInput(f"every: {every} is no length of time", field="every")
    if rows.is_empty():
        return
    asked = rows["at"]
    cut = asked[int(asked.arg_min() or 0)] if start is None else to_utc(start, field="start")
    last = asked[int(asked.arg_max() or 0)]
    while cut <= last:
        end = cut + every
        sides = around(rows, cut, end, embargo)
        if sides.train.any() and sides.test.any():
            check_apart(rows, sides, instants=True)
            yield Window(cut, end, sides)
        cut = end
