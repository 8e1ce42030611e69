"""What becomes of a look at the models? Stored figures, alerts, and somebody who is told.

The figures, where the rules stand, the new alerts and the jobs that tell them are one transaction.
A period is taken in once, so looking again, on whichever machine, raises nothing twice.
"""

from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from learnloop.core.ids import JobId, rising_id
from learnloop.core.jobs import Job
from learnloop.core.protocols import Transaction
from learnloop.core.watch import Alert, Change
from learnloop.journeys.monitor.alerts import ALERT_JOB, plain
from learnloop.journeys.monitor.report import Report, figures_of, look
from learnloop.journeys.monitor.rules import judge

if TYPE_CHECKING:
    from learnloop.journeys.engine import PersonalizationEngine


_log = structlog.get_logger("learnloop.monitor")


def watch(
    engine: "PersonalizationEngine", *, days: int = 28, period: int = 1, explained: bool = True
) -> list[Alert]:
    """Look at the models in service, store what is found, and tell what is new.

    Args:
        days: How far back.
        period: Days of a period.
        explained: Say which features moved the answers; see `report.look`.
    """
    with engine.store.begin(write=False) as tx:
        report = look(engine.live(tx), tx, days=days, period=period, explained=explained)
    with engine.store.begin() as tx:
        alerts = take_in(tx, report, tell=engine.settings.alert_webhook is not None)
    for alert in alerts:
        tell = _log.warning if alert.change is Change.RAISED else _log.info
        tell(f"alert_{alert.change.value}", **plain(alert))
    return alerts


def take_in(tx: Transaction, report: Report, *, tell: bool) -> list[Alert]:
    """Store what a report says of periods that are over; the alerts that are new.

    Args:
        tell: Enqueue a job for each alert that posts it to the webhook.
    """
    tx.watch.put_figures([figures_of(one) for one in report.periods if one.is_over])
    before = {(w.rule, w.subject): w for w in tx.watch.watched()}
    judged = judge(report, before)
    for watched in judged.watched:
        tx.watch.put_watched(watched)
    is_new = tx.watch.append(judged.alerts)
    found = [alert for alert, new in zip(judged.alerts, is_new, strict=True) if new]
    if tell:
        for alert in found:
            tx.jobs.enqueue(_telling(alert, report.at))
    return found


def _telling(alert: Alert, now: datetime) -> Job:
    key = f"alert {alert.alert_id} {alert.change.value}"
    return Job(JobId(rising_id()), ALERT_JOB, {"alert": plain(alert)}, now, now, key=key)
