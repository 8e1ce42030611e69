"""What does a model of the features learn from, and what is it judged on? Rows on two sides.

Each answer has the features before it. Training learners are dealt into folds, and read statistics
of items that were fitted on the other folds, so that no row reads its own answer; held-out learners
read statistics of all training learners, as learners who come later do (`statistics_of_others`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.protocols import Predictor
from learnloop.core.types import Bools, Floats, Ints
from learnloop.features.definitions import FEATURES
from learnloop.features.fold import FeatureFold
from learnloop.features.rows import FeatureRows
from learnloop.features.statistics import NOTHING, ItemStatistics
from learnloop.training.dataset import Dataset
from learnloop.training.item_statistics import deal, item_statistics, vectors

HELD_OUT = -1
N_FOLDS = 5
BLOCK = 8192
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


def of_dataset(data: Dataset, rng: np.random.Generator) -> TwoSides:
    """The answers of a data set, split as it says.

    Args:
        data: Its held-out learners are the other side.
        rng: Deals the training learners into folds.
    """
    fold = np.full(len(data.log.learner_ids), HELD_OUT, dtype=np.int64)
    fold[~data.is_test] = deal(int((~data.is_test).sum()), N_FOLDS, rng)
    return two_sides(data.log, fold)


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


def ask(predictor: Predictor, statistics: ItemStatistics) -> Callable[[AnswerLog], Floats]:
    """From a log to P(correct) of each row, from what went before it; NaN on studied rows.

    Args:
        predictor: Takes features, gives chances.
        statistics: Of items, as it was trained with.
    """
    (given,), (wanted,) = predictor.inputs, predictor.outputs

    def predict(log: AnswerLog) -> Floats:
        x = vectors(log, statistics, NAMES).astype(given.dtype)
        parts = [x[i : i + BLOCK] for i in range(0, len(x), BLOCK)]
        said = [predictor.predict({given.name: part})[wanted.name] for part in parts]
        p = np.concatenate([np.empty(0), *said])
        return np.where(log.correct == STUDY, np.nan, p)

    return predict
