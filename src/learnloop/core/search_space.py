"""What may a search for better settings try? A model says so beside its Config, as data.

    SPACE: Space = {
        "learning_rate": Float(1e-4, 1e-2, log=True),
        "n_hidden": Int(16, 256, log=True),
        "cell": Choice(("gru", "lstm")),
    }

`training.tune` draws from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Value = float | int | str | bool


@dataclass(frozen=True, slots=True)
class Float:
    """A number from `low` to `high`, both included; with `log`, drawn evenly in its logarithm."""

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.low, self.high, self.log)


@dataclass(frozen=True, slots=True)
class Int:
    """A whole number from `low` to `high`, both included; with `log`, evenly in its logarithm."""

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.low, self.high, self.log)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the options; no order among them is assumed."""

    options: tuple[Value, ...]

    def __post_init__(self) -> None:
        if len(set(self.options)) != len(self.options) or not self.options:
            raise ValueError(f"options {self.options}: give at least one, each once")


Space = Mapping[str, Float | Int | Choice]


def _check_range(low: float, high: float, log: bool) -> None:
    if not low <= high:
        raise ValueError(f"a range from {low} to {high} is empty")
    if log and low <= 0:
        raise ValueError(f"a logarithmic range starts above 0, not at {low}")
