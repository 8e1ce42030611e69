"""Is every learner held out once, and are the figures the same wherever the folds run?"""

import numpy as np
import polars as pl
import pytest
from tests.unit.training import far_away

from learnloop.core.answers import AnswerLog
from learnloop.core.errors import DataError
from learnloop.training.cross_validate import cross_validate, folds_of
from learnloop.training.executor import Executor, LocalExecutor, TaskFailed

IDS = [f"learner {i}" for i in range(23)]


def table(n: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(n, 2))
    y = x @ [1.0, -2.0] + rng.normal(size=n)
    learner = [IDS[i] for i in rng.integers(len(IDS), size=n)]
    return pl.DataFrame({"learner_id": learner, "a": x[:, 0], "b": x[:, 1], "y": y})


def figures(executor: Executor | None = None, frame: pl.DataFrame | None = None) -> list[float]:
    frame = table() if frame is None else frame
    found = cross_validate(
        frame,
        frame["learner_id"].to_list(),
        pl.DataFrame.filter,
        far_away.fit_ridge,
        far_away.squared_error,
        seed=1,
        executor=executor,
    )
    return [*found.values("mse"), *found.values("n")]


def test_every_learner_is_held_out_once_in_folds_of_one_size() -> None:
    folds = folds_of(IDS, 5)
    assert sorted(np.bincount(folds)) == [4, 4, 5, 5, 5]


def test_folds_know_neither_the_order_nor_the_number_of_rows() -> None:
    folds = dict(zip(IDS, folds_of(IDS, 5), strict=True))
    other = [*IDS[::-1], *IDS]
    assert dict(zip(other, folds_of(other, 5), strict=True)) == folds


def test_more_folds_than_learners_are_refused() -> None:
    with pytest.raises(DataError, match="3 learners can't be dealt into 5 folds"):
        folds_of(["a", "b", "c", "a"], 5)


def test_mean_and_spread_are_those_of_the_folds() -> None:
    frame = table()
    found = cross_validate(
        frame,
        frame["learner_id"].to_list(),
        pl.DataFrame.filter,
        far_away.fit_ridge,
        far_away.squared_error,
        seed=1,
    )
    mse = found.values("mse")
    assert found.mean("mse") == pytest.approx(np.mean(mse))
    assert found.spread("mse") == pytest.approx(np.std(mse, ddof=1))
    assert sum(found.values("n")) == frame.height
    assert {fold.n_train_learners + fold.n_test_learners for fold in found.folds} == {23}
    assert found.table().columns == ["fold", "n_train_learners", "n_test_learners", "mse", "n"]
    assert found.as_json()["mse"] == {
        "mean": found.mean("mse"),
        "spread": found.spread("mse"),
        "folds": list(mse),
    }
    assert 0.8 < found.mean("mse") < 1.3


def test_a_log_of_answers_is_taken_by_learner() -> None:
    log = AnswerLog.ordered(
        learner_ids=("a", "b", "c", "d"),
        item_ids=("i",),
        skill_ids=(),
        learner=np.array([0, 1, 1, 2, 3, 3]),
        item=np.zeros(6, np.int64),
        correct=np.array([1, 0, 1, 1, 0, 0], np.int8),
        occurred_us=None,
        skill_starts=np.array([0, 0]),
        skill_of=np.array([], np.int64),
    )
    found = cross_validate(
        log,
        log.learner_ids,
        AnswerLog.take_learners,
        far_away.skill_means,
        far_away.brier,
        seed=0,
        n_folds=4,
    )
    assert len(found.values("brier")) == 4


def test_a_fold_that_fails_is_named() -> None:
    frame = table().with_columns(y=pl.lit("no number"))
    with pytest.raises(TaskFailed, match="fold 0 of 5: "):
        figures(frame=frame)


def test_processes_give_the_same_figures() -> None:
    with LocalExecutor(2) as executor:
        assert figures(executor) == figures()
