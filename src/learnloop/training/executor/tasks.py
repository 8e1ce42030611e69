"""What is a task, what does an executor promise, and what is said of a task that failed?"""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from learnloop.core.errors import LearnloopError

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")
OnDone = Callable[[int], None]

N_LOSSES = 3  # a task whose worker was lost so often is not tried again

# A worker computes with one thread: sums don't depend on the machine, and workers don't fight.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}


class TaskFailed(LearnloopError):
    """A task of many raised, or lost its worker; the message says which and why.

    Attributes:
        index: Position of the task among those given.
    """

    code = "task_failed"

    def __init__(self, message: str, index: int = 0) -> None:
        super().__init__(message)
        self.index = index


class Executor(Protocol):
    """Runs many alike tasks; use it as a context manager, or close it."""

    def map(
        self,
        function: Callable[[Shared, Task], Result],
        tasks: Sequence[Task],
        *,
        shared: Shared,
        label: str = "task",
        on_done: OnDone | None = None,
    ) -> list[Result]:
        """`function(shared, task)` of every task.

        Args:
            function: Importable by name (or a `partial` of such): workers are other processes.
            tasks: Small values; each result depends on `shared` and its task alone.
            shared: What all tasks need, sent to a worker once. It must not be changed, neither by
                the function nor between two calls with the same object.
            label: What a task is called when it fails, e.g. `fold`.
            on_done: Called here with the number of tasks done so far, each time one more is.

        Returns:
            The results in the order of the tasks.

        Raises:
            TaskFailed: A task raised, or lost its worker several times; no more are begun.
        """
        ...

    def close(self) -> None:
        """End the workers that this executor has started."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """What a task gave."""

    result: Result


@dataclass(frozen=True, slots=True)
class Raised:
    """What a task raised, as text: not every error can travel between processes."""

    error: str
    trace: str


def attempt(
    function: Callable[[Shared, Task], Result], shared: Shared, task: Task
) -> Done[Result] | Raised:
    """Run one task; an error is an answer too, the same from a process next door or far away."""
    try:
        return Done(function(shared, task))
    except Exception as error:
        return Raised(f"{type(error).__name__}: {error}", traceback.format_exc())


def unpacked(done: Done[Result] | Raised, label: str, index: int, n: int) -> Result:
    """The result of a task.

    Raises:
        TaskFailed: It raised.
    """
    if isinstance(done, Done):
        return done.result
    failed = TaskFailed(f"{label} {index} of {n}: {done.error}", index)
    failed.add_note(done.trace)
    raise failed


def lost(label: str, index: int, n: int) -> TaskFailed:
    """The error of a task whose worker is lost each time."""
    why = f"its worker was lost {N_LOSSES} times (killed, or out of memory?)"
    return TaskFailed(f"{label} {index} of {n}: {why}", index)
