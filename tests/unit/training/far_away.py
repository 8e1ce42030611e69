"""Functions that workers import by name, in other processes."""

import os
import signal
from pathlib import Path

import numpy as np
import polars as pl

from learnloop.core.answers import AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.random import derive_rng
from learnloop.core.types import Floats


def product_sum(matrix: Floats, name: str) -> float:
    """A figure whose last bits would show another order, another thread count, another stream."""
    rng = derive_rng(7, "far", name)
    return float(np.exp(matrix @ rng.normal(size=matrix.shape[1])).sum())


def refuse_two(shared: None, task: int) -> int:
    if task == 2:
        raise DataError("two is not wanted")
    return task


def raise_what_does_not_travel(shared: None, task: int) -> int:
    class Local(Exception):
        pass

    raise Local("made here")


def die_once(folder: str, task: int) -> int:
    """Task 1 kills its worker the first time."""
    mark = Path(folder) / "died"
    if task == 1 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task * task


def always_die(shared: None, task: int) -> int:
    if task == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def worker(shared: Floats, task: int) -> tuple[int, int]:
    """Who runs the task, and which copy of what is shared they have."""
    return os.getpid(), id(shared)


def threads(shared: None, task: int) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")


# --- cross-validation ---------------------------------------------------------------------------


def fit_ridge(train: pl.DataFrame, rng: np.random.Generator) -> Floats:
    """Weights of a ridge regression on a random half of the rows: chance is part of the fit."""
    rows = train.filter(rng.random(train.height) < 0.5)
    x, y = rows.select("a", "b").to_numpy(), rows["y"].to_numpy()
    return np.linalg.solve(x.T @ x + np.eye(2), x.T @ y)


def squared_error(weights: Floats, test: pl.DataFrame) -> dict[str, float]:
    errors = test["y"].to_numpy() - test.select("a", "b").to_numpy() @ weights
    return {"mse": float(np.mean(errors**2)), "n": float(test.height)}


def skill_means(log: AnswerLog, rng: np.random.Generator) -> float:
    return float(log.correct.mean())


def brier(p: float, log: AnswerLog) -> dict[str, float]:
    return {"brier": float(np.mean((log.correct - p) ** 2))}
