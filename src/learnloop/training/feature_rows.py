"""How is a model of the features fitted on a data set, and asked about a log?

The rows that it learns from are `models.ability.folded_rows`.
"""

from collections.abc import Callable

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.protocols import Predictor
from learnloop.core.types import Floats
from learnloop.features.statistics import ItemStatistics
from learnloop.models.ability.folded_rows import HELD_OUT, NAMES, TwoSides, two_sides
from learnloop.models.ability.item_statistics import deal, vectors
from learnloop.training.dataset import Dataset

__all__ = ["NAMES", "ask", "of_dataset"]

N_FOLDS = 5
BLOCK = 8192


def of_dataset(data: Dataset, rng: np.random.Generator) -> TwoSides:
    """The answers of a data set, split as it says.

    Args:
        data: Its held-out learners are the other side.
        rng: Deals the training learners into folds.
    """
    fold = np.full(len(data.log.learner_ids), HELD_OUT, dtype=np.int64)
    fold[~data.is_test] = deal(int((~data.is_test).sum()), N_FOLDS, rng)
    return two_sides(data.log, fold)


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
