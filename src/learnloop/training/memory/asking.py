"""What did a memory model say before each answer that tests memory? As an estimator of answers.

An answer tests memory where its item was answered before, a day or more ago; or where the item is
new and all its skills were practised before, each a day or more ago. Then

    p = P(item recalled),   or   p = product of P(skill recalled)

Of other answers memory says nothing, and p is 0.5. Which answers count is seen from the log alone,
so any two models are judged on the same ones.
"""

from datetime import datetime
from math import prod
from typing import Any, Final, cast

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Estimator
from learnloop.core.types import Bools, Floats, Interaction, Item
from learnloop.models.memory import MemoryModel, MemoryState
from learnloop.models.memory.pooling import LogReviews, item_reviews, skill_reviews
from learnloop.training.predict import predict_rows

ANY_DESIRED: Final = 0.9
UNKNOWN: Final = 0.5


class ByReviews:
    """A memory model asked about answers: as much of an `Estimator` as `predict_rows` needs."""

    def __init__(self, model: MemoryModel) -> None:
        self.ref, self.export = model.ref, model.export
        self._model = model

    def start(self, learner_id: LearnerId) -> MemoryState:
        """The state of a learner of whom nothing is known."""
        return self._model.start(learner_id)

    def update(self, state: MemoryState, interaction: Interaction, item: Item) -> MemoryState:
        """The state after one more interaction."""
        return self._model.update(state, interaction, item)

    def p_correct(self, state: MemoryState, item: Item, at: datetime) -> float:
        """P(the learner recalls what the item asks for), (0, 1)."""
        own = self._model.item(state, item.item_id, at, ANY_DESIRED)
        if own is not None:
            return own.p
        found = [self._model.skill(state, skill, at, ANY_DESIRED) for skill in item.skills]
        known = [skill.p for skill in found if skill is not None]
        return prod(known) if known and len(known) == len(found) else UNKNOWN


def as_estimator(model: MemoryModel) -> Estimator[Any]:
    """The model as `training` asks estimators: `ref`, `start`, `update`, `p_correct`, `export`."""
    return cast(Estimator[Any], ByReviews(model))


def predict_reviews(model: MemoryModel, log: AnswerLog) -> Floats:
    """(n,) P(recalled) of every answer of the log, from before it; NaN on studied rows."""
    return predict_rows(as_estimator(model), log)


def review_rows(log: AnswerLog) -> Bools:
    """(n,) which answers test memory."""
    n = len(log)
    items, skills = item_reviews(log), skill_reviews(log)
    of_item, is_new = _some(items, items.reviews.scored, n), _some(items, items.reviews.first, n)
    n_due = np.bincount(skills.rows[skills.reviews.scored], minlength=n)
    n_skills = np.diff(log.skill_starts)[log.item]
    of_skills = (n_due == n_skills) & (n_skills > 0)
    found: Bools = (log.correct != STUDY) & (of_item | (is_new & of_skills))
    return found


def _some(of: LogReviews, which: Bools, n: int) -> Bools:
    found = np.zeros(n, dtype=bool)
    found[of.rows[which]] = True
    return found
