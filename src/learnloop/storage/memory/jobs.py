"""Where are the jobs and the schedules, in memory?"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from learnloop.core.errors import ConflictingDuplicate
from learnloop.core.ids import JobId
from learnloop.core.jobs import Job, JobStatus, Schedule
from learnloop.storage.checks import check_job, check_schedule
from learnloop.storage.memory.versions import View


class MemoryJobs:
    """Work for later: one queue for any number of workers."""

    def __init__(self, view: View) -> None:
        self._view = view

    def enqueue(self, job: Job) -> Job:
        check_job(job)
        known = None if job.key is None else self._view.get("job_keys", job.key)
        if known is not None:
            stored: Job = self._view.get("jobs", known)
            return stored
        if self.get(job.job_id) is not None:
            raise ConflictingDuplicate(f"job {job.job_id} is there already", field="job_id")
        self._put(job)
        if job.key is not None:
            self._view.set("job_keys", job.key, job.job_id)
        return job

    def is_due(self, now: datetime, kinds: Collection[str]) -> bool:
        return self._next(now, kinds) is not None

    def claim(
        self, now: datetime, worker: str, kinds: Collection[str], lease: timedelta
    ) -> Job | None:
        while (job := self._next(now, kinds)) is not None:
            taken = job.taken(now, worker, lease)
            self._put(taken)
            if taken.status is JobStatus.RUNNING:
                return taken
        return None

    def change(self, job: Job, was: Job) -> bool:
        check_job(job)
        stored = self.get(job.job_id)
        if stored is None or (stored.status, stored.n_attempts) != (was.status, was.n_attempts):
            return False
        self._put(job)
        return True

    def get(self, job_id: JobId) -> Job | None:
        job: Job | None = self._view.get("jobs", job_id)
        return job

    def page(
        self,
        limit: int,
        *,
        after: Job | None = None,
        status: JobStatus | None = None,
        kind: str | None = None,
    ) -> list[Job]:
        found = [
            job
            for job in self._all()
            if (after is None or _age(job) < _age(after))
            and status in (None, job.status)
            and kind in (None, job.kind)
        ]
        return sorted(found, key=_age, reverse=True)[:limit]

    def purge(self, before: datetime) -> int:
        old = [
            job
            for job in self._all()
            if job.due_at is None and job.finished_at is not None and job.finished_at < before
        ]
        for job in old:
            self._view.set("jobs", job.job_id, None)
            if job.key is not None:
                self._view.set("job_keys", job.key, None)
        return len(old)

    def _all(self) -> Iterator[Job]:
        return self._view.values("jobs")

    def _put(self, job: Job) -> None:
        self._view.set("jobs", job.job_id, job)

    def _next(self, now: datetime, kinds: Collection[str]) -> Job | None:
        due = [
            (job.due_at, job.job_id, job)
            for job in self._all()
            if job.due_at is not None and job.due_at <= now and job.kind in kinds
        ]
        return min(due, key=lambda entry: entry[:2])[2] if due else None


class MemorySchedules:
    """Which jobs are enqueued again and again?"""

    def __init__(self, view: View) -> None:
        self._view = view

    def put(self, schedule: Schedule) -> None:
        check_schedule(schedule)
        self._view.set("schedules", schedule.name, schedule)

    def list(self) -> Sequence[Schedule]:
        return sorted(self._view.values("schedules"), key=lambda schedule: schedule.name)

    def remove(self, name: str) -> bool:
        there = self._view.get("schedules", name) is not None
        if there:
            self._view.set("schedules", name, None)
        return there

    def advance(self, was: Schedule, next_at: datetime, last_job_id: JobId | None) -> bool:
        stored: Schedule | None = self._view.get("schedules", was.name)
        if stored is None or stored.next_at != was.next_at:
            return False
        self.put(replace(stored, next_at=next_at, last_job_id=last_job_id))
        return True


def _age(job: Job) -> tuple[datetime, str]:
    return job.created_at, job.job_id
