"""How did the epochs go? Heard from the trainer, or read from the checkpoint it goes on from."""

from collections.abc import Mapping
from pathlib import Path

from learnloop.models.train.checkpoint import Checkpoints
from learnloop.training.tracking.tracker import Run

CURVES_FILE = "curves.png"


class Epochs:
    """A trainer's tracker, which hands on what it is told.

    Args:
        run: Told of every epoch, those before a kill too.
        folder: Of the checkpoints; None: none are kept.
    """

    def __init__(self, run: Run, folder: Path | None) -> None:
        self._run = run
        self._figures: dict[int, Mapping[str, float]] = {}
        self.checkpoints: Checkpoints | None = None
        if folder is not None:
            self.checkpoints = Checkpoints(folder)
            last = self.checkpoints.latest()
            for epoch, figures in enumerate(last.about["at"]["history"] if last else ()):
                self.on_epoch(epoch, figures)

    def on_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """An epoch is over; it may be told again."""
        self._figures[epoch] = metrics
        self._run.on_epoch(epoch, metrics)

    def pictures(self) -> dict[str, bytes]:
        """The curves; nothing where there were no epochs."""
        if not self._figures:
            return {}
        from learnloop.models.train.curves import curves  # noqa: PLC0415 - matplotlib is slow

        return {CURVES_FILE: curves([self._figures[epoch] for epoch in sorted(self._figures)])}
