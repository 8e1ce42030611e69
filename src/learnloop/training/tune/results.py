"""What did a search find? The best settings, and every trial."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from learnloop.core.errors import DataError
from learnloop.core.search_space import Value


class Status(StrEnum):
    """How a trial ended."""

    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"  # the value was not finite


@dataclass(frozen=True, slots=True)
class Finished:
    """One trial that is over.

    Attributes:
        value: What the objective returned; None where it did not get there.
        reports: What was reported, by step.
    """

    number: int
    status: Status
    value: float | None
    params: Mapping[str, Value]
    reports: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Tuned:
    """Every trial of a search, in order."""

    trials: tuple[Finished, ...]
    maximize: bool

    @property
    def best(self) -> Finished:
        """The complete trial with the best value, the first of equals.

        Raises:
            DataError: No trial is complete.
        """
        complete = [trial for trial in self.trials if trial.status is Status.COMPLETE]
        if not complete:
            raise DataError(f"none of {len(self.trials)} trials came to an end with a finite value")
        return (max if self.maximize else min)(complete, key=_value)

    def table(self) -> pl.DataFrame:
        """One row for each trial: number, status, value, steps, and its params."""
        return pl.DataFrame(
            [
                {
                    "number": trial.number,
                    "status": trial.status.value,
                    "value": trial.value,
                    "n_steps": len(trial.reports),
                    **trial.params,
                }
                for trial in self.trials
            ],
            infer_schema_length=None,
        )


def _value(trial: Finished) -> float:
    return 0.0 if trial.value is None else trial.value
