"""What does one batch do to a network? Losses, gradients, one step; and all of it as arrays.

loss of a batch = sum(count * loss) / sum(count)
count = weight of the row or place * mask * weight of the class
"""

import inspect
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from learnloop.core.errors import DataError, TrainingDiverged
from learnloop.core.types import Ints
from learnloop.models.train.batches import Array, Dataset, collate
from learnloop.models.train.config import TrainerConfig
from learnloop.models.train.hardware import mixed
from learnloop.models.train.tasks import Batch, Task


class Losses(NamedTuple):
    """What came out for a batch.

    Attributes:
        output: Of the network, fp32.
        values: (B,) or (B, T) losses, 0 where they don't count.
        counts: The same shape: what each of them counts, >= 0.
    """

    output: Tensor
    values: Tensor
    counts: Tensor


class Network:
    """A module on its device, with its optimizer."""

    def __init__(
        self, config: TrainerConfig, module: nn.Module, task: Task, device: torch.device
    ) -> None:
        self.module, self.device = module.to(device), device
        self._config, self._task = config, task
        self._optimizer = _optimizer(config, self.module)
        self._forward = inspect.signature(module.forward).parameters

    def batch(self, data: Dataset, rows: Ints) -> dict[str, Tensor]:
        """Rows of a data set as tensors on the device: fp32, int64 or bool."""
        return {
            name: torch.from_numpy(_plain(array)).to(self.device)
            for name, array in collate(data, rows).items()
        }

    def losses(self, batch: Batch, class_weight: Tensor | None = None) -> Losses:
        """The losses of a batch."""
        with mixed(self._config, self.device):
            output = self.module(**self._inputs(batch))
        output = output.float()
        values = self._task.loss(output, batch)
        counts = torch.ones_like(values)
        if "weight" in batch:
            weight = batch["weight"].float()
            counts = counts * weight.view(*weight.shape, *[1] * (values.ndim - weight.ndim))
        if values.ndim > 1 and self._task.mask in batch:
            counts = counts * batch[self._task.mask]
        if class_weight is not None:
            counts = counts * class_weight[batch["target"].long()]
        return Losses(output, torch.where(counts > 0, values, 0.0), counts)

    def learn(
        self, batch: Batch, learning_rate: float, class_weight: Tensor | None
    ) -> tuple[float, float]:
        """One step; returns sum(count * loss) and sum(count).

        Raises:
            TrainingDiverged: Loss or gradient is NaN or infinite; the weights are as before.
        """
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        self._optimizer.zero_grad()
        _, values, counts = self.losses(batch, class_weight)
        total, count = (values * counts).sum(), counts.sum()
        loss: Tensor = total / count.clamp_min(1e-12)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        limit = self._config.clip_norm or math.inf
        norm = nn.utils.clip_grad_norm_(self.module.parameters(), limit)
        for name, found in (("loss", loss.item()), ("norm of the gradient", norm.item())):
            if not math.isfinite(found):
                raise TrainingDiverged(f"the {name} is {found}")
        self._optimizer.step()
        return total.item(), count.item()

    def weights(self) -> dict[str, Array]:
        """A copy of the weights, by torch's names."""
        return {k: _array(value) for k, value in self.module.state_dict().items()}

    def load(self, weights: Mapping[str, Array]) -> None:
        """Take these weights."""
        self.module.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()})

    def moments(self) -> dict[str, Array]:
        """A copy of what the optimizer remembers: `<parameter>/<name>`."""
        return {
            f"{number}/{name}": _array(value)
            for number, own in self._optimizer.state_dict()["state"].items()
            for name, value in own.items()
            if isinstance(value, Tensor)
        }

    def load_moments(self, moments: Mapping[str, Array]) -> None:
        """Remember these."""
        state: dict[int, dict[str, Tensor]] = {}
        for path, array in moments.items():
            number, _, name = path.partition("/")
            state.setdefault(int(number), {})[name] = torch.from_numpy(array).clone()
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": state, "param_groups": groups})

    def _inputs(self, batch: Batch) -> dict[str, Tensor]:
        """The columns that `forward` names."""
        needed = [k for k, own in self._forward.items() if own.default is own.empty]
        missing = [name for name in needed if name not in batch]
        if missing:
            raise DataError(f"the network takes {', '.join(missing)}; the data has {sorted(batch)}")
        return {name: batch[name] for name in self._forward if name in batch}


def _optimizer(config: TrainerConfig, module: nn.Module) -> torch.optim.Optimizer:
    parameters, decay = module.parameters(), config.weight_decay
    match config.optimizer:
        case "adam":
            return torch.optim.Adam(parameters, config.learning_rate, weight_decay=decay)
        case "adamw":
            return torch.optim.AdamW(parameters, config.learning_rate, weight_decay=decay)
        case "sgd":
            return torch.optim.SGD(parameters, config.learning_rate, 0.9, weight_decay=decay)


def _array(value: Tensor) -> NDArray[Any]:
    return np.array(value.detach().cpu().numpy())


def _plain(array: Array) -> Array:
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    return array if array.dtype == bool else array.astype(np.int64)
