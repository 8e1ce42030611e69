"""How do many requests share one commit? One thread per process writes for all of them.

A commit costs the database about as much for a hundred changes as for one. So requests put jobs
into a bounded queue, and the thread takes all that wait, runs each in a savepoint of one
transaction, commits once, and only then answers them. A job that fails is undone alone; when the
commit fails, every job of the group fails and nothing was changed.

A job may look before it writes: what `look` returns is the work that is left to do. All looking of
a group is done in one reading transaction before the writing one begins, so that long thinking
holds no lock that another process waits for.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from learnloop.api.traces import traced
from learnloop.core.errors import Overloaded, StoreUnavailable
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Transaction
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.live import Live
from learnloop.journeys.request import REQUEST_ID

CAPACITY = 512
GROUP_WEIGHT = 256

T = TypeVar("T")
Work = Callable[[Live, Transaction], T]


@dataclass(frozen=True, slots=True, eq=False)
class Job(Generic[T]):
    """One request's change.

    Attributes:
        work: Runs inside the writing transaction, in the writer's thread.
        look: Instead of `work`: runs in a reading transaction and returns the work.
        learners: Whom it changes; all are locked, in one order, before any job of a group runs,
            so that two processes can't wait for each other.
        weight: How many changes it makes, roughly.
        done: Resolved after the commit, in the event loop.
        request_id: In which request.
    """

    work: Work[T] | None
    look: Work[Work[T]] | None
    learners: Sequence[LearnerId]
    weight: int
    done: "asyncio.Future[T]"
    request_id: bytes | None


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

    @property
    def n_waiting(self) -> int:
        """Jobs that are not answered yet."""
        return self._waiting

    async def run(self, work: Work[T], learners: Sequence[LearnerId] = (), *, weight: int = 1) -> T:
        """What `work` returns, after it was committed.

        Raises:
            Overloaded: Too many jobs wait already.
            StoreUnavailable: The database did not take the group; nothing was changed.
        """
        return await self._put(work, None, learners, weight)

    async def look_then_run(
        self, look: Work[Work[T]], learners: Sequence[LearnerId] = (), *, weight: int = 1
    ) -> T:
        """What the work returns that `look` returns, after it was committed; see `run`."""
        return await self._put(None, look, learners, weight)

    async def _put(
        self,
        work: Work[T] | None,
        look: Work[Work[T]] | None,
        learners: Sequence[LearnerId],
        weight: int,
    ) -> T:
        if self._waiting >= self._capacity or self._loop is None:
            raise Overloaded("more changes are waiting than can be made in time; try again")
        done: asyncio.Future[T] = self._loop.create_future()
        self._waiting += 1
        self._jobs.put(Job(work, look, learners, weight, done, REQUEST_ID.get()))
        with traced("store.write"):
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
            found = self._look(group)
            with self._engine.store.begin() as tx:
                live = self._engine.live(tx)
                tx.learners.lock(sorted({who for job in group for who in job.learners}))
                return [_attempt(job, found.get(id(job), job.work), live, tx) for job in group]
        except Exception as error:
            return [_Outcome(job, error=error) for job in group]

    def _look(self, group: Sequence[Job[Any]]) -> dict[int, Work[Any] | Exception]:
        """By job, the work that is left after looking, or why there is none."""
        looking = [job for job in group if job.look is not None]
        if not looking:
            return {}
        with self._engine.store.begin(write=False) as tx:
            live = self._engine.live(tx)
            return {id(job): _looked(job, live, tx) for job in looking}

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


def _looked(job: Job[Any], live: Live, tx: Transaction) -> Work[Any] | Exception:
    assert job.look is not None
    REQUEST_ID.set(job.request_id)
    try:
        return job.look(live, tx)
    except StoreUnavailable:
        raise
    except Exception as error:
        return error


def _attempt(
    job: Job[Any], work: Work[Any] | Exception | None, live: Live, tx: Transaction
) -> _Outcome:
    if work is None or isinstance(work, Exception):
        return _Outcome(job, error=work)
    REQUEST_ID.set(job.request_id)
    try:
        with tx.savepoint():
            return _Outcome(job, work(live, tx))
    except StoreUnavailable:
        raise  # the transaction is lost, and the whole group with it
    except Exception as error:
        # Not even a mistake of ours in one job may take the others' changes with it.
        return _Outcome(job, error=error)
