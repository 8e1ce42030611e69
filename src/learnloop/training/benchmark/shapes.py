"""Where is a model good? AUC by how much was known, and learning curves, said beside observed."""

from dataclasses import dataclass

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Floats, Ints
from learnloop.metrics import auc
from learnloop.models.tracing.logistic.history import counts_before

HISTORY = ((0, 0), (1, 4), (5, 9), (10, 19), (20, 49), (50, 99), (100, 199), (200, 10**9))
N_PRACTICES = 15


@dataclass(frozen=True, slots=True)
class Stretch:
    """Answers of learners of whom about as much was known.

    Attributes:
        first: Fewest earlier answers.
        last: Most earlier answers.
        n: How many answers.
        auc: NaN where all were right or all wrong.
    """

    first: int
    last: int
    n: int
    auc: float


@dataclass(frozen=True, slots=True, eq=False)
class LearningCurve:
    """Share right at the 1st, 2nd ... practice of a skill.

    Attributes:
        n: (k,) how many answers.
        right: (k,) share of them that was right.
        said: (k,) mean chance that the model gave them.
    """

    n: Ints
    right: Floats
    said: Floats


def by_history(learner: Ints, correct: Ints, p: Floats) -> tuple[Stretch, ...]:
    """AUC by how many answers of the learner went before; stretches without answers are left out.

    Args:
        learner: (n,) ascending.
        correct: (n,) 0 or 1.
        p: (n,) chances.
    """
    nth = np.arange(len(learner)) - np.searchsorted(learner, learner)
    found = []
    for first, last in HISTORY:
        rows = (nth >= first) & (nth <= last)
        if rows.any():
            area = auc(correct[rows], p[rows])
            found.append(Stretch(first, min(last, int(nth.max())), int(rows.sum()), area))
    return tuple(found)


def learning_curve(test: AnswerLog, p: Floats) -> LearningCurve:
    """Share right by practice of a skill; an answer counts for each skill of its item.

    Learners drop out, and those who stay are not like those who left: a curve compares what was
    said with what happened, and is no proof of learning.

    Args:
        test: Held-out learners.
        p: (n,) chances of its answers, studied rows left out.
    """
    said = np.full(len(test), np.nan)
    said[test.correct != STUDY] = p
    widths = np.diff(test.skill_starts)[test.item]
    row = np.repeat(np.arange(len(test)), widths)
    within = np.arange(len(row)) - np.repeat(np.cumsum(widths) - widths, widths)
    skill = test.skill_of[test.skill_starts[test.item[row]] + within]
    right, wrong = counts_before(test, row, skill)
    nth = right + wrong
    kept = (nth < N_PRACTICES) & (test.correct[row] != STUDY)
    nth, row = nth[kept], row[kept]
    n = np.bincount(nth, minlength=N_PRACTICES)
    some = np.maximum(n, 1)
    return LearningCurve(
        n,
        np.bincount(nth, weights=test.correct[row], minlength=N_PRACTICES) / some,
        np.bincount(nth, weights=said[row], minlength=N_PRACTICES) / some,
    )
