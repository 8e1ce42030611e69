"""What did a model say before each answer was known? Protocol P1, the walk through the log.

For every learner the state starts empty and advances row by row. Each answer is predicted from that
learner's earlier rows alone; the rows of one instant are all predicted before any of them is
learnt from; studied rows teach and are not predicted.
"""

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Estimator
from learnloop.core.types import Floats, Interaction, Item

S = TypeVar("S")
Predictor = Callable[[AnswerLog], Floats]


def predict_rows(estimator: Estimator[S], log: AnswerLog) -> Floats:
    """P(correct) of every answer of the log, from before it.

    Returns:
        (n,) in [0, 1]; NaN on studied rows.

    Raises:
        DataError: The model gave something that is no chance.
    """
    items = log.items()
    item_of, instant_of = log.item.tolist(), log.instant.tolist()
    answered = (log.correct != STUDY).tolist()
    p = np.full(len(log), np.nan)
    row = 0
    for code, name in enumerate(log.learner_ids):
        state = estimator.start(LearnerId(name))
        instant = -1
        waiting: list[tuple[Interaction, Item]] = []
        for interaction in log.interactions(code):
            item = items[item_of[row]]
            if instant_of[row] != instant:
                instant = instant_of[row]
                for earlier, its_item in waiting:
                    state = estimator.update(state, earlier, its_item)
                waiting.clear()
            if answered[row]:
                p[row] = _chance(estimator, state, item, interaction)
            waiting.append((interaction, item))
            row += 1
    return p


def _chance(estimator: Estimator[S], state: S, item: Item, asked: Interaction) -> float:
    p = estimator.p_correct(state, item, asked.occurred_at)
    if not 0.0 <= p <= 1.0 or math.isnan(p):
        raise DataError(
            f"{estimator.ref}: said {p} for learner {asked.learner_id}, item {item.item_id}; "
            "a chance is in [0, 1]"
        )
    return p
