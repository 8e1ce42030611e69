"""What would the network have seen before each answer, and just after it? The fold, over a log.

Each row is asked before its instant, as it would be in service; `after` is the same item asked
again right after the row, which says in which direction the answer moved what is said of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Ints
from learnloop.models.tracing.attentive.items import ItemBook
from learnloop.models.tracing.attentive.state import (
    EVENT,
    FEATURES,
    RIGHT,
    START,
    STUDIED,
    WRONG,
    advanced,
    events_of,
    features,
)

Floats32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of a log as the network sees them.

    Attributes:
        event: (n,) `state.EVENT`.
        before: (n, F) `state.FEATURES` of the item before the row's instant.
        after: (n, F) the same right after the row.
    """

    event: NDArray[np.void]
    before: Floats32
    after: Floats32


def replay(log: AnswerLog, fold: Ints, books: list[ItemBook]) -> Rows:
    """Fold every learner.

    Args:
        log: Any learners.
        fold: (n_learners,) which of the books a learner's items are read from.
        books: Each fitted without the learners that read from it.
    """
    names = [tuple(log.skill_ids[s] for s in log.skills_of(i)) for i in range(len(log.item_ids))]
    rows, items, instants = range(len(log)), log.item.tolist(), log.instant.tolist()
    results = [STUDIED if x == STUDY else RIGHT if x else WRONG for x in log.correct.tolist()]
    times, learners = log.times.tolist(), log.learner.tolist()
    known: list[dict[int, object]] = [{} for _ in books]
    event = np.empty(len(log), EVENT)
    before, after = (np.empty((len(log), len(FEATURES)), np.float32) for _ in range(2))
    learner = instant = -1
    for row in rows:
        if learners[row] != learner:
            learner, state = learners[row], START
            book, memo = books[fold[learner]], known[fold[learner]]
        if instants[row] != instant:
            instant, asked = instants[row], state
            keys = events_of(asked)["key"]
        i, at_us = items[row], times[row]
        facts = memo.get(i)
        if facts is None:
            facts = memo[i] = book.facts(log.item_ids[i], names[i])
        before[row] = features(asked, keys, facts, at_us)
        state = advanced(state, facts, book.mu, results[row], at_us)
        after[row] = features(state, events_of(state)["key"], facts, at_us)
        event[row] = events_of(state)[-1]
    return Rows(event, before, after)
