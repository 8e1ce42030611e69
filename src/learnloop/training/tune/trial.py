"""What does an objective get, and how does it say how it is doing?

def objective(data, trial):
    model = Model(Config(**trial.params))
    for epoch in range(1, 31):
        trial.report(epoch, one_epoch(model, data, trial.rng))   # may raise Pruned
    return loss(model, data)
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from learnloop.core.random import derive_rng
from learnloop.core.search_space import Value
from learnloop.training.tune.pruning import Pruning, Reports


class Pruned(Exception):
    """This trial is not worth going on with; an objective lets it through."""


@dataclass(slots=True)
class Trial:
    """One setting to try.

    Attributes:
        params: A value for each field of the space.
        rng: Of this trial alone: derived from the search's seed and the number.
        reports: What was reported so far, by step.
    """

    number: int
    params: Mapping[str, Value]
    seed: int
    maximize: bool = False
    pruning: Pruning | None = None
    limits: Reports = field(default_factory=dict)
    reports: dict[int, float] = field(default_factory=dict)

    @property
    def rng(self) -> np.random.Generator:
        return derive_rng(self.seed, "trial", str(self.number))

    def report(self, step: int, value: float) -> None:
        """Say how it is going, e.g. the validation loss after each epoch.

        Raises:
            Pruned: Others were clearly better at this step.
        """
        self.reports[step] = value
        if self.pruning is None or step not in self.limits:
            return
        sign = -1.0 if self.maximize else 1.0
        stands = self.pruning.stands({s: sign * v for s, v in self.reports.items()})
        if math.isnan(stands) or stands > self.limits[step]:
            raise Pruned(f"trial {self.number}: {value} at step {step}")

    def watch(self, figure: str) -> Callable[[int, Mapping[str, float]], bool]:
        """What reports one figure of every epoch, in the form that a trainer asks for."""

        def report(epoch: int, figures: Mapping[str, float]) -> bool:
            self.report(epoch, figures[figure])
            return False

        return report
