"""How do jobs and schedules become rows, and rows the same again?"""

from datetime import timedelta
from typing import Any

import msgspec

from learnloop.core.ids import JobId
from learnloop.core.jobs import Job, JobError, JobStatus, Json, Schedule
from learnloop.core.time import from_us, to_us
from learnloop.storage.checks import check_job, check_schedule
from learnloop.storage.sql.rows.cells import Row, dumps, instant_or_none, us_or_none

_object = msgspec.json.Decoder(dict[str, Any]).decode
_error = msgspec.json.Decoder(JobError).decode
_MICROSECOND = timedelta(microseconds=1)


def job_row(job: Job) -> Row:
    """The row of `jobs`."""
    check_job(job)
    return (
        job.job_id,
        job.kind,
        dumps(job.payload),
        to_us(job.created_at),
        to_us(job.run_at),
        job.max_attempts,
        job.key,
        job.status.value,
        job.n_attempts,
        job.worker,
        us_or_none(job.lease_until),
        us_or_none(job.started_at),
        us_or_none(job.finished_at),
        job.progress,
        job.stage,
        None if job.result is None else dumps(job.result),
        None if job.error is None else dumps(job.error),
        us_or_none(job.due_at),
    )


def job_of(row: Row) -> Job:
    """The job that a row holds."""
    (job_id, kind, payload, created_us, run_us, max_attempts, key, status, n_attempts, worker) = (
        row[:10]
    )
    lease_us, started_us, finished_us, progress, stage, result, error, _due_us = row[10:]
    return Job(
        JobId(job_id),
        kind,
        _object(payload),
        from_us(created_us),
        from_us(run_us),
        max_attempts,
        key,
        JobStatus(status),
        n_attempts,
        worker,
        instant_or_none(lease_us),
        instant_or_none(started_us),
        instant_or_none(finished_us),
        progress,
        stage,
        None if result is None else _object(result),
        None if error is None else _error(error),
    )


def schedule_row(schedule: Schedule) -> Row:
    """The row of `schedules`."""
    check_schedule(schedule)
    return (
        schedule.name,
        schedule.kind,
        dumps(schedule.payload),
        schedule.every // _MICROSECOND,
        to_us(schedule.next_at),
        schedule.last_job_id,
    )


def schedule_of(row: Row) -> Schedule:
    """The schedule that a row holds."""
    name, kind, payload, every_us, next_us, last_job_id = row
    found: Json = _object(payload)
    last = None if last_job_id is None else JobId(last_job_id)
    return Schedule(name, kind, found, every_us * _MICROSECOND, from_us(next_us), last)
