"""When is a figure worth a person's time? Rules that raise slowly and clear slowly.

A rule watches one figure, window by window. It raises after `raise_after` of the last `out_of`
windows lay above `upper`, and clears after `clear_after` in a row lay below `lower`; between the
two bounds nothing changes, so a figure that hovers at a bound does not ring twice. After an alert
has cleared the rule is silent for `cool_down` windows. A window without enough data (None, NaN)
counts for nothing but the cool-down. What is bad when it is low is watched by its negative.

The state is plain numbers; who is told is not decided here.
"""

import hashlib
import math
from dataclasses import dataclass, replace
from datetime import datetime

from learnloop.core.errors import InvalidInput
from learnloop.core.watch import Alert, AlertState, Change, Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """When to raise and when to clear.

    Attributes:
        name: Of the figure and the rule, e.g. `ece_rising`; stable.
        upper: A window above it is bad.
        lower: A window below it is good; <= upper.
        raise_after: So many bad windows, >= 1 ...
        out_of: ... among the last so many with data, >= raise_after.
        clear_after: So many good windows in a row, >= 1.
        cool_down: Windows after a clearing in which nothing is raised, >= 0.
        severity: Of its alerts.

    Raises:
        InvalidInput: The bounds or counts contradict each other.
    """

    name: str
    upper: float
    lower: float
    raise_after: int = 2
    out_of: int = 3
    clear_after: int = 3
    cool_down: int = 6
    severity: Severity = Severity.WARNING

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:
            raise InvalidInput("lower must not be above upper", field="lower")
        if not 1 <= self.raise_after <= self.out_of:
            raise InvalidInput("raise_after must be from 1 to out_of", field="raise_after")
        if self.clear_after < 1 or self.cool_down < 0:
            raise InvalidInput("clear_after must be >= 1, cool_down >= 0", field="clear_after")


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure of one window.

    Attributes:
        subject: Whose figure, e.g. a model's ref, or a ref and a feature.
        at: The end of the window.
        value: None is "not enough data yet".
    """

    subject: str
    at: datetime
    value: float | None


def step(rule: Rule, state: AlertState, reading: Reading) -> tuple[AlertState, tuple[Alert, ...]]:
    """Take one window's figure; the alerts are those that it raises or clears."""
    may_raise = state.cooling == 0
    state = replace(state, cooling=max(state.cooling - 1, 0))
    value = reading.value
    if value is None or math.isnan(value):
        return state, ()
    recent = (*state.recent, value > rule.upper)[-rule.out_of :]
    state = replace(state, recent=recent, n_good=state.n_good + 1 if value < rule.lower else 0)
    if state.alert_id is None and may_raise and sum(recent) >= rule.raise_after and recent[-1]:
        alert_id = _id(rule, reading)
        return replace(state, alert_id=alert_id), (
            _alert(alert_id, rule, reading, value, Change.RAISED),
        )
    if state.alert_id is not None and state.n_good >= rule.clear_after:
        cleared = _alert(state.alert_id, rule, reading, value, Change.CLEARED)
        return AlertState(cooling=rule.cool_down), (cleared,)
    return state, ()


def _alert(alert_id: str, rule: Rule, reading: Reading, value: float, change: Change) -> Alert:
    bound = rule.upper if change is Change.RAISED else rule.lower
    return Alert(
        alert_id, rule.name, reading.subject, rule.severity, change, reading.at, value, bound
    )


def _id(rule: Rule, reading: Reading) -> str:
    text = "\x1f".join((rule.name, reading.subject, reading.at.isoformat()))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
