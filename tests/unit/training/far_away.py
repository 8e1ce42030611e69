"""Functions that workers import by name, in other processes."""

import os
import signal
from pathlib import Path

import numpy as np
import polars as pl

from learnloop.core.answers import AnswerLog
from learnloop.core.arrays import Arrays
from learnloop.core.artifact import Artifact, TensorSpec
from learnloop.core.errors import DataError
from learnloop.core.random import derive_rng
from learnloop.core.types import Floats
from learnloop.training.tune import Trial


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


# --- search -------------------------------------------------------------------------------------

BEST_RATE = 0.03


def bowl(shared: None, trial: Trial) -> float:
    """Least at rate 0.03, width 20, cell "gru"."""
    p = trial.params
    rate = np.log(p["rate"] / BEST_RATE) ** 2
    return float(rate + ((p["width"] - 20) / 30) ** 2 + (p["cell"] != "gru"))


def learn_slowly(shared: None, trial: Trial) -> float:
    """Ten epochs towards a loss that the rate decides; every epoch is reported."""
    end = abs(np.log(trial.params["rate"] / BEST_RATE))
    loss, report = 10.0, trial.watch("loss")
    for epoch in range(1, 11):
        loss = end + (loss - end) * 0.5
        assert not report(epoch, {"loss": loss})
    return loss


def climb(shared: None, trial: Trial) -> float:
    """The same upside down, for searches that maximize."""
    below = Trial(trial.number, trial.params, trial.seed)
    learn_slowly(shared, below)
    for epoch, loss in below.reports.items():
        trial.report(epoch, -loss)
    return -loss


def noise(shared: None, trial: Trial) -> float:
    return float(trial.rng.random())


def diverge(shared: None, trial: Trial) -> float:
    return float("nan") if trial.number == 1 else bowl(shared, trial)


def stumble(shared: str, trial: Trial) -> float:
    """Raises at trial 7 until the file is there."""
    if trial.number == 7 and not Path(shared).exists():
        raise DataError("no answers in this part")
    return bowl(None, trial)


def be_killed(shared: str, trial: Trial) -> float:
    """Kills its process at trial 7."""
    if trial.number == 7 and not Path(shared).exists():
        Path(shared).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return learn_slowly(None, trial)


# --- batch scoring ------------------------------------------------------------------------------


class Linear:
    """A predictor without ONNX: P = 1 / (1 + exp(-x w)), and the pair (P, 1 - P)."""

    n_loaded = 0

    def __init__(self, artifact: Artifact) -> None:
        type(self).n_loaded += 1
        self.ref = artifact.ref
        self.weights = np.frombuffer(artifact.file("weights"))
        self.inputs = (TensorSpec("x", "float64", (None, len(self.weights))),)
        self.outputs = (
            TensorSpec("p", "float64", (None, 1)),
            TensorSpec("both", "float64", (None, 2)),
            TensorSpec("n_loaded", "int64", (None,)),
        )

    def predict(self, inputs: Arrays) -> Arrays:
        p = 1 / (1 + np.exp(-(inputs["x"] @ self.weights)))[:, None]
        n = np.full(len(p), self.n_loaded)
        return {"p": p, "both": np.hstack([p, 1 - p]), "n_loaded": n}


def train_network(rows: tuple[Floats, Floats], seed: int) -> str:
    """A small network by the one loop; the digest of its weights."""
    import torch

    from learnloop.models.train.config import TrainerConfig
    from learnloop.models.train.loop import ModelTrainer
    from learnloop.models.train.tasks import binary

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(8, 1)
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            logit: torch.Tensor = self.layers(x)
            return logit.squeeze(1)

    x, y = rows
    data = {"x": x.astype(np.float32), "target": y.astype(np.float32)}
    config = TrainerConfig(seed=seed, epochs=3)
    return ModelTrainer(config).fit(Net, binary(), data, data).digest
