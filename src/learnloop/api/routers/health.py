"""`/health/live` and `/health/ready`: is the process alive, and can it do work?"""

from fastapi import APIRouter, Request

from learnloop.api.schemas.ml import FailedModelOut, HealthOut, ReadyOut
from learnloop.api.services import services_of
from learnloop.api.work import problems
from learnloop.core.protocols import Transaction
from learnloop.journeys.live import Live

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", response_model=HealthOut)
async def live() -> HealthOut:
    """The process answers; it says nothing about the database."""
    return HealthOut(status="alive")


@router.get("/ready", response_model=ReadyOut, responses={503: problems()[503]})
async def ready(request: Request) -> ReadyOut:
    """The database can be read and a model is live; 503 where not.

    Versions that can't be loaded are named; another answers in their place.
    """
    services = services_of(request)
    await services.read(_check)
    failures = services.serving.orchestrator.live.failures
    failed = [
        FailedModelOut(slot=x.slot, role=x.role.value, model=str(x.ref), code=x.code)
        for x in failures
    ]
    return ReadyOut(status="ready", failed_models=failed)


def _check(live: Live, tx: Transaction) -> None:
    tx.catalog.version()
