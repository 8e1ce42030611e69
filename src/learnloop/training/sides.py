"""Which rows of a training set are learnt from, and which are judged? Sides that share nothing.

    by_learner(rows)                          a model must serve people it never saw
    by_time(rows, cut)                        a model must serve days it never saw
    by_learner(rows) & by_time(rows, cut)     both

A row is one question at an instant `at` with a label known at `label_at`. Split by time, a row is
learnt from if its label was known an embargo before the cut, judged if it is asked from the cut on,
and on neither side otherwise. That nothing is shared is checked, not assumed: of every split made
here, and by `check_apart` of one that comes from elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from learnloop.core.errors import DataError, InvalidInput
from learnloop.core.time import from_us, to_us, to_utc
from learnloop.core.types import Bools, Ints
from learnloop.training.split import is_held_out

NONE, MICROSECOND = timedelta(0), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Which rows are on which side; some may be on neither.

    Attributes:
        train: (n,)
        test: (n,)
    """

    train: Bools
    test: Bools

    def __and__(self, other: "Sides") -> "Sides":
        """The rows that both splits put on the same side."""
        return Sides(self.train & other.train, self.test & other.test)


def by_learner(rows: pl.DataFrame) -> Sides:
    """One learner in five is judged, by the hash of the id, as everywhere in the house.

    Args:
        rows: `learner_id`.
    """
    names = rows["learner_id"].unique().to_list()
    held_out = {name: is_held_out(name) for name in names}
    test = np.array([held_out[name] for name in rows["learner_id"]], dtype=bool)
    sides = Sides(~test, test)
    check_apart(rows, sides, learners=True)
    return sides


def by_time(rows: pl.DataFrame, cut: datetime, *, embargo: timedelta = NONE) -> Sides:
    """What was known before an instant, and what was asked from then on.

    Args:
        rows: `at`, and `label_at` where labels are known later than they are asked for.
        embargo: How long before the cut a label must have been known.

    Raises:
        NaiveTime: The cut has no time zone.
        InvalidInput: The embargo is negative.
        DataError: One side is empty.
    """
    sides = around(rows, to_utc(cut, field="cut"), None, embargo)
    check_apart(rows, sides, instants=True)
    return sides


def around(rows: pl.DataFrame, cut: datetime, until: datetime | None, embargo: timedelta) -> Sides:
    """As `by_time`, but only what is asked before `until` is judged, and a side may be empty."""
    if embargo < NONE:
        raise InvalidInput(f"embargo: {embargo} is negative", field="embargo")
    us, asked = to_us(cut), _asked_us(rows)
    judged = asked >= us
    if until is not None:
        judged &= asked < to_us(until)
    return Sides(_known_us(rows) + embargo // MICROSECOND < us, judged)


def check_apart(
    rows: pl.DataFrame, sides: Sides, *, learners: bool = False, instants: bool = False
) -> None:
    """Refuse sides that share what they must not.

    Args:
        learners: No learner may be on both sides.
        instants: Every label that is learnt from must be known before the first judged question.

    Raises:
        DataError: They share a row, a learner or an instant, or one side is empty.
    """
    if (sides.train & sides.test).any():
        row = int(np.argmax(sides.train & sides.test))
        raise DataError(f"row {row} is on both sides", field="learner_id")
    for name, side in (("train", sides.train), ("test", sides.test)):
        if not side.any():
            raise DataError(f"there is no row to {name}; split by something else", field=name)
    if learners and (shared := shared_learners(rows, sides)):
        raise DataError(f"{len(shared)} learners are on both sides: {shared[0]}, ...")
    if instants and (last := int(_known_us(rows)[sides.train].max())) >= (
        first := int(_asked_us(rows)[sides.test].min())
    ):
        raise DataError(
            f"a label that is learnt from was known at {from_us(last).isoformat()}, "
            f"not before the first judged question at {from_us(first).isoformat()}"
        )


def shared_learners(rows: pl.DataFrame, sides: Sides) -> list[str]:
    """The learners who are on both sides, sorted."""
    learner = rows["learner_id"]
    train, test = (learner.filter(pl.Series(side)) for side in (sides.train, sides.test))
    return sorted(set(train.unique()) & set(test.unique()))


def _asked_us(rows: pl.DataFrame) -> Ints:
    return rows["at"].dt.epoch("us").to_numpy().astype(np.int64)


def _known_us(rows: pl.DataFrame) -> Ints:
    known = rows["label_at"] if "label_at" in rows.columns else rows["at"]
    return known.dt.epoch("us").to_numpy().astype(np.int64)
