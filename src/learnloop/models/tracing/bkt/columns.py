"""What does each opportunity look like to the fit of effects? Columns by node.

The learner's shift before an answer is what the fold of `filtering` itself says, so there is one
definition of it, and it rests on earlier answers only, as in service.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Bools, Floats, Ints
from learnloop.models.tracing.bkt.book import Book
from learnloop.models.tracing.bkt.filtering import PROBIT, US_PER_HOUR, answered, start, studied
from learnloop.models.tracing.bkt.sequences import Forest, Opportunities, chains


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Opportunities of a log; every array by node of the forest.

    Attributes:
        forest: A chain for each pair of skill and learner.
        n_items: How many items there are.
        row: (n,) row of the log.
        item: (n,) item codes.
        right: (n,) 1.0 right, 0.0 not.
        counts: (n,) how much an answer counts: 1 / number of the item's skills, 0 where studied.
        gaps: (n, 2) log(1 + other opportunities) and log(1 + hours) since the parent's.
        goes_on: (n,) whether another opportunity follows.
    """

    forest: Forest
    n_items: int
    row: Ints
    item: Ints
    right: Floats
    counts: Floats
    gaps: Floats
    goes_on: Bools

    @property
    def roots(self) -> slice:
        """The first opportunities."""
        return slice(0, int(self.forest.levels[1]))

    @property
    def later(self) -> slice:
        """All others."""
        return slice(int(self.forest.levels[1]), None)


def columns_of(log: AnswerLog, given: Opportunities) -> Columns:
    """The columns of a log."""
    forest, node = chains(log, given)
    row = given.row[node]
    step = np.arange(len(log)) - log.starts[log.learner]
    later = slice(int(forest.levels[1]), None)
    now, then = row[later], row[forest.parent[later]]
    gaps = np.zeros((len(forest), 2))
    gaps[later, 0] = np.log1p(step[now] - step[then] - 1)
    times = log.times
    timed = times[then] != 0
    gaps[later, 1] = np.where(timed, np.log1p((times[now] - times[then]) / US_PER_HOUR), 0.0)
    return Columns(
        forest,
        len(log.item_ids),
        row,
        log.item[row],
        (forest.answer == 1).astype(np.float64),
        np.where(forest.answer == STUDY, 0.0, given.share[node]),
        gaps,
        forest.ends == 0.0,
    )


def shifts_before(log: AnswerLog, book: Book) -> tuple[Floats, Floats]:
    """Each row's learner as known before its instant: (n,) shifts and (n,) their variances."""
    asked = [book.asked(item) for item in log.items()]
    item_of, answer_of, instant_of = log.item.tolist(), log.correct.tolist(), log.instant.tolist()
    at_us, starts = log.times.tolist(), log.starts.tolist()
    shift, variance = np.zeros(len(log)), np.zeros(len(log))
    for first, end in pairwise(starts):
        state = before = start(book)
        instant = -1
        for row in range(first, end):
            if instant_of[row] != instant:
                instant, before = instant_of[row], state
            shift[row], variance[row] = before.shift, before.variance
            item, answer = asked[item_of[row]], answer_of[row]
            if answer == STUDY:
                state = studied(book, state, item, at_us[row])
            else:
                state = answered(book, state, item, answer == 1, at_us[row])
    return shift, variance


def scales(variance: Floats) -> Floats:
    """(n,) by what a logit shrinks when a shift of that variance is averaged over."""
    shrunk: Floats = 1.0 / np.sqrt(1.0 + PROBIT * variance)
    return shrunk
