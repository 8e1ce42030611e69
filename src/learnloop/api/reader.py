"""How are slow reads kept off the event loop? In a few threads, behind a bounded queue."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from learnloop.api.traces import traced
from learnloop.core.errors import Overloaded
from learnloop.core.protocols import Store, Transaction

THREADS = 4
CAPACITY = 256

T = TypeVar("T")


class Reader:
    """Read-only transactions in a small pool of threads."""

    def __init__(self, store: Store, *, threads: int = THREADS, capacity: int = CAPACITY) -> None:
        self._store = store
        self._capacity = capacity
        self._pending = 0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="learnloop-reader")

    @property
    def n_waiting(self) -> int:
        """Reads that wait or are under way."""
        return self._pending

    async def run(self, work: Callable[[Transaction], T]) -> T:
        """What `work` returns.

        Raises:
            Overloaded: Too many reads wait already.
            StoreUnavailable: The database can't be read now.
        """
        if self._pending >= self._capacity:
            raise Overloaded("more reads are waiting than can be done in time; try again")
        self._pending += 1
        try:
            with traced("store.read"):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._pool, self._read, work)
        finally:
            self._pending -= 1

    def _read(self, work: Callable[[Transaction], T]) -> T:
        with self._store.begin(write=False) as tx:
            return work(tx)

    def close(self) -> None:
        """End the threads once they have finished what they are at."""
        self._pool.shutdown(wait=True, cancel_futures=True)
