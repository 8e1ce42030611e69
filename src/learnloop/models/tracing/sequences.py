"""How does a network see a log? As windows of codes: a learner's rows, cut to one length.

A long history is cut into windows that overlap: the first rows of a later window are context, and
are neither learnt from nor judged again. Items and skills that a vocabulary does not know get code
0, which is padding too, so whatever comes has a number.

Rows of one instant were shown together. Each row says which row of its window was the last one
that is known when it is asked (`before`), so that a bundle's answers can't inform each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.types import Bools, Floats, Ints

UNKNOWN = 0
Floats32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The items and skills that a network has weights of; code 0 stands for all others.

    Attributes:
        items: Item id of code 1, 2, ...
        skills: Skill id of code 1, 2, ...
    """

    items: tuple[str, ...]
    skills: tuple[str, ...]
    _item: Mapping[str, int] = field(init=False, repr=False)
    _skill: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_item", {x: i for i, x in enumerate(self.items, 1)})
        object.__setattr__(self, "_skill", {s: i for i, s in enumerate(self.skills, 1)})

    @classmethod
    def of(cls, log: AnswerLog, min_answers: int = 1) -> "Vocabulary":
        """What was answered in a log.

        Args:
            log: Of training learners.
            min_answers: Items with fewer answers are as good as unknown; a skill needs one.
        """
        n = np.bincount(log.item[log.correct != STUDY], minlength=len(log.item_ids))
        owner = np.repeat(np.arange(len(n)), np.diff(log.skill_starts))
        met = np.unique(log.skill_of[n[owner] > 0])
        items = np.flatnonzero(n >= min_answers)
        return cls(
            tuple(log.item_ids[i] for i in items.tolist()),
            tuple(log.skill_ids[s] for s in met.tolist()),
        )

    def item(self, item_id: str) -> int:
        """The code of an item."""
        return self._item.get(item_id, UNKNOWN)

    def skill(self, skill_id: str) -> int:
        """The code of a skill."""
        return self._skill.get(skill_id, UNKNOWN)

    def skills_of(self, skill_ids: Iterable[str]) -> tuple[int, ...]:
        """Codes of the known ones; `(0,)` where none is known."""
        known = tuple(code for s in skill_ids if (code := self._skill.get(s)) is not None)
        return known or (UNKNOWN,)

    def items_of(self, log: AnswerLog) -> Ints:
        """(n_items,) code of each item of a log."""
        return np.array([self.item(x) for x in log.item_ids], dtype=np.int64)

    def skill_rows(self, skills: Sequence[Iterable[str]]) -> Ints:
        """(n, K) codes of the known skills of n items, padded with 0; K >= 1."""
        rows = [self.skills_of(own) for own in skills]
        found = np.zeros((len(rows), max(map(len, rows), default=1)), dtype=np.int64)
        for i, row in enumerate(rows):
            found[i, : len(row)] = row
        return found


def shares(skills: Ints) -> Floats:
    """(..., K) what each skill code counts in a mean over its row's skills.

    Equal shares of the known ones; the unknown skill alone where none is known.
    """
    known = (skills != UNKNOWN).astype(np.float64)
    n = known.sum(-1, keepdims=True)
    known[..., 0] += n[..., 0] == 0
    found: Floats = known / np.maximum(n, 1.0)
    return found


class Windows(NamedTuple):
    """N windows of L places; places behind the end of a history have row -1 and are 0 elsewhere.

    Attributes:
        item: (N, L) item codes.
        skills: (N, L, K) skill codes, padded with 0.
        correct: (N, L) 1 where the answer was right.
        answered: (N, L) the row is an answer; other rows only teach.
        gap: (N, L) log(1 + seconds) since the learner's row before; 0 where there is none, or no
            times.
        wait: (N, L) the same since the row `before`: what is known when the row is asked.
        before: (N, L) the place of the last row of an earlier instant; -1 where the window has
            none.
        row: (N, L) row of the log.
        target: (N, L) answers to be predicted: each of the log's in one window.
    """

    item: Ints
    skills: Ints
    correct: Ints
    answered: Bools
    gap: Floats32
    wait: Floats32
    before: Ints
    row: Ints
    target: Bools


def windows(log: AnswerLog, vocabulary: Vocabulary, length: int, overlap: int) -> Windows:
    """A log as windows.

    Args:
        log: Learners with any number of rows.
        vocabulary: Gives the codes.
        length: L; histories up to it are one window.
        overlap: How many rows of the window before a later window repeats, below `length`.

    Raises:
        DataError: The overlap is no part of the length.
    """
    if not 0 <= overlap < length:
        raise DataError(f"overlap {overlap} is not within 0 and {length - 1}")
    begin, end, n_context = _cuts(log, length, overlap)
    place = np.arange(length)
    at = begin[:, None] + place
    there = at < end[:, None]
    row = np.where(there, at, 0)
    skills = vocabulary.skill_rows(
        [[log.skill_ids[s] for s in log.skills_of(i)] for i in range(len(log.item_ids))]
    )
    gap, wait, before = times_before(log)
    answered = there & (log.correct != STUDY)[row]
    known = before[row] - begin[:, None]
    return Windows(
        item=np.where(there, vocabulary.items_of(log)[log.item[row]], 0),
        skills=np.where(there[:, :, None], skills[log.item[row]], 0),
        correct=np.where(answered, log.correct[row], 0).astype(np.int64),
        answered=answered,
        gap=np.where(there, gap[row], 0).astype(np.float32),
        wait=np.where(there, wait[row], 0).astype(np.float32),
        before=np.where(there, np.maximum(known, -1), -1),
        row=np.where(there, at, -1),
        target=answered & (place >= n_context[:, None]),
    )


def log_seconds(microseconds: int) -> float:
    """log(1 + seconds), as in `Windows.gap`; 0 for a time before."""
    return float(np.log1p(max(microseconds, 0) / 1e6))


def times_before(log: AnswerLog) -> tuple[Floats, Floats, Ints]:
    """`gap`, `wait` and the log's row `before`, (n,) each; -1 and 0 where there is none."""
    row, first = np.arange(len(log)), log.starts[:-1][log.learner]
    instant = log.instant
    before = np.searchsorted(instant, instant) - 1
    before[before < first] = -1
    times = log.times
    previous = np.where(row > first, row - 1, -1)
    gap, wait = (
        np.log1p(np.where(earlier >= 0, times - times[earlier], 0) / 1e6)
        for earlier in (previous, before)
    )
    return gap, wait, before


def _cuts(log: AnswerLog, length: int, overlap: int) -> tuple[Ints, Ints, Ints]:
    """Of each window the first row, the row behind its last, and how many rows are context."""
    begin, end, context = [], [], []
    starts = log.starts.tolist()
    for first, last in pairwise(starts):
        at = first
        while at < last:
            begin.append(at)
            end.append(min(at + length, last))
            context.append(0 if at == first else overlap)
            if at + length >= last:
                break
            at += length - overlap
    return np.array(begin, np.int64), np.array(end, np.int64), np.array(context, np.int64)
