"""Where are the jobs and the schedules? In one table each, shared by all workers.

A worker takes the row that has been due longest. On PostgreSQL it locks that row and passes over
those that others have locked; on SQLite there is one writing transaction at a time.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import product

from sqlalchemy import func, select, tuple_

from learnloop.core.errors import ConflictingDuplicate
from learnloop.core.ids import JobId
from learnloop.core.jobs import Job, JobStatus, Schedule
from learnloop.core.time import to_us
from learnloop.storage.sql.rows.cells import dumps
from learnloop.storage.sql.rows.jobs import job_of, job_row, schedule_of, schedule_row
from learnloop.storage.sql.schema import jobs, schedules
from learnloop.storage.sql.session import Session
from learnloop.storage.sql.statements import (
    POSTGRESQL,
    Statement,
    insert_new,
    param,
    per_database,
    statement,
    upsert,
)

_ENQUEUE = insert_new(jobs)
_JOB = statement(select(*jobs.c).where(jobs.c.job_id == param("id")))
_OF_KEY = statement(select(*jobs.c).where(jobs.c.idempotency_key == param("key")))
_PURGE = statement(
    jobs.delete().where(jobs.c.due_us.is_(None), jobs.c.finished_us < param("before"))
)

_due = select(*jobs.c).where(jobs.c.due_us <= param("now")).order_by(jobs.c.due_us, jobs.c.job_id)
_FIRST_DUE = per_database(
    _due.where(
        jobs.c.kind.in_(select(func.json_each(param("kinds")).table_valued("value").c.value))
    ),
    _due.where(jobs.c.kind == func.any(param("kinds"))),
    limited=True,
)
_TAKE_DUE = Statement(_FIRST_DUE.sqlite, _FIRST_DUE.postgresql + " FOR UPDATE SKIP LOCKED")

_CHANGE = statement(
    jobs.update()
    .values({c.name: param(f"new_{c.name}") for c in jobs.c})
    .where(
        jobs.c.job_id == param("id"),
        jobs.c.status == param("was_status"),
        jobs.c.n_attempts == param("was_attempts"),
    )
)


def _page(by_status: bool, by_kind: bool) -> Statement:
    age = tuple_(jobs.c.created_us, jobs.c.job_id)
    query = select(*jobs.c).where(age < tuple_(param("created_us"), param("job_id")))
    if by_status:
        query = query.where(jobs.c.status == param("status"))
    if by_kind:
        query = query.where(jobs.c.kind == param("kind"))
    order = jobs.c.created_us.desc(), jobs.c.job_id.desc()
    return statement(query.order_by(*order), limited=True)


_PAGE = {filters: _page(*filters) for filters in product((False, True), repeat=2)}
_NEWEST = (2**63 - 1, "")

_PUT_SCHEDULE = upsert(schedules)
_SCHEDULES = statement(select(*schedules.c).order_by(schedules.c.name))
_REMOVE_SCHEDULE = statement(schedules.delete().where(schedules.c.name == param("name")))
_ADVANCE = statement(
    schedules.update()
    .values(next_us=param("new_next"), last_job_id=param("new_last"))
    .where(schedules.c.name == param("name"), schedules.c.next_us == param("was_next"))
)


class SqlJobs:
    """Work for later: one queue for any number of workers."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def enqueue(self, job: Job) -> Job:
        if self._session.run(_ENQUEUE, job_row(job)) == 1:
            return job
        row = None if job.key is None else self._session.row(_OF_KEY, (job.key,))
        if row is None:
            raise ConflictingDuplicate(f"job {job.job_id} is there already", field="job_id")
        return job_of(row)

    def is_due(self, now: datetime, kinds: Collection[str]) -> bool:
        return self._next(_FIRST_DUE, now, kinds) is not None

    def claim(
        self, now: datetime, worker: str, kinds: Collection[str], lease: timedelta
    ) -> Job | None:
        while (job := self._next(_TAKE_DUE, now, kinds)) is not None:
            taken = job.taken(now, worker, lease)
            if self.change(taken, job) and taken.status is JobStatus.RUNNING:
                return taken
        return None

    def change(self, job: Job, was: Job) -> bool:
        where = (job.job_id, was.status.value, was.n_attempts)
        return self._session.run(_CHANGE, (*job_row(job), *where)) == 1

    def get(self, job_id: JobId) -> Job | None:
        row = self._session.row(_JOB, (job_id,))
        return None if row is None else job_of(row)

    def page(
        self,
        limit: int,
        *,
        after: Job | None = None,
        status: JobStatus | None = None,
        kind: str | None = None,
    ) -> list[Job]:
        behind = _NEWEST if after is None else (to_us(after.created_at), after.job_id)
        filters = [x for x in (status and status.value, kind) if x is not None]
        which = _PAGE[status is not None, kind is not None]
        return [job_of(row) for row in self._session.rows(which, (*behind, *filters, limit))]

    def purge(self, before: datetime) -> int:
        return self._session.run(_PURGE, (to_us(before),))

    def _next(self, which: Statement, now: datetime, kinds: Collection[str]) -> Job | None:
        names = list(kinds)
        listed = names if self._session.dialect == POSTGRESQL else dumps(names)
        row = self._session.row(which, (to_us(now), listed, 1))
        return None if row is None else job_of(row)


class SqlSchedules:
    """Which jobs are enqueued again and again?"""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, schedule: Schedule) -> None:
        self._session.run(_PUT_SCHEDULE, schedule_row(schedule))

    def list(self) -> Sequence[Schedule]:
        return [schedule_of(row) for row in self._session.rows(_SCHEDULES)]

    def remove(self, name: str) -> bool:
        return self._session.run(_REMOVE_SCHEDULE, (name,)) == 1

    def advance(self, was: Schedule, next_at: datetime, last_job_id: JobId | None) -> bool:
        row = (to_us(next_at), last_job_id, was.name, to_us(was.next_at))
        return self._session.run(_ADVANCE, row) == 1
