"""How does a worker keep its job while it works on it? A thread beside it extends the lease.

The work reports as often as it likes, which costs next to nothing: the thread writes the latest
report down, once a second at most. When it is told that the job is somebody else's by now, or was
cancelled, the next report ends the work.
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog

from learnloop.core.errors import StoreUnavailable
from learnloop.core.ids import is_control
from learnloop.core.jobs import Job
from learnloop.core.protocols import Clock, Store

BEAT_S = 1.0
ASK_AGAIN_S = 0.25
MAX_STAGE = 200

_log = structlog.get_logger("learnloop.worker")


class Lost(BaseException):
    """The job is no longer ours. No `Exception`: work that catches those must end all the same."""


class MustStop(BaseException):
    """The worker has to stop before the work is done."""


class Attempt:
    """One attempt at a job, by the worker that has it.

    Args:
        store: Where the job is.
        clock: Tells when its lease ends.
        job: As it was claimed.
        lease: How long it is ours after each beat.
        must_stop: Says whether the worker can't wait for the work any longer.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        job: Job,
        lease: timedelta,
        must_stop: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._job = job
        self._lease = lease
        self._must_stop = must_stop
        self._said = (job.progress, job.stage)
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="learnloop-lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def report(self, progress: float, stage: str) -> None:
        """Say how far the work is, [0, 1], and what it is at.

        Raises:
            Lost: The job is no longer ours: what came of the work would be refused.
            MustStop: The worker has to stop.
        """
        shown = "".join(char for char in stage[:MAX_STAGE] if not is_control(char))
        self._said = (progress if 0 <= progress <= 1 else float(progress > 1), shown)
        if self._lost.is_set():
            raise Lost
        if self._must_stop():
            raise MustStop

    def end(self, move: Callable[[Job], Job]) -> bool:
        """Make the job's last move; False where it is no longer ours.

        Raises:
            StoreUnavailable: The database was away for as long as a lease.
        """
        give_up = time.monotonic() + self._lease.total_seconds()
        while True:
            try:
                return self._change(lambda job: move(self._going_on(job)))
            except StoreUnavailable:
                if time.monotonic() > give_up:
                    raise
                time.sleep(ASK_AGAIN_S)

    def _beat(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                kept = self._is_fresh() or self._change(self._going_on)
            except StoreUnavailable as error:
                _log.warning("lease_not_extended", job=self._job.job_id, detail=error.message)
                continue
            if not kept:
                self._lost.set()
                return

    def _is_fresh(self) -> bool:
        """Is there nothing new to say, and most of the lease still to come?"""
        until = self._job.lease_until
        if until is None or self._said != (self._job.progress, self._job.stage):
            return False
        return self._clock.now() < until - self._lease * 2 / 3

    def _going_on(self, job: Job) -> Job:
        return job.going_on(self._clock.now() + self._lease, *self._said)

    def _change(self, move: Callable[[Job], Job]) -> bool:
        with self._turn, self._store.begin() as tx:
            after = move(self._job)
            kept = tx.jobs.change(after, self._job)
        if kept:
            self._job = after
        return kept
