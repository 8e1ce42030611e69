"""How large is the learning rate now, and is it time to stop? Functions of what is known so far.

Nothing here has a state, so nothing has to be kept in a checkpoint: the rate follows from the
settings, the place in training and the values that validation gave.

    rate = learning_rate * warm-up * schedule
    warm-up = min(1, t / warmup_epochs)                              t at the end of the batch
    cosine  = (1 + cos(pi * (t - warmup) / (epochs - warmup))) / 2   t at its start
    plateau = plateau_factor ^ (number of plateaus so far)

with t the time in epochs.

Reference: Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with warm restarts".
"""

import math
from collections.abc import Sequence

from learnloop.models.train.config import TrainerConfig


def rate(
    config: TrainerConfig, epoch: int, batch: int, n_batches: int, values: Sequence[float]
) -> float:
    """The learning rate of one batch.

    Args:
        config: The settings.
        epoch: 0-based.
        batch: 0-based, in the epoch.
        n_batches: Of the epoch.
        values: What was monitored in the epochs before, lower is better.
    """
    start, end = epoch + batch / n_batches, epoch + (batch + 1) / n_batches
    warm = min(1.0, end / config.warmup_epochs) if config.warmup_epochs else 1.0
    return config.learning_rate * warm * _factor(config, start, values)


def _factor(config: TrainerConfig, start: float, values: Sequence[float]) -> float:
    if config.schedule == "plateau":
        return config.plateau_factor ** n_plateaus(
            values, config.plateau_patience, config.min_delta
        )
    falling = config.epochs - config.warmup_epochs
    if config.schedule == "constant" or falling <= 0:
        return 1.0
    part = max(0.0, (start - config.warmup_epochs) / falling)
    return (1.0 + math.cos(math.pi * part)) / 2.0


def n_plateaus(values: Sequence[float], patience: int, min_delta: float) -> int:
    """How often `patience` epochs in a row brought nothing better; each counts for one plateau."""
    best, waited, found = math.inf, 0, 0
    for value in values:
        if value < best - min_delta:
            best, waited = value, 0
        else:
            waited += 1
        if waited == patience:
            waited, found = 0, found + 1
    return found


def best_of(values: Sequence[float], min_delta: float) -> int | None:
    """The epoch that counts as the best, None where no value can be said.

    A later epoch replaces it when it is lower by more than `min_delta`; NaN never is.
    """
    best, at = math.inf, None
    for epoch, value in enumerate(values):
        if value < best - min_delta or (at is None and value < math.inf):
            best, at = value, epoch
    return at


def exhausted(values: Sequence[float], patience: int | None, min_delta: float) -> bool:
    """Whether the last `patience` epochs brought nothing better than the best one before."""
    if patience is None:
        return False
    best = best_of(values, min_delta)
    return len(values) - 1 - (-1 if best is None else best) >= patience
