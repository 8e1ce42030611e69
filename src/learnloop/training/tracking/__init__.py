"""What was tried, and how did it go? Runs with params, metrics and files, kept by a tracker.

Start with `tracker.py`. Training never waits for a tracking server: `mlflow_tracker.py` writes
down what is to be told (`spool.py`), and a thread tells it (`sender.py`) to MLflow (`mlflow.py`).
What could not be told stays written down, for the next run or `learnloop tracking flush`.
"""

from pathlib import Path

from learnloop.core.errors import InvalidInput
from learnloop.training.tracking.mlflow_tracker import MlflowTracker
from learnloop.training.tracking.sender import Flushed, TrackingUnavailable
from learnloop.training.tracking.tracker import NoTracker, Run, RunStatus, Tracker

__all__ = [
    "Flushed",
    "MlflowTracker",
    "NoTracker",
    "Run",
    "RunStatus",
    "Tracker",
    "TrackingUnavailable",
    "open_tracker",
]


def open_tracker(kind: str, url: str, folder: Path) -> Tracker:
    """The tracker of the settings.

    Args:
        kind: `none` or `mlflow`.
        url: Of the MLflow server or database.
        folder: Where what is to be told waits.

    Raises:
        InvalidInput: There is no such kind, or MLflow is not installed.
    """
    if kind == "none":
        return NoTracker()
    if kind == "mlflow":
        return MlflowTracker(url, folder)
    raise InvalidInput(f"tracking: {kind!r} is neither none nor mlflow", field="tracking")
