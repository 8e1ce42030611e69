"""Which alerts are up, and how are they written down?"""

from typing import Final

from learnloop.core.jobs import Json
from learnloop.core.protocols import Transaction
from learnloop.core.watch import Alert, Change

ALERT_JOB: Final = "alert"
MANY: Final = 10_000


def up(tx: Transaction) -> list[Alert]:
    """The alerts that were raised and have not cleared, newest first."""
    ids = {w.state.alert_id for w in tx.watch.watched()} - {None}
    every = tx.watch.alerts(MANY)
    return [a for a in every if a.alert_id in ids and a.change is Change.RAISED]


def plain(alert: Alert) -> Json:
    """An alert as JSON has it."""
    return {
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "subject": alert.subject,
        "severity": alert.severity.value,
        "change": alert.change.value,
        "at": alert.at.isoformat(),
        "value": alert.value,
        "bound": alert.bound,
    }
