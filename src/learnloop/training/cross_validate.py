"""How good is a way of fitting, and how sure is that? K folds by learner, on any executor.

Each learner is held out exactly once; the k fits are tasks, so they run here, in processes or on
Ray with the same figures. Learners are dealt to folds in the order of a hash of their ids: the
folds are equal in size (give or take one), and don't depend on the order of the rows. The hash is
salted, so the folds have nothing to do with the usual held-out fifth (`split.py`).
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import polars as pl

from learnloop.core.errors import DataError
from learnloop.core.random import derive_rng
from learnloop.core.types import Bools, Ints
from learnloop.training.executor import Executor, LocalExecutor
from learnloop.training.executor.tasks import OnDone

D = TypeVar("D")
M = TypeVar("M")

Take = Callable[[D, Bools], D]
Fit = Callable[[D, np.random.Generator], M]
Score = Callable[[M, D], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Fold:
    """What one fit reached on the learners it did not see."""

    index: int
    n_train_learners: int
    n_test_learners: int
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """The figures of all folds."""

    folds: tuple[Fold, ...]

    def values(self, figure: str) -> tuple[float, ...]:
        """The figure of each fold."""
        return tuple(fold.figures[figure] for fold in self.folds)

    def mean(self, figure: str) -> float:
        """The mean over folds."""
        return math.fsum(self.values(figure)) / len(self.folds)

    def spread(self, figure: str) -> float:
        """The standard deviation between folds (n - 1).

        Folds share most of their training learners, so this is no standard error of the mean.
        """
        return float(np.std(self.values(figure), ddof=1))

    def table(self) -> pl.DataFrame:
        """One row for each fold."""
        return pl.DataFrame(
            [
                {
                    "fold": fold.index,
                    "n_train_learners": fold.n_train_learners,
                    "n_test_learners": fold.n_test_learners,
                    **fold.figures,
                }
                for fold in self.folds
            ]
        )

    def as_json(self) -> dict[str, object]:
        """Mean, spread and figures of the folds, by name of the figure."""
        return {
            figure: {
                "mean": self.mean(figure),
                "spread": self.spread(figure),
                "folds": list(self.values(figure)),
            }
            for figure in self.folds[0].figures
        }


def cross_validate(
    data: D,
    learner_ids: Sequence[str],
    take: Take[D],
    fit: Fit[D, M],
    score: Score[M, D],
    *,
    seed: int,
    n_folds: int = 5,
    executor: Executor | None = None,
    on_done: OnDone | None = None,
) -> CrossValidation:
    """Fit k times, each time without one part of the learners, and score on that part.

    Args:
        data: Of all learners.
        learner_ids: Whose each part of the data is, in the order of the masks that `take` gets:
            for a table the learner of each row, for an `AnswerLog` its `learner_ids`.
        take: The part of the data where a mask holds: `pl.DataFrame.filter`,
            `AnswerLog.take_learners`.
        fit: From training data and a generator of its own to a model.
        score: The model's figures on data that it did not see.
        seed: Each fold's generator is derived from it and the fold.
        n_folds: At least 2.
        executor: Where the fits run; by default in this process.
        on_done: Called with the number of folds done.

    Raises:
        DataError: There are fewer learners than folds, or a single fold.
        TaskFailed: A fit or its scoring raised.
    """
    plan = _Plan(data, folds_of(learner_ids, n_folds), tuple(learner_ids), take, fit, score, seed)
    executor = executor or LocalExecutor()
    folds = executor.map(_run, range(n_folds), shared=plan, label="fold", on_done=on_done)
    return CrossValidation(tuple(folds))


def folds_of(learner_ids: Sequence[str], n_folds: int) -> Ints:
    """(n,) the fold of each id, in [0, n_folds).

    Raises:
        DataError: There are fewer learners than folds, or a single fold.
    """
    distinct = set(learner_ids)
    if not 2 <= n_folds <= len(distinct):
        raise DataError(f"{len(distinct)} learners can't be dealt into {n_folds} folds")
    dealt = {name: i % n_folds for i, name in enumerate(sorted(distinct, key=_place))}
    return np.array([dealt[name] for name in learner_ids], dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan(Generic[D, M]):
    """What all folds share."""

    data: D
    fold: Ints
    learner_ids: tuple[str, ...]
    take: Take[D]
    fit: Fit[D, M]
    score: Score[M, D]
    seed: int


def _run(plan: _Plan[Any, Any], index: int) -> Fold:
    is_test = plan.fold == index
    n_test = len({name for name, out in zip(plan.learner_ids, is_test, strict=True) if out})
    n_all = len(set(plan.learner_ids))
    model = plan.fit(plan.take(plan.data, ~is_test), derive_rng(plan.seed, "fold", str(index)))
    figures = plan.score(model, plan.take(plan.data, is_test))
    return Fold(index, n_all - n_test, n_test, dict(figures))


def _place(learner_id: str) -> bytes:
    return hashlib.blake2b(f"cross-validation {learner_id}".encode(), digest_size=16).digest()
