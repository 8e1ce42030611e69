"""How do many requests share one commit? One thread per process writes for all of them.

A commit costs the database about as much for a hundred changes as for one. So requests put jobs
into a bounded queue, and the thread takes all that wait, runs each in a savepoint of one
transaction, commits once, and only then answers them. A job that fails is undone alone; when the
commit fails, every job of the group fails and nothing was changed.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from learnloop.core.errors import Overloaded, StoreUnavailable
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Transaction
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.live import Live

CAPACITY = 512
GROUP_WEIGHT = 256

T = TypeVar("T")
Work = Callable[[Live, Transaction], T]


@dataclass(frozen=True, slots=True, eq=False)
class Job(Generic[T]):
    """One request's change.

    Attributes:
        work: Runs inside the transaction, in the writer's thread.
        learners: Whom it changes; all are locked, in one order, before any job of a group runs,
            so that two processes can't wait for each other.
        weight: How many changes it makes, roughly.
        done: Resolved after the commit, in the event loop.
    """

    work: Work[T]
    learners: Sequence[LearnerId]
    weight: int
    done: "asyncio.Future[T]"


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    job: Job[Any]
    value: Any = None
    error: BaseException | None = None


class Writer:
    """The one thread of this process that writes."""

    def __init__(self, engine: PersonalizationEngine, *, capacity: int = CAPACITY) -> None:
        self._engine = engine
        self._capacity = capacity
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="learnloop-writer", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to take jobs; answers come back to `loop`."""
        self._loop = loop
        self._thread.start()

    async def stop(self) -> None:
        """Finish what waits, then end the thread."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    async def run(self, work: Work[T], learners: Sequence[LearnerId] = (), *, weight: int = 1) -> T:
        """What `work` returns, after it was committed.

        Raises:
            Overloaded: Too many jobs wait already.
            StoreUnavailable: The database did not take the group; nothing was changed.
        """
        if self._waiting >= self._capacity or self._loop is None:
            raise Overloaded("more changes are waiting than can be made in time; try again")
        done: asyncio.Future[T] = self._loop.create_future()
        self._waiting += 1
        self._jobs.put(Job(work, learners, weight, done))
        return await done

    # --- in the writer's thread -------------------------------------------------------------------

    def _run(self) -> None:
        more = True
        while more:
            group, more = self._next_group()
            if group:
                outcomes = self._commit(group)
                assert self._loop is not None
                self._loop.call_soon_threadsafe(self._answer, outcomes)

    def _next_group(self) -> tuple[list[Job[Any]], bool]:
        group: list[Job[Any]] = []
        weight = 0
        job = self._jobs.get()
        while job is not None:
            group.append(job)
            weight += job.weight
            if weight >= GROUP_WEIGHT:
                return group, True
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _commit(self, group: Sequence[Job[Any]]) -> list[_Outcome]:
        try:
            with self._engine.store.begin() as tx:
                live = self._engine.live(tx)
                tx.learners.lock(sorted({who for job in group for who in job.learners}))
                return [_attempt(job, live, tx) for job in group]
        except Exception as error:
            return [_Outcome(job, error=error) for job in group]

    # --- in the event loop ------------------------------------------------------------------------

    def _answer(self, outcomes: Sequence[_Outcome]) -> None:
        self._waiting -= len(outcomes)
        for outcome in outcomes:
            done = outcome.job.done
            if done.done():  # the caller went away
                continue
            if outcome.error is None:
                done.set_result(outcome.value)
            else:
                done.set_exception(outcome.error)


def _attempt(job: Job[Any], live: Live, tx: Transaction) -> _Outcome:
    try:
        with tx.savepoint():
            return _Outcome(job, job.work(live, tx))
    except StoreUnavailable:
        raise  # the transaction is lost, and the whole group with it
    except Exception as error:
        # Not even a mistake of ours in one job may take the others' changes with it.
        return _Outcome(job, error=error)
