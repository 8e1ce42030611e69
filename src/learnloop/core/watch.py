"""What was found out about the models in service? Figures by period, alerts, rules' memory."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from learnloop.core.jobs import Json
from learnloop.core.types import Ref


class Severity(StrEnum):
    """How soon somebody should look."""

    WARNING = "warning"
    CRITICAL = "critical"


class Change(StrEnum):
    """What became of an alert."""

    RAISED = "raised"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Alert:
    """Somebody should know.

    Attributes:
        alert_id: The same when it is raised and when it clears, on every machine.
        rule: Name of the rule.
        subject: As in the reading.
        severity: Of the rule.
        change: What became of it.
        at: The end of the window that decided.
        value: The figure of that window.
        bound: Which bound it is beyond.
    """

    alert_id: str
    rule: str
    subject: str
    severity: Severity
    change: Change
    at: datetime
    value: float
    bound: float


@dataclass(frozen=True, slots=True)
class AlertState:
    """What a rule remembers of one subject.

    Attributes:
        recent: Of the last windows with data, oldest first: was it bad?
        n_good: Good windows in a row.
        cooling: Windows until it may raise again.
        alert_id: Of the alert that is up; None if none is.
    """

    recent: tuple[bool, ...] = ()
    n_good: int = 0
    cooling: int = 0
    alert_id: str | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """Where a rule stands with one subject.

    Attributes:
        seen_until: The end of the last window that it took in; each is taken in once.
    """

    rule: str
    subject: str
    seen_until: datetime
    state: AlertState


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """How one model did in one slot and period.

    Attributes:
        start: The period begins here ...
        end: ... and ends before this instant.
        figures: As plain JSON values; what could not be said is left out.
    """

    slot: str
    ref: Ref
    start: datetime
    end: datetime
    figures: Json
