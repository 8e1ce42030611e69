"""How good is a network on rows it does not learn from? The loss, and the metrics of the task."""

import math

import numpy as np
import torch

from learnloop.core.errors import DataError, TrainingDiverged
from learnloop.models.train.batches import Array, Dataset, in_order
from learnloop.models.train.network import Network
from learnloop.models.train.tasks import Task


@torch.no_grad()
def validate(network: Network, task: Task, data: Dataset, batch_size: int) -> dict[str, float]:
    """`loss`, the mean over all that counts, and the task's metrics of it.

    Raises:
        TrainingDiverged: The loss is NaN or infinite.
        DataError: What the task is to monitor is not among the figures.
    """
    network.module.eval()
    parts, total, count = [], 0.0, 0.0
    for n_batches, rows in enumerate(in_order(data, batch_size)):
        seen, added, counted = _observed(network, task, data, rows)
        seen["row"] += n_batches * batch_size
        parts.append(seen)
        total, count = total + added, count + counted
    if not math.isfinite(total):
        raise TrainingDiverged(f"the loss of validation is {total}")
    flat = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    found = {"loss": total / count if count else math.nan, **task.measure(flat)}
    if task.monitor not in found:
        raise DataError(f"can't monitor {task.monitor!r}; there is {', '.join(found)}")
    return found


def _observed(
    network: Network, task: Task, data: Dataset, rows: Array
) -> tuple[dict[str, Array], float, float]:
    """What the metrics need of one batch, flat, where it counts; sum(count * loss), sum(count)."""
    batch = network.batch(data, rows)
    output, values, counts = network.losses(batch)
    row = torch.arange(len(rows)).view(-1, *[1] * (values.ndim - 1)).expand(values.shape)
    kept = (counts > 0).cpu()
    seen = {"loss": values, "row": row, **task.observe(output, batch)}
    flat = {name: value.cpu()[kept].numpy() for name, value in seen.items()}
    return flat, (values * counts).sum().item(), counts.sum().item()
