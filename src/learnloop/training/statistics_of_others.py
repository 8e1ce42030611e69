"""Whose answers may say what an item is like? Those of others, and never of held-out learners.

An item's statistics hold the answers that they were fitted on. A learner who is among them finds
their own answer in the easiness of its item, if ever so little, and a model learns to look there.
So learners are dealt into five folds, and each reads statistics of the other ones. Fold 0 are those
whom `split.is_held_out` holds out: they read statistics of all others, as those who come later do,
and nobody reads any of them.
"""

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.features.statistics import NOTHING, ItemStatistics
from learnloop.models.ability.item_statistics import item_statistics
from learnloop.training.split import N_FOLDS, TEST_FOLD, fold_of


def statistics_of_others(log: AnswerLog) -> tuple[ItemStatistics, ...]:
    """For each fold (`split.fold_of`) those that its learners may read.

    Args:
        log: Answers of all learners.
    """
    folds = np.array([fold_of(name) for name in log.learner_ids], dtype=np.int64)
    found = []
    for fold in range(N_FOLDS):
        others = (folds != fold) & (folds != TEST_FOLD)
        theirs = log.take_learners(others)
        has_answers = bool((theirs.correct != STUDY).any())
        found.append(item_statistics(theirs) if has_answers else NOTHING)
    return tuple(found)
