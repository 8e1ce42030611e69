"""How does a network learn? The one loop: epochs, validation, stopping, checkpoints.

    result = ModelTrainer(TrainerConfig(seed=7)).fit(build, binary(), train, validation)

`build` makes the network and is called after the seed is set, so that the first weights follow from
it. The network is called with the columns that its `forward` names. A run with `checkpoints` that
was killed goes on where it was, and ends with the weights that it would have had: the order of the
batches and the learning rate follow from the settings and the place in training; all else (weights,
the optimizer's moments, dropout's state of chance, sums and history) is in the checkpoint:

    model/<name>   best/<name>   optimizer/<parameter>/<name>   rng/cpu   rng/cuda
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from learnloop.core.arrays import Arrays
from learnloop.core.errors import ArtifactError, TrainingDiverged
from learnloop.core.random import derive_rng
from learnloop.core.types import Ints
from learnloop.models.train import balance, schedule, weights
from learnloop.models.train.bar import Advance, bar
from learnloop.models.train.batches import Dataset, fingerprint, shuffled
from learnloop.models.train.checkpoint import Checkpoint, Checkpoints
from learnloop.models.train.config import TrainerConfig
from learnloop.models.train.hardware import chosen_device, settled
from learnloop.models.train.network import Network
from learnloop.models.train.tasks import Task
from learnloop.models.train.validation import validate

Draw = Callable[[np.random.Generator], Dataset]
"""Draws the data of an epoch, e.g. with new negatives."""

Report = Callable[[int, Mapping[str, float]], bool]
"""(epoch, its figures) -> True to stop here, e.g. a trial that is not worth going on with."""


class Tracker(Protocol):
    """Writes down how a run goes. An epoch may come again, with the same figures, after a kill."""

    def on_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Epoch (0-based) is over, with these figures."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TrainingResult:
    """What came of a run.

    Attributes:
        module: With the best weights, on the CPU, in eval mode.
        weights: The best weights, by torch's names.
        digest: SHA-256 of them.
        history: The figures of each epoch: `train_loss`, `learning_rate` (of its last batch); with
            validation data `loss` and the task's metrics.
        best_epoch: 0-based; the last one where there was no validation.
        stopped: `epochs` (all were run), `patience`, or `asked`.
    """

    module: nn.Module
    weights: Arrays
    digest: str
    history: tuple[Mapping[str, float], ...]
    best_epoch: int
    stopped: str


class ModelTrainer:
    """Trains networks.

    Args:
        config: Everything that can be set.

    Stability: experimental.
    """

    def __init__(self, config: TrainerConfig) -> None:
        self.config = config

    def fit(
        self,
        build: Callable[[], nn.Module],
        task: Task,
        train: Dataset | Draw,
        validation: Dataset | None = None,
        *,
        checkpoints: Checkpoints | None = None,
        report: Report | None = None,
        tracker: Tracker | None = None,
    ) -> TrainingResult:
        """Train a network.

        Args:
            build: Makes it, with its first weights.
            task: Loss and metrics.
            train: Rows to learn from, or what draws them for each epoch.
            validation: Rows that say which epoch was the best, and when to stop. Without them the
                last weights are taken, after all epochs.
            checkpoints: Where to go on from, and where to keep what is needed to go on.
            report: Told of every epoch; may ask to stop.
            tracker: Told of every epoch.

        Raises:
            DataError: A column is missing or doesn't fit.
            TrainingDiverged: The loss or the gradient is NaN or infinite. The last checkpoint is
                from before.
            ArtifactError: The checkpoints are those of another run.
        """
        device = chosen_device(self.config)
        with settled(self.config, device), bar(self.config.epochs) as advance:
            network = Network(self.config, build(), task, device)
            run = _Run(self.config, network, task, train, validation, checkpoints)
            while not run.at.stopped:
                run.train_epoch(advance)
                epoch, figures = run.at.epoch - 1, run.at.history[-1]
                if tracker is not None:
                    tracker.on_epoch(epoch, figures)
                run.end_epoch(asked=report is not None and report(epoch, figures))
            return run.result()


@dataclass(slots=True)
class _Place:
    """How far a run is; plain JSON values."""

    epoch: int = 0
    batch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    count_sum: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    stopped: str = ""

    @property
    def train_loss(self) -> float:
        return self.loss_sum / self.count_sum if self.count_sum else math.nan


class _Run:
    """One run: the network, and how far it is."""

    def __init__(
        self,
        config: TrainerConfig,
        network: Network,
        task: Task,
        train: Dataset | Draw,
        validation: Dataset | None,
        checkpoints: Checkpoints | None,
    ) -> None:
        self._config, self._network, self._task = config, network, task
        self._train, self._validation, self._checkpoints = train, validation, checkpoints
        self._best: Arrays = {}
        self.at = _Place()
        if checkpoints is not None:
            self._identity = self._who()
            last = checkpoints.latest()
            if last is not None:
                self._resume(last)

    def train_epoch(self, advance: Advance) -> None:
        """The rest of the current epoch, and what validation says of it."""
        at, config, network = self.at, self._config, self._network
        data, batches = self._drawn()
        class_weight, monitored = self._class_weight(data), self._monitored()
        network.module.train()
        try:
            for rows in batches[at.batch :]:
                if at.batch:
                    self._save_if_due()
                rate = schedule.rate(config, at.epoch, at.batch, len(batches), monitored)
                added, counted = network.learn(network.batch(data, rows), rate, class_weight)
                at.loss_sum, at.count_sum = at.loss_sum + added, at.count_sum + counted
                at.batch, at.step = at.batch + 1, at.step + 1
                advance(at.epoch + at.batch / len(batches), at.train_loss)
            figures = {"train_loss": at.train_loss, "learning_rate": rate}
            if self._validation is not None:
                figures |= validate(network, self._task, self._validation, config.batch_size)
        except TrainingDiverged as error:
            raise TrainingDiverged(
                f"epoch {at.epoch}, batch {at.batch} (both from 0): {error.message}; lower the "
                "learning rate, or look for such values in the data"
            ) from None
        at.history.append(figures)
        at.epoch, at.batch, at.loss_sum, at.count_sum = at.epoch + 1, 0, 0.0, 0.0
        if self._best_epoch == at.epoch - 1:
            self._best = network.weights()

    def end_epoch(self, *, asked: bool) -> None:
        """Is it over? Keep a checkpoint if it is, or if it is time for one."""
        config, judged = self._config, self._validation is not None
        if asked:
            self.at.stopped = "asked"
        elif judged and schedule.exhausted(self._monitored(), config.patience, config.min_delta):
            self.at.stopped = "patience"
        elif self.at.epoch == config.epochs:
            self.at.stopped = "epochs"
        self._save_if_due()

    def result(self) -> TrainingResult:
        """The best weights, and how they came about."""
        self._network.load(self._best)
        return TrainingResult(
            module=self._network.module.cpu().eval(),
            weights=self._best,
            digest=weights.digest(self._best),
            history=tuple(self.at.history),
            best_epoch=self._best_epoch,
            stopped=self.at.stopped,
        )

    def _drawn(self) -> tuple[Dataset, list[Ints]]:
        """The data of this epoch, and the rows of its batches."""
        config, epoch, data = self._config, str(self.at.epoch), self._train
        if callable(data):
            data = data(derive_rng(config.seed, "data", epoch))
        sampled = config.balance == "sampler"
        chances = balance.row_chances(data, self._task.n_classes) if sampled else None
        rng = derive_rng(config.seed, "batches", epoch)
        return data, shuffled(data, config.batch_size, rng, chances)

    def _class_weight(self, data: Dataset) -> Tensor | None:
        if self._config.balance != "weights":
            return None
        by_class = balance.class_weights(data, self._task.n_classes)
        return torch.tensor(by_class, dtype=torch.float32, device=self._network.device)

    def _monitored(self) -> list[float]:
        """What is to become lower, of each epoch."""
        if self._validation is None:
            return [figures["train_loss"] for figures in self.at.history]
        sign = -1.0 if self._task.maximise else 1.0
        return [sign * figures[self._task.monitor] for figures in self.at.history]

    @property
    def _best_epoch(self) -> int:
        """The last one where nothing says which was better."""
        last = len(self.at.history) - 1
        if self._validation is None:
            return last
        best = schedule.best_of(self._monitored(), self._config.min_delta)
        return last if best is None else best

    # --- to go on after a kill --------------------------------------------------------------------

    def _save_if_due(self) -> None:
        kept = self._checkpoints
        if kept is None or not (kept.due or self.at.stopped):
            return
        network = self._network
        parts = {"model": network.weights(), "best": self._best, "optimizer": network.moments()}
        arrays = {f"{part}/{k}": array for part, own in parts.items() for k, array in own.items()}
        arrays["rng/cpu"] = torch.get_rng_state().numpy()
        if network.device.type == "cuda":
            arrays["rng/cuda"] = torch.cuda.get_rng_state(network.device).numpy()
        kept.save(self.at.step, Checkpoint(arrays, {"run": self._identity, "at": asdict(self.at)}))

    def _resume(self, checkpoint: Checkpoint) -> None:
        other = checkpoint.about["run"]
        changed = sorted(k for k, own in self._identity.items() if own != other.get(k))
        if changed:
            raise ArtifactError(
                f"the checkpoints are those of another run (other: {', '.join(changed)}); use "
                "another folder, or delete them"
            )
        network = self._network
        network.load(checkpoint.part("model"))
        network.load_moments(checkpoint.part("optimizer"))
        self._best = checkpoint.part("best")
        self.at = _Place(**checkpoint.about["at"])
        torch.set_rng_state(torch.from_numpy(checkpoint.arrays["rng/cpu"]))
        if network.device.type == "cuda":
            torch.cuda.set_rng_state(
                torch.from_numpy(checkpoint.arrays["rng/cuda"]), network.device
            )

    def _who(self) -> dict[str, Any]:
        """Whose checkpoints they are. Of data that are drawn, nothing is known beforehand."""
        train, validation = self._train, self._validation
        return {
            **self._config.model_dump(),
            "task": self._task.name,
            "first weights": weights.digest(self._network.weights()),
            "torch": torch.__version__,
            "hardware": self._network.device.type,
            "training data": "drawn" if callable(train) else fingerprint(train),
            "validation data": None if validation is None else fingerprint(validation),
        }
