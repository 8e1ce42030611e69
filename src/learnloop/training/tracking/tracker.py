"""What can be said to a tracker? No call raises, and none waits for a server."""

from collections.abc import Mapping
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from learnloop.core.registry import ModelRecord, ModelRole
from learnloop.core.types import Ref


class RunStatus(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    FAILED = "failed"
    KILLED = "killed"


class Run(Protocol):
    """One fit. As a context manager it ends by itself: failed, if the block raises.

    Attributes:
        id: Starting a run with the id of an earlier one goes on with that.
    """

    id: str

    def params(self, values: Mapping[str, object]) -> None:
        """Settings, each said once."""
        ...

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Figures at a step, such as an epoch."""
        ...

    def on_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Metrics, as a trainer tells them."""
        ...

    def tags(self, values: Mapping[str, str]) -> None:
        """What to find the run by."""
        ...

    def file(self, name: str, content: bytes) -> None:
        """A file, e.g. a plot; the name may have folders: `plots/loss.png`."""
        ...

    def end(self, status: RunStatus = RunStatus.FINISHED) -> None:
        """Nothing more is said."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None: ...


class Tracker(Protocol):
    """Keeps runs, and a mirror of the registry."""

    def start(self, experiment: str, name: str, *, run_id: str | None = None) -> Run:
        """Begin a run, or go on with that of the id."""
        ...

    def mirror_version(self, record: ModelRecord) -> None:
        """Show a version of the registry."""
        ...

    def mirror_alias(self, slot: str, role: ModelRole, ref: Ref | None) -> None:
        """Show who plays a role now; None: nobody."""
        ...

    def close(self) -> None:
        """Say what is left to say; waits for a limited time only."""
        ...


class NoRun:
    """A run that nobody keeps."""

    id = ""

    def params(self, values: Mapping[str, object]) -> None:
        pass

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        pass

    def on_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        pass

    def tags(self, values: Mapping[str, str]) -> None:
        pass

    def file(self, name: str, content: bytes) -> None:
        pass

    def end(self, status: RunStatus = RunStatus.FINISHED) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        pass


class NoTracker:
    """Keeps nothing."""

    def start(self, experiment: str, name: str, *, run_id: str | None = None) -> Run:
        return NoRun()

    def mirror_version(self, record: ModelRecord) -> None:
        pass

    def mirror_alias(self, slot: str, role: ModelRole, ref: Ref | None) -> None:
        pass

    def close(self) -> None:
        pass
