"""Where does a slow model run? In a thread of its own, behind a bounded queue.

What waits together is run together where a batch is cheaper: while one run is under way the next
questions gather. A question whose deadline has passed is dropped before it costs anything. One
version's thread is nobody else's, so a model that hangs blocks itself alone. The thread comes when
there is work and goes when there was none for a while, so nothing has to be closed at a swap.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from learnloop.core.arrays import Arrays
from learnloop.serving.served import CallFailed, Why

CAPACITY = 64
IDLE_S = 10.0

Shape = tuple[tuple[str, tuple[int, ...]], ...]


class Job(NamedTuple):
    """One question that waits.

    Attributes:
        rows: Length of its batch axis.
        until: When nobody waits for the answer any more, by the worker's clock.
    """

    inputs: Arrays
    rows: int
    until: float
    future: "Future[Arrays]"


class Worker:
    """One thread that answers the questions to one version.

    Args:
        run: Checked outputs for inputs; raises `CallFailed`.
        rows: The most rows of one run of several questions; 1 runs each alone.
        capacity: How many questions may wait.
    """

    def __init__(
        self,
        run: Callable[[Arrays], Arrays],
        *,
        rows: int = 1,
        capacity: int = CAPACITY,
        idle_s: float = IDLE_S,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._run = run
        self._rows = rows
        self._capacity = capacity
        self._idle_s = idle_s
        self._clock = clock
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._alive = False

    def submit(
        self, inputs: Arrays, rows: int, until: float, *, is_background: bool = False
    ) -> "Future[Arrays]":
        """The future answer.

        Args:
            rows: Length of the batch axis.
            until: When nobody waits for it any more, by the worker's clock.
            is_background: Nobody waits for it at all: half of the queue is not for it.

        Raises:
            CallFailed: Too many wait already.
        """
        future: Future[Arrays] = Future()
        with self._changed:
            if len(self._jobs) >= (self._capacity // 2 if is_background else self._capacity):
                raise CallFailed(Why.QUEUE_FULL)
            self._jobs.append(Job(inputs, rows, until, future))
            if self._alive:
                self._changed.notify()
            else:
                self._alive = True
                threading.Thread(target=self._work, name="learnloop-model", daemon=True).start()
        return future

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._jobs, self._idle_s):
                    self._alive = False
                    return
                taken = self._take()
            self._answer([job for job in taken if self._is_wanted(job)])

    def _take(self) -> list[Job]:
        first = self._jobs.popleft()
        taken, rows, shape = [first], first.rows, shape_of(first.inputs)
        while self._jobs:
            job = self._jobs[0]
            if rows + job.rows > self._rows or shape_of(job.inputs) != shape:
                break
            rows += job.rows
            taken.append(self._jobs.popleft())
        return taken

    def _is_wanted(self, job: Job) -> bool:
        if not job.future.set_running_or_notify_cancel():
            return False
        if self._clock() > job.until:
            job.future.set_exception(CallFailed(Why.LATE))
            return False
        return True

    def _answer(self, jobs: Sequence[Job]) -> None:
        if len(jobs) > 1:
            try:
                together = self._run(joined([job.inputs for job in jobs]))
            except Exception:  # one of them may spoil it for all: ask each alone
                pass
            else:
                answers = split(together, [job.rows for job in jobs])
                for job, answer in zip(jobs, answers, strict=True):
                    job.future.set_result(answer)
                return
        for job in jobs:
            try:
                found = self._run(job.inputs)
            except BaseException as error:
                job.future.set_exception(error)
            else:
                job.future.set_result(found)


def shape_of(inputs: Arrays) -> Shape:
    """What has to be alike for two questions to be one: all but the number of rows."""
    return tuple((name, own.shape[1:]) for name, own in inputs.items())


def joined(inputs: Sequence[Arrays]) -> Arrays:
    """Several questions as one; all of the same shape but for the rows."""
    if len(inputs) == 1:
        return inputs[0]
    return {name: np.concatenate([own[name] for own in inputs]) for name in inputs[0]}


def split(outputs: Arrays, rows: Sequence[int]) -> list[Arrays]:
    """The answer to each of several questions that were asked as one.

    Args:
        rows: How many rows each had.
    """
    ends = list(accumulate(rows))
    return [
        {name: own[end - n : end] for name, own in outputs.items()}
        for n, end in zip(rows, ends, strict=True)
    ]
