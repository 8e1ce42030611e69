"""`/api/ml/jobs`: work for later, and how far it is."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from learnloop.api.body import StrictRoute
from learnloop.api.callers import MayRun
from learnloop.api.cursors import DEFAULT_LIMIT, Cursor, Limit, cursor_at, place_of
from learnloop.api.idempotency import Once
from learnloop.api.schemas.fields import Id
from learnloop.api.schemas.jobs import JobIn, JobOut, JobsOut, job_out
from learnloop.api.services import services_of
from learnloop.api.work import WITH_BODY, IdempotencyKey, encoded, problems
from learnloop.core.errors import NotFound
from learnloop.core.ids import JobId
from learnloop.core.jobs import Job, JobStatus
from learnloop.core.protocols import Transaction
from learnloop.journeys import jobs
from learnloop.journeys.live import Live

router = APIRouter(prefix="/api/ml/jobs", tags=["back end"], route_class=StrictRoute)

_LOCATION = {"Location": {"schema": {"type": "string"}, "description": "Where its status is."}}


@router.post(
    "",
    status_code=202,
    response_model=JobOut,
    responses={202: {"headers": _LOCATION}, **problems(*WITH_BODY)},
)
async def enqueue(
    key: MayRun, request: Request, wanted: JobIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """Enqueue a job; a worker (`learnloop worker`) does it, and `Location` says how far it is."""
    once = None
    if idempotency_key is not None:
        body = await request.body()
        once = Once.of(key, request.method, request.url.path, idempotency_key, body)

    def work(live: Live, tx: Transaction) -> bytes:
        now = live.clock.now()

        def reply() -> bytes:
            return encoded(job_out(jobs.enqueue(tx, now, wanted.kind, wanted.payload)))

        return once.do(tx, now, reply) if once else reply()

    done = await services_of(request).writer.run(work)
    where = f"{router.prefix}/{JobOut.model_validate_json(done).job_id}"
    return Response(done, 202, {"Location": where}, "application/json")


@router.get("", response_model=JobsOut, responses=problems(404, 422))
async def list_jobs(
    key: MayRun,
    request: Request,
    status: Annotated[JobStatus | None, Query(description="Only jobs that stand there.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> JobsOut:
    """The jobs, newest first."""

    def work(tx: Transaction) -> JobsOut:
        after = None if cursor is None else _place(tx, cursor)
        found = tx.jobs.page(limit + 1, after=after, status=status)
        more = cursor_at(found[limit - 1].job_id) if len(found) > limit else None
        return JobsOut(jobs=[job_out(job) for job in found[:limit]], next_cursor=more)

    return await services_of(request).reader.run(work)


@router.get("/{jobId}", response_model=JobOut, responses=problems(404, 422))
async def get_job(
    key: MayRun, request: Request, job_id: Annotated[Id, Path(alias="jobId")]
) -> JobOut:
    """One job: how far it is, and what came of it."""
    return await services_of(request).reader.run(lambda tx: job_out(jobs.job_of(tx, JobId(job_id))))


def _place(tx: Transaction, cursor: str) -> Job:
    job = tx.jobs.get(JobId(place_of(cursor)))
    if job is None:
        raise NotFound("cursor: its place is gone; start without a cursor", field="cursor")
    return job
