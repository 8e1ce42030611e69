"""`GET /api/ml/alerts`: what somebody should know about the models in service."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from learnloop.api.body import StrictRoute
from learnloop.api.callers import MayRun
from learnloop.api.cursors import DEFAULT_LIMIT, Cursor, Limit, page
from learnloop.api.schemas.ml import AlertsOut, alert_out
from learnloop.api.services import services_of
from learnloop.api.work import problems
from learnloop.core.protocols import Transaction
from learnloop.core.watch import Alert
from learnloop.journeys.live import Live
from learnloop.journeys.monitor.alerts import MANY, up

router = APIRouter(prefix="/api/ml", tags=["back end"], route_class=StrictRoute)


@router.get("/alerts", response_model=AlertsOut, responses=problems(404, 422))
async def alerts(
    key: MayRun,
    request: Request,
    history: Annotated[
        bool, Query(description="All there ever were, not only what is up.")
    ] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> AlertsOut:
    """Alerts that were raised and have not cleared, newest first."""

    def work(_: Live, tx: Transaction) -> AlertsOut:
        every = tx.watch.alerts(MANY) if history else up(tx)
        found, following = page(every, _name, limit, cursor)
        return AlertsOut(alerts=[alert_out(one) for one in found], next_cursor=following)

    return await services_of(request).read(work)


def _name(alert: Alert) -> str:
    return f"{alert.alert_id} {alert.change.value}"
