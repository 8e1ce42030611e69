"""What is a feature? A name, what it means, and one expression that says how it is computed."""

from dataclasses import dataclass
from enum import StrEnum
from math import isinf, isnan, nan

from learnloop.core.errors import InvalidInput
from learnloop.features.language import Expr


class Family(StrEnum):
    """What a feature is about."""

    TEMPORAL = "temporal"
    INTERACTION = "interaction"
    PERFORMANCE = "performance"
    LOAD = "cognitive_load"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class Feature:
    """One number at every moment.

    Attributes:
        unit: `1` for shares and scores, `count`, `s`, `min`, `h`, `day`, `logit`, ...
        low: Least value.
        high: Greatest value; infinity where there is none.
        default: What stands in where it is unknown; NaN where nothing sensible does.
        since: The first version of the feature set that has it.
        value: How it is computed.
    """

    name: str
    family: Family
    unit: str
    low: float
    high: float
    default: float
    meaning: str
    value: Expr
    since: int = 1

    dtype = "float64"
    width = 1

    def __post_init__(self) -> None:
        if not self.value.asked:
            raise InvalidInput(f"{self.name}: it reads what only an event has, not a question")
        if not self.low <= self.high:
            raise InvalidInput(f"{self.name}: range {self.low} to {self.high} is empty")


@dataclass(frozen=True, slots=True)
class Definer:
    """Makes the features of one family; what they share is said once."""

    family: Family

    def __call__(
        self,
        name: str,
        value: Expr,
        meaning: str,
        *,
        unit: str = "1",
        low: float = 0.0,
        high: float = 1.0,
        default: float = nan,
        since: int = 1,
    ) -> Feature:
        """One feature; by default a share in [0, 1] without a default of its own."""
        return Feature(name, self.family, unit, low, high, default, meaning, value, since)


def range_text(low: float, high: float) -> str:
    """A range, as people read it."""
    if isinf(low):
        return "any" if isinf(high) else f"at most {high:g}"
    return f"{low:g} or more" if isinf(high) else f"{low:g} to {high:g}"


def default_text(default: float) -> str:
    """A default, as people read it."""
    return "unknown" if isnan(default) else f"{default:.3g}"
