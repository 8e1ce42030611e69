"""How do tasks run on this machine? In this process, or in fresh ones that are kept."""

import multiprocessing
import os
import pickle
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from learnloop.training.executor.tasks import (
    N_LOSSES,
    ONE_THREAD,
    Done,
    OnDone,
    Raised,
    Result,
    Shared,
    Task,
    attempt,
    lost,
    unpacked,
)

Attempt = Done[Result] | Raised


class LocalExecutor:
    """Tasks in this process, one after the other, or in `n_workers` processes.

    Processes are spawned, never forked: a fork copies the locks of threads that it does not copy.
    """

    def __init__(self, n_workers: int = 1) -> None:
        self.n_workers = n_workers
        self._pool: ProcessPoolExecutor | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._written: tuple[object, Path] | None = None

    def map(
        self,
        function: Callable[[Shared, Task], Result],
        tasks: Sequence[Task],
        *,
        shared: Shared,
        label: str = "task",
        on_done: OnDone | None = None,
    ) -> list[Result]:
        """`function(shared, task)` of every task; see `Executor`."""
        attempts = (
            self._in_turn(function, tasks, shared)
            if self.n_workers == 1
            else self._in_processes(function, tasks, shared, label)
        )
        results: dict[int, Result] = {}
        for index, done in attempts:
            results[index] = unpacked(done, label, index, len(tasks))
            if on_done is not None:
                on_done(len(results))
        return [results[index] for index in range(len(tasks))]

    def close(self) -> None:
        """End the processes."""
        self._stop()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = self._written = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _in_turn(
        self, function: Callable[[Shared, Task], Result], tasks: Sequence[Task], shared: Shared
    ) -> Iterator[tuple[int, Attempt[Result]]]:
        for index, task in enumerate(tasks):
            yield index, attempt(function, shared, task)

    def _in_processes(
        self,
        function: Callable[[Shared, Task], Result],
        tasks: Sequence[Task],
        shared: Shared,
        label: str,
    ) -> Iterator[tuple[int, Attempt[Result]]]:
        """Position and answer of each task, as they are done.

        A lost worker takes its neighbours' tasks with it. So those that were running then run
        again one by one: which of them loses its worker again is known for certain.
        """
        path = self._write(shared)
        waiting, losses = deque(range(len(tasks))), Counter[int]()
        running: dict[Future[Attempt[Result]], int] = {}
        try:
            while waiting or running:
                width = 1 if losses else self.n_workers
                while waiting and len(running) < width:
                    index = waiting.popleft()
                    with _one_thread():
                        future = self._workers().submit(_run, function, path, tasks[index])
                    running[future] = index
                broken = False
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    index = running.pop(future)
                    try:
                        done = future.result()
                    except BrokenProcessPool:
                        broken = True
                        losses[index] += 1
                        waiting.appendleft(index)
                        continue
                    del losses[index]
                    yield index, done
                if broken:
                    self._stop()
                if N_LOSSES in losses.values():
                    raise lost(label, losses.most_common(1)[0][0], len(tasks))
        finally:
            if running:
                self._stop()

    def _workers(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.n_workers, mp_context=context)
        return self._pool

    def _stop(self) -> None:
        """End the processes now; `shutdown` alone would let them finish what they are at."""
        if self._pool is not None:
            processes = list((self._pool._processes or {}).values())
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            self._pool = None

    def _write(self, shared: object) -> Path:
        """The file that workers read `shared` from, written once for the same object."""
        if self._written is None or self._written[0] is not shared:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="learnloop-")
            handle, name = tempfile.mkstemp(dir=self._folder.name)
            with os.fdopen(handle, "wb") as file:
                pickle.dump(shared, file, protocol=pickle.HIGHEST_PROTOCOL)
            self._written = (shared, Path(name))
        return self._written[1]


_read: tuple[Path, Any] | None = None


def _run(function: Callable[[Shared, Task], Result], path: Path, task: Task) -> Attempt[Result]:
    """In a worker: read what is shared the first time, then run the task."""
    global _read  # noqa: PLW0603
    if _read is None or _read[0] != path:
        _read = (path, pickle.loads(path.read_bytes()))
    return attempt(function, _read[1], task)


@contextmanager
def _one_thread() -> Iterator[None]:
    """What is started in the block computes with one thread: libraries read it as they load."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
