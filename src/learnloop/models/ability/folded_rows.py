"""What does a model of the features learn from, and what is it judged on? Rows on two sides.

Each answer has the features before it. Training learners are in folds, and read statistics of items
that were fitted on the other folds, so that no row reads its own answer; held-out learners read
statistics of all training learners, as learners who come later do.
"""

from dataclasses import dataclass

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Bools, Ints
from learnloop.features.definitions import FEATURES
from learnloop.features.fold import FeatureFold
from learnloop.features.rows import FeatureRows
from learnloop.features.statistics import NOTHING, ItemStatistics
from learnloop.models.ability.item_statistics import item_statistics, vectors

HELD_OUT = -1
NAMES = tuple(feature.name for feature in FEATURES)


@dataclass(frozen=True, slots=True, eq=False)
class TwoSides:
    """Answers to learn from, and answers to be judged on.

    Attributes:
        train: Of training learners.
        held_out: Of the others.
        statistics: Of items, fitted on all training learners; what is served with the model.
    """

    train: FeatureRows
    held_out: FeatureRows
    statistics: ItemStatistics


def two_sides(log: AnswerLog, fold: Ints) -> TwoSides:
    """The answers with the features before each.

    Args:
        log: All learners.
        fold: (n_learners,) the fold of each, `HELD_OUT` of those who are.
    """
    x = np.empty((len(log), len(NAMES)), dtype=np.float32)
    statistics = NOTHING
    for one in [*sorted({*fold.tolist()} - {HELD_OUT}), HELD_OUT]:
        statistics = _statistics(log, (fold != HELD_OUT) & (fold != one))
        own = fold == one
        if own.any():
            x[own[log.learner]] = vectors(log.take_learners(own), statistics, NAMES)
    rows = FeatureRows(
        FeatureFold(statistics).ref,
        NAMES,
        x,
        np.maximum(log.correct, 0).astype(np.int64),
        log.learner,
    )
    answered, held_out = log.correct != STUDY, (fold == HELD_OUT)[log.learner]
    return TwoSides(rows.take(answered & ~held_out), rows.take(answered & held_out), statistics)


def _statistics(log: AnswerLog, who: Bools) -> ItemStatistics:
    part = log.take_learners(who)
    return item_statistics(part) if (part.correct != STUDY).any() else NOTHING
