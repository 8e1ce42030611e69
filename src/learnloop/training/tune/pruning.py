"""When is a trial given up before its end? When it is worse than a limit for the step it is at.

The limits are computed from trials that are over and travel with the task, so a worker far away
decides alone, and what it decides does not depend on who else is running.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

Reports = Mapping[int, float]  # what was reported at each step, e.g. the loss after each epoch


class Pruning(Protocol):
    """A rule that gives the limits."""

    def limits(self, complete: Sequence[Reports], pruned: Sequence[Reports]) -> Reports:
        """The worst value that may still go on, by step; lower values are better.

        Args:
            complete: Of trials that ran to their end.
            pruned: Of those that were given up.
        """
        ...

    def stands(self, reports: Reports) -> float:
        """What is held against the limit of the last step."""
        ...


@dataclass(frozen=True, slots=True)
class Median:
    """Give up what at its best is worse than the median of complete trials at the same step.

    Reference: Golovin et al. (2017), "Google Vizier", section 3.2.1.

    Attributes:
        n_startup: So many trials have to be complete first.
        n_warmup: Steps below this one are never the end.
    """

    n_startup: int = 5
    n_warmup: int = 0

    def limits(self, complete: Sequence[Reports], pruned: Sequence[Reports]) -> Reports:
        if len(complete) < self.n_startup:
            return {}
        found = {}
        for step in sorted({s for reports in complete for s in reports if s >= self.n_warmup}):
            values = np.array([reports[step] for reports in complete if step in reports])
            if not np.isnan(values).all():
                found[step] = float(np.nanmedian(values))
        return found

    def stands(self, reports: Reports) -> float:
        return float(np.fmin.reduce(list(reports.values())))


@dataclass(frozen=True, slots=True)
class Halving:
    """Asynchronous successive halving (ASHA): at steps n_first factor^k the best 1/factor go on.

    Reference: Li et al. (2020), "A System for Massively Parallel Hyperparameter Tuning".
    """

    n_first: int = 1
    factor: int = 3

    def limits(self, complete: Sequence[Reports], pruned: Sequence[Reports]) -> Reports:
        every = [*complete, *pruned]
        last = max((step for reports in every for step in reports), default=0)
        found, rung = {}, self.n_first
        while rung <= last:
            values = [reports[rung] for reports in every if rung in reports]
            values = sorted(v for v in values if not np.isnan(v))
            place = max((len(values) + 1) // self.factor - 1, 0)  # with the one that asks
            if place < len(values):
                found[rung] = values[place]
            rung *= self.factor
        return found

    def stands(self, reports: Reports) -> float:
        return reports[max(reports)]
