"""What work waits, runs or is over? A job, how it moves on, and the schedules that make jobs.

    queued --taken--> running --finished--> done
      ^                  |
      +---- failed ------+--> failed     after the last attempt, when lost, or when cancelled

Every move is a pure function from a job to the next one, so all stores share the rules. A store
keeps a move only while the job is still where the move began (`Jobs.change`): in the same status
and the same attempt. Attempts are counted up and never down, so their number is the fence: what a
worker says that has lost its job is refused.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, Self

from learnloop.core.errors import InvalidInput
from learnloop.core.ids import JobId

MAX_ATTEMPTS = 3
FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(hours=1)

Json = Mapping[str, object]
"""An object as JSON knows it: text, numbers, true, false, null, lists and objects of these."""


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobError:
    """Why the last attempt failed: a stable code, and what to do about it."""

    code: str
    message: str


LOST = JobError("lost", "the worker was gone before it could finish, at every attempt")
CANCELLED = JobError("cancelled", "somebody cancelled it")


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work for later.

    Attributes:
        kind: What is to be done; a worker takes only kinds that it knows.
        payload: What the kind needs to know.
        run_at: Not before this instant.
        max_attempts: After so many attempts it has failed.
        key: Idempotency key: two jobs can't have the same.
        n_attempts: How often a worker has taken it.
        worker: Who has it; with `lease_until`, until when nobody else may take it.
        started_at: When the last attempt began.
        progress: Of the last attempt, [0, 1]; with `stage`, what it was doing.
        result: What came of it, once it is done.
        error: Why the last attempt failed.
    """

    job_id: JobId
    kind: str
    payload: Json
    created_at: datetime
    run_at: datetime
    max_attempts: int = MAX_ATTEMPTS
    key: str | None = None
    status: JobStatus = JobStatus.QUEUED
    n_attempts: int = 0
    worker: str | None = None
    lease_until: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    progress: float = 0.0
    stage: str = ""
    result: Json | None = None
    error: JobError | None = None

    @property
    def due_at(self) -> datetime | None:
        """From when on a worker may take it; None where it is over."""
        match self.status:
            case JobStatus.QUEUED:
                return self.run_at
            case JobStatus.RUNNING:
                return self.lease_until
            case _:
                return None

    def taken(self, now: datetime, worker: str, lease: timedelta) -> Self:
        """The next attempt, running; or failed, where a worker was lost and no attempt is left."""
        if self.n_attempts >= self.max_attempts:
            return self._over(now, JobStatus.FAILED, error=LOST)
        return replace(
            self,
            status=JobStatus.RUNNING,
            n_attempts=self.n_attempts + 1,
            worker=worker,
            lease_until=now + lease,
            started_at=now,
            progress=0.0,
            stage="",
        )

    def going_on(self, lease_until: datetime, progress: float, stage: str) -> Self:
        """Still running, and its worker's until then."""
        return replace(self, lease_until=lease_until, progress=progress, stage=stage)

    def finished(self, now: datetime, result: Json) -> Self:
        """Done."""
        done = self._over(now, JobStatus.DONE, error=None)
        return replace(done, progress=1.0, result=result)

    def failed(self, now: datetime, error: JobError, *, again: bool) -> Self:
        """This attempt failed: queued `again` while attempts are left, each wait twice as long."""
        if not again or self.n_attempts >= self.max_attempts:
            return self._over(now, JobStatus.FAILED, error=error)
        return replace(self._queued(now + wait_after(self.n_attempts)), error=error)

    def given_back(self, now: datetime) -> Self:
        """Queued again at once, because its worker has to stop; the attempt does not count."""
        return replace(self._queued(now), max_attempts=self.max_attempts + 1)

    def cancelled(self, now: datetime) -> Self:
        """Failed, by somebody's wish; a worker that has it learns so at its next report.

        Raises:
            InvalidInput: It is over already.
        """
        if self.due_at is None:
            raise InvalidInput(f"job {self.job_id} is {self.status} already", field="job_id")
        return self._over(now, JobStatus.FAILED, error=CANCELLED)

    def retried(self, now: datetime) -> Self:
        """Queued again after it had failed, for one attempt at least.

        Raises:
            InvalidInput: It has not failed.
        """
        if self.status is not JobStatus.FAILED:
            raise InvalidInput(
                f"job {self.job_id} is {self.status}; only one that failed can be retried",
                field="job_id",
            )
        attempts = max(self.max_attempts, self.n_attempts + 1)
        return replace(self._queued(now), max_attempts=attempts, finished_at=None)

    def _queued(self, run_at: datetime) -> Self:
        return replace(self, status=JobStatus.QUEUED, run_at=run_at, worker=None, lease_until=None)

    def _over(self, now: datetime, status: JobStatus, error: JobError | None) -> Self:
        return replace(self, status=status, finished_at=now, lease_until=None, error=error)


def wait_after(n_attempts: int) -> timedelta:
    """How long to wait after the n-th failed attempt: 10 s, 20 s, 40 s, ... at most an hour."""
    return min(FIRST_WAIT * (1 << min(n_attempts - 1, 20)), LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that is enqueued again and again.

    Attributes:
        every: From one job to the next.
        next_at: When the next job is due.
        last_job_id: The job that was enqueued last.
    """

    name: str
    kind: str
    payload: Json
    every: timedelta
    next_at: datetime
    last_job_id: JobId | None = None

    def after(self, now: datetime) -> datetime:
        """The first instant of its rhythm behind `now`; those that were missed are left out."""
        if now < self.next_at:
            return self.next_at
        return self.next_at + ((now - self.next_at) // self.every + 1) * self.every


# --- where they are kept: the seam of the store that workers share --------------------------------


class Jobs(Protocol):
    """Work for later: one queue for any number of workers."""

    def enqueue(self, job: Job) -> Job:
        """Store a new job; where its idempotency key is there already, the job that has it.

        Raises:
            ConflictingDuplicate: Its id is there already, under another key or none.
        """
        ...

    def is_due(self, now: datetime, kinds: Collection[str]) -> bool:
        """Is there a job that `claim` might give? Takes no lock: a reading transaction can ask."""
        ...

    def claim(
        self, now: datetime, worker: str, kinds: Collection[str], lease: timedelta
    ) -> Job | None:
        """Take the job of these kinds that has been due longest (`Job.taken`), or None.

        A job is due when its `run_at` has come, or when the lease of its worker has run out. What
        another transaction is taking at this moment is passed over, so workers never wait for each
        other and never get the same attempt. Jobs that are out of attempts have failed afterwards.
        """
        ...

    def change(self, job: Job, was: Job) -> bool:
        """Keep the job's next state, if it still has the status and the attempt that it `was` in.

        False, and nothing is changed, where it is somebody else's by now.
        """
        ...

    def get(self, job_id: JobId) -> Job | None: ...

    def page(
        self,
        limit: int,
        *,
        after: Job | None = None,
        status: JobStatus | None = None,
        kind: str | None = None,
    ) -> list[Job]:
        """Up to `limit` jobs, newest first by `(created_at, job_id)`, beginning behind `after`."""
        ...

    def purge(self, before: datetime) -> int:
        """Drop jobs that were over before then; returns how many."""
        ...


class Schedules(Protocol):
    """Which jobs are enqueued again and again?"""

    def put(self, schedule: Schedule) -> None:
        """Insert, or replace the one of that name."""
        ...

    def list(self) -> Sequence[Schedule]:
        """In the order of their names."""
        ...

    def remove(self, name: str) -> bool:
        """Forget it; False where there is none."""
        ...

    def advance(self, was: Schedule, next_at: datetime, last_job_id: JobId | None) -> bool:
        """Move on to the next instant, if `next_at` still is what it `was`.

        Of two schedulers that try, one is told True.
        """
        ...
