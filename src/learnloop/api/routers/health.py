"""`/health/live` and `/health/ready`: is the process alive, and can it do work?"""

from fastapi import APIRouter, Request

from learnloop.api.schemas.ml import HealthOut
from learnloop.api.services import services_of
from learnloop.api.work import problems
from learnloop.core.protocols import Transaction
from learnloop.journeys.live import Live

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", response_model=HealthOut)
async def live() -> HealthOut:
    """The process answers; it says nothing about the database."""
    return HealthOut(status="alive")


@router.get("/ready", response_model=HealthOut, responses={503: problems()[503]})
async def ready(request: Request) -> HealthOut:
    """The database can be read and a model is live; 503 where not."""
    return await services_of(request).read(_check)


def _check(live: Live, tx: Transaction) -> HealthOut:
    tx.catalog.version()
    return HealthOut(status="ready")
