"""How good would it be, and with which settings? Asked of training learners alone.

The held-out learners have no part in it, so that what is chosen here can still be judged by them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.time import EPOCH
from learnloop.core.types import Bools
from learnloop.metrics import accuracy, auc, brier, ece, log_loss
from learnloop.training.cross_validate import CrossValidation, cross_validate, folds_of
from learnloop.training.dataset import Dataset
from learnloop.training.executor import Executor
from learnloop.training.predict import Predictor
from learnloop.training.train_model.config import Values, config_of, space_of
from learnloop.training.train_model.kinds import Kind, Stamp, kind_of
from learnloop.training.tune import Median, Search, Trial, Tuned, tune

N_PARTS: Final = 5
N_AT_ONCE: Final = 4
"""Trials that are asked for together. It is part of a search, so it does not follow the workers."""
METRICS: Final = {"auc": auc, "log_loss": log_loss, "brier": brier, "accuracy": accuracy,
                  "ece": ece}  # fmt: skip
WATCHED: Final = "loss"


def without_test(data: Dataset) -> Dataset:
    """The training learners alone, a fifth of them held out in place of the test learners.

    Raises:
        DataError: They are fewer than five.
    """
    train, rows = data.train, ~data.is_test[data.log.learner]
    return replace(
        data,
        log=train,
        is_test=folds_of(train.learner_ids, N_PARTS) == 0,
        row_skill=None if data.row_skill is None else data.row_skill[rows],
    )


def validated(
    model: str,
    data: Dataset,
    config: Any,
    *,
    seed: int,
    n_folds: int,
    executor: Executor,
    on_done: Callable[[int], None],
) -> CrossValidation:
    """Cross-validation by learner on the training learners.

    Raises:
        DataError: They are fewer than the folds.
        TaskFailed: A fit raised.
    """
    return cross_validate(
        data.train,
        data.train.learner_ids,
        AnswerLog.take_learners,
        partial(_fit_fold, model, config),
        _figures,
        seed=seed,
        n_folds=n_folds,
        executor=executor,
        on_done=on_done,
    )


def _fit_fold(model: str, config: Any, log: AnswerLog, rng: np.random.Generator) -> Predictor:
    nobody: Bools = np.zeros(len(log.learner_ids), dtype=np.bool_)
    seed = int(rng.integers(2**31))
    kind = kind_of(model, Dataset("fold", log, nobody), seed)
    return kind.predictor(kind.fit(config, Stamp("fold", seed, EPOCH)))


def _figures(predict: Predictor, log: AnswerLog) -> Mapping[str, float]:
    answered = log.correct != STUDY
    correct, p = log.correct[answered].astype(np.int64), predict(log)[answered]
    return {name: float(metric(correct, p)) for name, metric in METRICS.items()}


def searched(
    model: str,
    data: Dataset,
    fixed: Values,
    *,
    seed: int,
    n_trials: int,
    name: str,
    journal: Path | None,
    executor: Executor,
    on_done: Callable[[int], None],
) -> Tuned:
    """Settings that are best, by log loss on a fifth of the training learners.

    Args:
        model: Its name.
        data: Only its training learners are read.
        fixed: What is set, and not tried.
        seed: Of the search, and of every fit.
        n_trials: Those of the journal included.
        name: Of the search in its journal.
        journal: File to go on from.
        executor: Where trials run.
        on_done: Told how many trials are over.

    Raises:
        InvalidInput: Nothing can be tried, or the journal is that of another search.
        DataError: There are fewer than five training learners.
        TaskFailed: A fit raised.
    """
    search = Search(
        name, space_of(model, fixed), n_trials, seed, n_at_once=N_AT_ONCE, pruning=Median()
    )
    inner = without_test(data)
    shared = _Shared(model, kind_of(model, inner, seed), inner.test, fixed, seed)
    return tune(search, _objective, shared, executor=executor, journal=journal, on_done=on_done)


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """What every trial needs."""

    model: str
    kind: Kind
    test: AnswerLog
    fixed: Values
    seed: int


def _objective(shared: _Shared, trial: Trial) -> float:
    config = config_of(shared.model, {**shared.fixed, **trial.params})
    stamp = Stamp(f"trial-{trial.number}", shared.seed, EPOCH)
    artifact = shared.kind.fit(config, stamp, report=trial.watch(WATCHED))
    return _figures(shared.kind.predictor(artifact), shared.test)["log_loss"]
