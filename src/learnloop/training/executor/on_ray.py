"""How do the same tasks run on Ray? One remote function; the cluster is this machine, or named.

Ray is an extra and is imported when an executor is made. What all tasks need goes once into the
cluster's object store; arrays come out of it read-only. Whoever starts a cluster ends it: one that
was running before, or that this process was connected to already, is left as it is.
"""

import importlib.util
import logging
import os
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from learnloop.core.errors import InvalidInput
from learnloop.training.executor.tasks import (
    N_LOSSES,
    ONE_THREAD,
    Done,
    OnDone,
    Raised,
    Result,
    Shared,
    Task,
    TaskFailed,
    attempt,
    lost,
    unpacked,
)


class RayExecutor:
    """Tasks on a Ray cluster, one processor each.

    Args:
        address: Of a running cluster; None starts one on this machine.
        n_workers: Processors of a cluster that is started here; by default all of them.

    Raises:
        InvalidInput: Ray is not installed, or no cluster answers at the address.
    """

    def __init__(self, address: str | None = None, n_workers: int | None = None) -> None:
        self._ray = _import_ray()
        self._put: tuple[object, Any] | None = None
        self._connected = not self._ray.is_initialized()
        if not self._connected:
            return
        here = {"num_cpus": n_workers or os.cpu_count(), "include_dashboard": False}
        try:
            self._ray.init(
                address=address or "local",
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env={"env_vars": ONE_THREAD},
                **(here if address is None else {}),
            )
        except (ConnectionError, TimeoutError, RuntimeError) as error:
            where = address or "this machine"
            message = f"executor: no Ray cluster at {where}: {error}"
            raise InvalidInput(message, field="executor") from error

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
        ray = self._ray
        run = ray.remote(max_retries=N_LOSSES - 1)(_run)
        held = [self._held(shared)]  # in a list Ray leaves it to the worker when to read it
        pending = {run.remote(function, held, task): i for i, task in enumerate(tasks)}
        results: dict[int, Result] = {}
        try:
            while pending:
                (ready, *_), _ = ray.wait(list(pending))
                index = pending.pop(ready)
                done = self._done(ready, label, index, len(tasks))
                results[index] = unpacked(done, label, index, len(tasks))
                if on_done is not None:
                    on_done(len(results))
        finally:
            for unfinished in pending:
                ray.cancel(unfinished, force=True)
        return [results[index] for index in range(len(tasks))]

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        self._put = None
        if self._connected:
            self._ray.shutdown()
            self._connected = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _held(self, shared: object) -> Any:
        if self._put is None or self._put[0] is not shared:
            self._put = (shared, self._ray.put(shared))
        return self._put[1]

    def _done(self, ready: Any, label: str, index: int, n: int) -> Done[Any] | Raised:
        exceptions = self._ray.exceptions
        try:
            done: Done[Any] | Raised = self._ray.get(ready)
        except exceptions.RayTaskError as error:  # before or after the task itself
            raise TaskFailed(f"{label} {index} of {n}: {error}", index) from error
        except exceptions.RayError as error:
            raise lost(label, index, n) from error
        return done


_read: tuple[str, Any] | None = None


def _run(
    function: Callable[[Shared, Task], Result], held: list[Any], task: Task
) -> Done[Result] | Raised:
    """In a worker: read what is shared the first time, then run the task."""
    global _read  # noqa: PLW0603
    import ray  # noqa: PLC0415

    key = held[0].hex()
    if _read is None or _read[0] != key:
        _read = (key, ray.get(held[0]))
    return attempt(function, _read[1], task)


def _import_ray() -> Any:
    if importlib.util.find_spec("ray") is None:
        message = "executor: Ray is not installed; pip install 'learnloop[ray]'"
        raise InvalidInput(message, field="executor")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told that it is used
    return importlib.import_module("ray")
