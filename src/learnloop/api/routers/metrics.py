"""`GET /metrics`: what Prometheus reads.

It needs a key with the scope `metrics`, which a service's key has, unless the setting
`LEARNLOOP_METRICS_OPEN` says otherwise: behind a proxy every caller comes from this machine, so
where a request comes from says nothing of who asks. It shows counts and the names of models, and
nothing of any learner.
"""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, SecurityScopes
from starlette.responses import PlainTextResponse, Response

from learnloop.accounts.scopes import Scope
from learnloop.api.body import StrictRoute
from learnloop.api.callers import bearer_scheme, caller
from learnloop.api.exposition import CONTENT_TYPE, text_of
from learnloop.api.meter import Meter
from learnloop.api.services import Services, services_of
from learnloop.api.work import problems
from learnloop.core.errors import LearnloopError
from learnloop.core.jobs import JobStatus
from learnloop.core.protocols import Transaction
from learnloop.journeys.live import Live
from learnloop.journeys.monitor.alerts import up

MANY = 1000
OF_INTEREST = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED)

router = APIRouter(tags=["health"], route_class=StrictRoute)


async def scraper(
    scopes: SecurityScopes,
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer_scheme)],
) -> None:
    """Pass whoever may read the counts."""
    if not services_of(request).engine.settings.metrics_open:
        await caller(scopes, request, credentials)


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses=problems(),
    dependencies=[Security(scraper, scopes=[Scope.METRICS.value])],
)
async def metrics(request: Request) -> Response:
    """The counts of all processes of this server, as text for Prometheus."""
    services = services_of(request)
    telemetry = services.telemetry
    telemetry.look(services)
    counted = telemetry.folder.together(telemetry.meter)
    stored = Meter()  # the same for all processes, so not among what is added up
    await _look(services, stored)
    counted.gauges += stored.counted().gauges
    return Response(text_of(counted), media_type=CONTENT_TYPE)


async def _look(services: Services, stored: Meter) -> None:
    """What the database says."""

    def work(_: Live, tx: Transaction) -> None:
        for status in OF_INTEREST:
            stored.set(("jobs", status.value), len(tx.jobs.page(MANY, status=status)))
        for alias in tx.models.aliases():
            key = ("model_live", alias.slot, alias.role.value, str(alias.ref))
            stored.set(key, alias.share)
        for severity, n in Counter(alert.severity.value for alert in up(tx)).items():
            stored.set(("alerts_up", severity), n)

    try:
        await services.read(work)
    except LearnloopError:
        stored.set(("store_up",), 0)
    else:
        stored.set(("store_up",), 1)
