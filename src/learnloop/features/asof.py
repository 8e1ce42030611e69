"""What was known of a learner at an instant? Training sets without a look into the future.

A question is a learner, an instant, and perhaps an item; it gets the features of the events before
that instant, and every question gets its row, also of a learner whom the log does not know. Two
ways to say what was known:

- `occurred` (default): events that happened before the instant, for logs imported as a whole;
- `received`: of these, only what had arrived by then. Late events are left out for the questions
  before they came, and only for those.

A label must come later than its question: `labels_after` checks it.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import polars as pl

from learnloop.core.errors import DataError
from learnloop.core.types import Bools, Floats, Ints, Item
from learnloop.features.batch import BLOCK, EventLog, Questions, compute
from learnloop.features.definition import Feature
from learnloop.features.log import ItemBook, of_frame
from learnloop.features.statistics import ItemStatistics

KnownBy = Literal["occurred", "received"]


def vectors(
    questions: pl.DataFrame,
    log: pl.DataFrame,
    items: Sequence[Item],
    statistics: ItemStatistics,
    features: Sequence[Feature],
    *,
    known_by: KnownBy = "occurred",
) -> pl.DataFrame:
    """The questions, in their order, with a column for each feature; unknown is NaN.

    Args:
        questions: As in `matrix`; other columns (labels) are carried along.
        log: As in `matrix`.
        items: The catalog.

    Raises:
        DataError: A column is missing, or an item is not in the catalog.
    """
    out = matrix(questions, log, ItemBook(items, statistics), features, known_by=known_by)
    columns = {x.name: column for x, column in zip(features, out.T, strict=True)}
    return questions.with_columns(pl.DataFrame(columns).get_columns())


def matrix(
    questions: pl.DataFrame,
    log: pl.DataFrame,
    book: ItemBook,
    features: Sequence[Feature],
    *,
    known_by: KnownBy = "occurred",
) -> Floats:
    """(m, n_features) what was known at each question; unknown is NaN.

    Args:
        questions: `learner_id`, `at_us` (microseconds since 1970; null asks for everything), and
            perhaps `item_id`.
        log: A frame of `log.COLUMNS`, in the order of `log.ORDER`.
        book: The catalog's items.

    Raises:
        DataError: A column is missing, or an item is not in the catalog.
    """
    for name in ("learner_id", "at_us"):
        if name not in questions.columns:
            raise DataError(f"questions: there is no column {name}", field=name)
    out = np.empty((questions.height, len(features)))
    asked = _Asked(questions, log, book)
    late = asked.late() if known_by == "received" else np.zeros(questions.height, dtype=bool)
    _fill(out, np.flatnonzero(~late), features, *asked.on_time(~late))
    for rows, events, of_rows in asked.copies(late):
        _fill(out, rows, features, events, of_rows)
    return out


def _fill(
    out: Floats, rows: Ints, features: Sequence[Feature], events: EventLog, asked: Questions
) -> None:
    at = 0
    order = np.argsort(asked.learner, kind="stable")
    for block in compute([x.value for x in features], events, asked.take(order)):
        out[rows[order[at : at + len(block)]]] = block
        at += len(block)


class _Asked:
    """Questions beside the log that answers them."""

    def __init__(self, questions: pl.DataFrame, log: pl.DataFrame, book: ItemBook) -> None:
        self.log, self.book = log, book
        names = pl.concat([log["learner_id"], questions["learner_id"]]).unique().sort()
        codes = pl.DataFrame({"learner_id": names, "code": range(len(names))})
        self.event_learner = _codes(log["learner_id"], codes)
        self.learner = _codes(questions["learner_id"], codes)
        self.us = questions["at_us"].fill_null(2**62).to_numpy().astype(np.int64)
        has_item = "item_id" in questions.columns
        none = pl.Series("item_id", [None] * questions.height, dtype=pl.String)
        self.item = book.codes(questions["item_id"] if has_item else none)
        event_us = log["occurred_us"].to_numpy()
        # Merge both in time; of one instant the question goes first.
        n, m = len(event_us), len(self.us)
        learner = np.concatenate((self.event_learner, self.learner))
        us = np.concatenate((event_us, self.us))
        is_event = np.repeat([1, 0], [n, m])
        order = np.lexsort((is_event, us, learner))
        n_before = np.cumsum(is_event[order])
        self.before = np.empty(m, dtype=np.int64)
        asked = order >= n
        self.before[order[asked] - n] = n_before[asked]
        self.start = np.searchsorted(self.event_learner, self.learner)

    def late(self) -> Bools:
        """(m,) whether an event that went before had not arrived yet."""
        received = self._received()
        latest = np.zeros(len(received) + 1, dtype=np.int64)
        out = np.zeros(len(self.us), dtype=bool)
        starts = np.searchsorted(self.event_learner, np.unique(self.event_learner)).tolist()
        for low, high in pairwise([*starts, len(received)]):
            np.maximum.accumulate(received[low:high], out=latest[low + 1 : high + 1])
        some = self.before > self.start
        out[some] = latest[self.before[some]] > self.us[some]
        return out

    def on_time(self, which: Bools) -> tuple[EventLog, Questions]:
        """The whole log, and these questions."""
        events = of_frame(self.log, self.book)
        events = EventLog(
            self.event_learner, events.us, events.columns, events.skill_starts, events.skill_of
        )
        return events, self._questions(which, self.learner[which], self.before[which])

    def copies(self, which: Bools) -> Iterator[tuple[Ints, EventLog, Questions]]:
        """These questions with copies of what had arrived, each a learner of its own.

        A copy serves the learner's next question too where that knows the same events and perhaps
        more behind them, as after one late event, or while a device is offline.
        """
        received, n = self._received(), 0
        copies: list[Ints] = []
        asked: list[tuple[int, int, int]] = []  # question, copy, events known of it
        by_time = np.lexsort((self.us[which], self.learner[which]))
        for q in np.flatnonzero(which)[by_time].tolist():
            before = np.arange(self.start[q], self.before[q])
            arrived = before[received[before] <= self.us[q]]
            same = bool(asked) and self.learner[q] == self.learner[asked[-1][0]]
            if same and _begins_with(arrived, copies[-1]):
                n += len(arrived) - len(copies[-1])
                copies[-1] = arrived
            else:
                if n >= BLOCK:
                    yield self._copied(copies, asked)
                    copies, asked, n = [], [], 0
                copies.append(arrived)
                n += len(arrived)
            asked.append((q, len(copies) - 1, len(arrived)))
        if asked:
            yield self._copied(copies, asked)

    def _copied(
        self, copies: list[Ints], asked: list[tuple[int, int, int]]
    ) -> tuple[Ints, EventLog, Questions]:
        starts = np.concatenate(([0], np.cumsum([len(x) for x in copies])))
        events = of_frame(self.log[np.concatenate(copies)], self.book)
        learner = np.repeat(np.arange(len(copies)), np.diff(starts))
        events = EventLog(learner, events.us, events.columns, events.skill_starts, events.skill_of)
        question, copy, n_known = np.array(asked, dtype=np.int64).T
        return question, events, self._questions(question, copy, starts[copy] + n_known)

    def _received(self) -> Ints:
        return self.log["received_us"].fill_null(0).to_numpy().astype(np.int64)

    def _questions(self, which: Bools | Ints, learner: Ints, before: Ints) -> Questions:
        item, us = self.item[which], self.us[which]
        columns = self.book.columns(item, np.where(us < 2**62, us, 0))
        return Questions(learner, before, columns, *self.book.skills(item))


def _begins_with(whole: Ints, part: Ints) -> bool:
    return len(part) <= len(whole) and np.array_equal(whole[: len(part)], part)


def _codes(names: pl.Series, codes: pl.DataFrame) -> Ints:
    given = names.alias("learner_id").to_frame()
    found = given.join(codes, on="learner_id", how="left", maintain_order="left")["code"]
    return found.to_numpy().astype(np.int64)
