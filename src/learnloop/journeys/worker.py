"""Who does the jobs? Any number of workers, each one job at a time, from one queue in the store.

A worker that is killed loses its job when the lease runs out, and another attempt begins; what the
lost one says after that is refused. Jobs are therefore done at least once, and recorded as done
exactly once.
"""

import os
import socket
import threading
import time
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from learnloop.core.errors import LearnloopError, Overloaded, StoreUnavailable, Unreachable
from learnloop.core.jobs import Job, JobError, JobStatus
from learnloop.journeys.attempt import Attempt, Lost, MustStop
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.job_kinds import KINDS, Kinds, payload_of
from learnloop.journeys.jobs import enqueue_scheduled, is_anything_scheduled

POLL_S = 0.25
GRACE_S = 5.0
LEASE = timedelta(seconds=30)

_PASSING = (StoreUnavailable, Overloaded, Unreachable)
"""Errors that another attempt may not meet; other errors of ours come back every time."""

_log = structlog.get_logger("learnloop.worker")


class Worker:
    """Takes jobs, one after the other, and enqueues what is scheduled.

    Args:
        engine: What the jobs work with.
        kinds: Of the jobs that it takes.
        name: Who it is, in the job's record; by default the machine and the process.
        lease: How long a job is its own after each sign of life.
        grace_s: How long a job may still go on once the worker was told to stop.

    Stability: experimental.
    """

    def __init__(
        self,
        engine: PersonalizationEngine,
        *,
        kinds: Kinds = KINDS,
        name: str | None = None,
        lease: timedelta = LEASE,
        grace_s: float = GRACE_S,
    ) -> None:
        self.name = name or f"{socket.gethostname()}:{os.getpid()}"
        self._engine = engine
        self._kinds = kinds
        self._lease = lease
        self._grace_s = grace_s
        self._stopping = threading.Event()
        self._stopped_at = 0.0

    def stop(self) -> None:
        """Take no more jobs. The present one may finish within the grace, else it is given back."""
        self._stopped_at = time.monotonic()
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping.is_set()

    def run(self) -> None:
        """Work until told to stop; a database that is away is asked again."""
        _log.info("worker_started", worker=self.name, kinds=sorted(self._kinds))
        while not self.stopping:
            try:
                idle = self.step() is None
            except StoreUnavailable as error:
                _log.warning("store_unavailable", detail=error.message)
                idle = True
            if idle:
                self._stopping.wait(POLL_S)
        _log.info("worker_stopped", worker=self.name)

    def run_due(self) -> list[Job]:
        """Do all that is due now, and end; the jobs as they were left.

        Raises:
            StoreUnavailable: The database is away.
        """
        jobs = []
        while not self.stopping and (job := self.step()) is not None:
            jobs.append(job)
        return jobs

    def step(self) -> Job | None:
        """Do one job; None where none is due.

        Raises:
            StoreUnavailable: The database is away.
        """
        job = self._next()
        if job is None:
            return None
        _log.info("job_started", job=job.job_id, kind=job.kind, attempt=job.n_attempts)
        start = time.monotonic()
        with Attempt(
            self._engine.store, self._engine.clock, job, self._lease, self._must_stop
        ) as attempt:
            self._work(job, attempt)
        return self._told(job, time.monotonic() - start)

    def _next(self) -> Job | None:
        # Looking takes no lock; most of the time there is nothing to do.
        store, now = self._engine.store, self._engine.clock.now()
        with store.begin(write=False) as tx:
            if not is_anything_scheduled(tx, now) and not tx.jobs.is_due(now, self._kinds):
                return None
        with store.begin() as tx:
            for job in enqueue_scheduled(tx, now):
                _log.info("job_scheduled", job=job.job_id, kind=job.kind)
            return tx.jobs.claim(now, self.name, self._kinds, self._lease)

    def _work(self, job: Job, attempt: Attempt) -> None:
        clock = self._engine.clock
        try:
            payload = payload_of(job.kind, job.payload, self._kinds)
            result = self._kinds[job.kind].run(self._engine, payload, attempt.report)
            attempt.end(lambda job: job.finished(clock.now(), result))
        except Lost:
            pass  # whoever has it now, or cancelled it, has said so in its record
        except (MustStop, KeyboardInterrupt) as stopped:
            attempt.end(lambda job: job.given_back(clock.now()))
            if isinstance(stopped, KeyboardInterrupt):
                raise
        except Exception as error:
            attempt.end(_failing(error, clock.now))

    def _must_stop(self) -> bool:
        return self.stopping and time.monotonic() > self._stopped_at + self._grace_s

    def _told(self, job: Job, seconds: float) -> Job:
        with self._engine.store.begin(write=False) as tx:
            now = tx.jobs.get(job.job_id) or job
        mine = now.n_attempts == job.n_attempts
        outcome = f"job_{now.status}" if mine else "job_lost"
        said = {} if now.error is None else {"code": now.error.code, "detail": now.error.message}
        tell = _log.info if mine and now.status is JobStatus.DONE else _log.warning
        tell(outcome, job=job.job_id, kind=job.kind, seconds=round(seconds, 3), **said)
        return now


def _failing(error: Exception, now: Callable[[], datetime]) -> Callable[[Job], Job]:
    """The move of a job whose work raised: again where another attempt may do better."""
    if isinstance(error, LearnloopError) and not isinstance(error, _PASSING):
        # What a caller sent may stand in it, and that may be half of a surrogate pair.
        said = JobError(error.code, error.message.encode("utf-8", "replace").decode())
        return lambda job: job.failed(now(), said, again=False)
    _log.error("job_raised", traceback="".join(traceback.format_exception(error)))
    code = error.code if isinstance(error, LearnloopError) else "internal_error"
    said = JobError(code, f"{type(error).__name__}; the worker's log says more")
    return lambda job: job.failed(now(), said, again=True)
