"""How does work for later get in, and what becomes of it? Enqueue, cancel, retry, schedule.

Whatever enqueues a job does so in its own transaction, so the job is there if, and only if, the
rest of the change is. `worker.py` does the jobs, `job_kinds.py` lists what can be asked for.
"""

from datetime import datetime, timedelta

from learnloop.core.errors import InvalidInput, NotFound, VersionConflict
from learnloop.core.ids import JobId, id_problem, rising_id
from learnloop.core.jobs import Job, JobStatus, Json, Schedule
from learnloop.core.protocols import Transaction
from learnloop.journeys.job_kinds import KINDS, Kinds, payload_of

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=3650)


def enqueue(
    tx: Transaction,
    now: datetime,
    kind: str,
    payload: Json,
    *,
    key: str | None = None,
    kinds: Kinds = KINDS,
) -> Job:
    """A job that is due now; where the idempotency key came before, the job that it made.

    Raises:
        InvalidInput: There is no such kind, or the payload does not fit it.
    """
    checked = payload_of(kind, payload, kinds).model_dump(mode="json")
    return tx.jobs.enqueue(Job(JobId(rising_id()), kind, checked, now, now, key=key))


def job_of(tx: Transaction, job_id: JobId) -> Job:
    """The job of that id.

    Raises:
        NotFound: There is no such job, or it was dropped since.
    """
    job = tx.jobs.get(job_id)
    if job is None:
        raise NotFound(f"no job {job_id!r}", field="job_id")
    return job


def cancel(tx: Transaction, now: datetime, job_id: JobId) -> Job:
    """End a job that is not over; a worker that has it stops at its next report.

    Raises:
        NotFound: There is no such job.
        InvalidInput: It is over already.
        VersionConflict: A worker was quicker.
    """
    job = job_of(tx, job_id)
    return _changed(tx, job.cancelled(now), job)


def retry(tx: Transaction, now: datetime, job_id: JobId) -> Job:
    """Queue a failed job again.

    Raises:
        NotFound: There is no such job.
        InvalidInput: It has not failed.
        VersionConflict: Somebody was quicker.
    """
    job = job_of(tx, job_id)
    return _changed(tx, job.retried(now), job)


def _changed(tx: Transaction, job: Job, was: Job) -> Job:
    if not tx.jobs.change(job, was):
        raise VersionConflict(f"job {job.job_id} has changed meanwhile; look again")
    return job


# --- schedules ----------------------------------------------------------------------------------


def add_schedule(
    tx: Transaction,
    now: datetime,
    name: str,
    kind: str,
    payload: Json,
    every: timedelta,
    first_at: datetime | None = None,
) -> Schedule:
    """Enqueue such a job again and again; takes the place of the schedule of that name.

    Raises:
        InvalidInput: The name, the kind, its payload or the rhythm is wrong.
    """
    problem = id_problem(name)
    if problem:
        raise InvalidInput(f"name: {problem}", field="name")
    if not SHORTEST <= every <= LONGEST:
        raise InvalidInput("every: must be from 1 second to 10 years", field="every")
    checked = payload_of(kind, payload).model_dump(mode="json")
    schedule = Schedule(name, kind, checked, every, first_at or now + every)
    tx.schedules.put(schedule)
    return schedule


def remove_schedule(tx: Transaction, name: str) -> None:
    """Enqueue no more; jobs that are there already stay.

    Raises:
        NotFound: There is no such schedule.
    """
    if not tx.schedules.remove(name):
        raise NotFound(f"no schedule {name!r}; 'learnloop schedule list' shows them", field="name")


def is_anything_scheduled(tx: Transaction, now: datetime) -> bool:
    """Has the instant of a schedule come?"""
    return any(schedule.next_at <= now for schedule in tx.schedules.list())


def enqueue_scheduled(tx: Transaction, now: datetime) -> list[Job]:
    """The jobs of all schedules whose instant has come, each enqueued by one caller only.

    Instants that were missed, because no worker ran, make one job and not many. While the last job
    of a schedule still waits, no other is put behind it.
    """
    jobs = []
    for schedule in tx.schedules.list():
        if schedule.next_at <= now:
            job = _scheduled(tx, schedule, now)
            jobs += [job] if job is not None else []
    return jobs


def _scheduled(tx: Transaction, schedule: Schedule, now: datetime) -> Job | None:
    last_id = schedule.last_job_id
    last = None if last_id is None else tx.jobs.get(last_id)
    if last is not None and last.status is JobStatus.QUEUED:
        tx.schedules.advance(schedule, schedule.after(now), last_id)
        return None
    job = Job(JobId(rising_id()), schedule.kind, schedule.payload, now, now)
    if not tx.schedules.advance(schedule, schedule.after(now), job.job_id):
        return None
    return tx.jobs.enqueue(job)
