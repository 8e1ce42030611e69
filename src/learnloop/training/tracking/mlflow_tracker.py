"""How are runs kept in MLflow without waiting for it? Everything said is written down first.

Writing a line takes microseconds; `sender.py` tells it. If the folder can't be written to (a full
disk), what is said is lost, and that is logged once: a fit is worth more than its diary.
"""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import structlog

from learnloop.core.ids import rising_id
from learnloop.core.registry import ModelRecord, ModelRole
from learnloop.core.types import Ref
from learnloop.training.tracking.mlflow import MlflowService
from learnloop.training.tracking.sender import Flushed, Sender, flush_folder
from learnloop.training.tracking.spool import drop_contents, new_file
from learnloop.training.tracking.tracker import RunStatus

PATIENCE_S, PATIENCE_WITH_A_FILE_S = 10.0, 60.0  # a new database takes a while, and can't hang

_log = structlog.get_logger("learnloop.tracking")


class MlflowTracker:
    """Runs in MLflow: a server (`http://...`) or a database (`sqlite:///...`).

    Args:
        url: Of the server or database.
        folder: Where what is to be told waits, and where the files of a local database are.
        patience_s: How long `close` waits at most; by default 10 s for a server.

    Raises:
        InvalidInput: MLflow is not installed.
    """

    def __init__(self, url: str, folder: Path, *, patience_s: float | None = None) -> None:
        by_default = PATIENCE_S if re.match("https?:", url) else PATIENCE_WITH_A_FILE_S
        self.patience_s = by_default if patience_s is None else patience_s
        service = MlflowService(url, folder)
        self._spool = new_file(folder / "spool")
        self._sender = Sender(service, self._spool)
        self._can_write = True

    @property
    def n_failures(self) -> int:
        """How often the server did not answer."""
        return self._sender.n_failures

    def start(self, experiment: str, name: str, *, run_id: str | None = None) -> "MlflowRun":
        """Begin a run, or go on with that of the id."""
        run = MlflowRun(self, experiment, run_id or rising_id())
        self.say("start", run.id, experiment=experiment, name=name)
        return run

    def mirror_version(self, record: ModelRecord) -> None:
        """Show a version: a registered model's version with its `Ref` as a tag."""
        self.say(
            "version",
            None,
            model=record.ref.name,
            version=record.ref.version,
            sha256=record.sha256,
            metrics=dict(record.metrics),
        )

    def mirror_alias(self, slot: str, role: ModelRole, ref: Ref | None) -> None:
        """Show who plays a role: the alias `SLOT-ROLE` of the registered model."""
        name, version = (None, None) if ref is None else (ref.name, ref.version)
        self.say("alias", None, slot=slot, role=role.value, model=name, version=version)

    def close(self) -> None:
        """Tell what is left to tell, for `patience_s` at most; the rest is kept."""
        if self._sender.close(self.patience_s):
            self._spool.close()
            drop_contents(self._spool.path.parent)

    def say(self, what: str, run: str | None, **about: Any) -> None:
        """Write down what is to be told."""
        try:
            content = about.pop("content", None)
            if content is not None:
                about["content"] = self._spool.keep(content)
            at_ms = time.time_ns() // 1_000_000
            self._spool.append({"say": what, "run": run, "at_ms": at_ms, **about})
        except OSError as error:
            if self._can_write:
                _log.warning("tracking_lost", error=str(error))
            self._can_write = False
        else:
            self._can_write = True
            self._sender.wake()


class MlflowRun:
    """One run; see `Run`."""

    def __init__(self, tracker: MlflowTracker, experiment: str, run_id: str) -> None:
        self.id = run_id
        self._tracker = tracker
        self._experiment = experiment

    def params(self, values: Mapping[str, object]) -> None:
        self._say("params", values={name: str(value) for name, value in values.items()})

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        self._say("metrics", values={k: float(v) for k, v in values.items()}, step=step)

    def on_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        self.metrics(metrics, step=epoch)

    def tags(self, values: Mapping[str, str]) -> None:
        self._say("tags", values=dict(values))

    def file(self, name: str, content: bytes) -> None:
        self._say("file", name=name, content=content)

    def end(self, status: RunStatus = RunStatus.FINISHED) -> None:
        self._say("end", status=status.value)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if error is None:
            self.end()
        else:
            self.end(RunStatus.FAILED if isinstance(error, Exception) else RunStatus.KILLED)

    def _say(self, what: str, **about: Any) -> None:
        self._tracker.say(what, self.id, experiment=self._experiment, **about)


def flush(url: str, folder: Path) -> Flushed:
    """Tell what earlier processes have left.

    Raises:
        InvalidInput: MLflow is not installed.
        TrackingUnavailable: The server does not answer; what is left is kept.
    """
    return flush_folder(MlflowService(url, folder), folder / "spool")
