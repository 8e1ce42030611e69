"""Which answers does a calibration read? One row per learner and item; what is missing has no row.

Repeated attempts break the model (an answer after feedback is another answer), so only the first of
each learner to each item is taken. Learners with the same answers to the same items are one pattern
with a weight: the likelihood needs each pattern once.

    key(pattern) = sum over its rows of a random 64-bit number of (item, right or wrong), mod 2^64

Two different patterns among a million share a key with a chance of 3 in 100 million.
"""

from dataclasses import dataclass

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.types import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """Patterns of answers, by rows; build it with `first_attempts` or `of_matrix`.

    Attributes:
        n_items: How many items there are, answered or not.
        item: (n,) item codes.
        correct: (n,) was it right?
        starts: (n_patterns + 1,) pattern i's rows are `starts[i]` up to `starts[i + 1]`.
        weight: (n_patterns,) how many learners answered so.
        pattern_of: (n_learners,) the pattern of each learner, -1 without answers.
    """

    n_items: int
    item: Ints
    correct: Bools
    starts: Ints
    weight: Floats
    pattern_of: Ints

    @property
    def n_patterns(self) -> int:
        """Distinct patterns."""
        return len(self.weight)

    @property
    def n_learners(self) -> float:
        """Learners with an answer."""
        return float(self.weight.sum())

    @property
    def lengths(self) -> Ints:
        """(n_patterns,) answers of each pattern."""
        return np.diff(self.starts)

    @property
    def pattern(self) -> Ints:
        """(n,) whose row it is."""
        return np.repeat(np.arange(self.n_patterns), self.lengths)

    def counts(self) -> tuple[Floats, Floats]:
        """(n_items,) right answers, and answers, of all learners."""
        weight = np.repeat(self.weight, self.lengths)
        right = np.bincount(self.item, weight * self.correct, self.n_items).astype(np.float64)
        return right, np.bincount(self.item, weight, self.n_items).astype(np.float64)


def first_attempts(log: AnswerLog) -> Responses:
    """The first answer of each learner to each item; study rows are left out.

    Raises:
        DataError: There is no answer.
    """
    rows = np.flatnonzero(log.correct != STUDY)
    n_items = len(log.item_ids)
    _, first = np.unique(log.learner[rows] * n_items + log.item[rows], return_index=True)
    rows = rows[first]  # by learner, then by item
    return of_rows(
        log.learner[rows], log.item[rows], log.correct[rows] == 1, len(log.learner_ids), n_items
    )


def of_matrix(answers: Floats) -> Responses:
    """Of a matrix (n_learners, n_items): 1 right, 0 wrong, NaN not answered.

    Raises:
        DataError: There is another number, or no answer.
    """
    right = answers == 1.0
    seen = right | (answers == 0.0)
    if not (seen | np.isnan(answers)).all():
        raise DataError("answers are 1, 0 or NaN: these models know no partial credit")
    learner, item = np.divmod(np.flatnonzero(seen), answers.shape[1])
    return of_rows(learner, item, right[seen], *answers.shape)


def of_rows(learner: Ints, item: Ints, correct: Bools, n_learners: int, n_items: int) -> Responses:
    """Of rows that are in order of learner and, inside a learner, of item.

    Raises:
        DataError: There is no row.
    """
    if not len(learner):
        raise DataError("no answers to calibrate items on; `from_catalog` needs none")
    counts = np.bincount(learner, minlength=n_learners)
    with_answers = np.flatnonzero(counts)
    lengths = counts[with_answers]
    starts = np.concatenate(([0], np.cumsum(lengths)))
    keys = np.add.reduceat(_random64(2 * n_items)[2 * item + correct], starts[:-1])
    _, first, inverse, weight = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    pattern_of = np.full(n_learners, -1)
    if len(first) == len(with_answers):
        pattern_of[with_answers] = np.arange(len(first))
        return Responses(n_items, item, correct, starts, np.ones(len(first)), pattern_of)
    pattern_of[with_answers] = inverse
    return _only(first, Responses(n_items, item, correct, starts, weight.astype(float), pattern_of))


def _only(first: Ints, of: Responses) -> Responses:
    """The rows of the patterns that begin the weights; `starts` is of all learners."""
    lengths = of.lengths[first]
    starts = np.concatenate(([0], np.cumsum(lengths)))
    rows = np.arange(starts[-1]) + np.repeat(of.starts[first] - starts[:-1], lengths)
    return Responses(of.n_items, of.item[rows], of.correct[rows], starts, of.weight, of.pattern_of)


def _random64(n: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """(n,) the same numbers everywhere, spread over all 64 bits (splitmix64)."""
    x = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
