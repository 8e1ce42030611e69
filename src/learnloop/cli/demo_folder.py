"""What has the demo put where, and what may be deleted again? One folder with a marker file.

The marker is written first, so that a folder left half made is known as the demo's and made anew.
Only the files named here are ever deleted; a folder without the marker is not touched.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from learnloop.cli.database import sqlite_url
from learnloop.core.errors import DataError
from learnloop.journeys.demo import CLASS, DemoAccess, fill
from learnloop.journeys.engine import PersonalizationEngine

MARKER = "learnloop-demo.json"
DATABASE = "learnloop.db"
N_LEARNERS = len(CLASS)
FILES = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal", MARKER)


class DemoFolder:
    """The folder of one demo."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def url(self) -> str:
        """The demo's database."""
        return sqlite_url(self.path / DATABASE)

    def access(self) -> DemoAccess | None:
        """How to look around in a demo that is there; None where none is, or only a part of it."""
        marker = self.path / MARKER
        if not marker.exists() or not (self.path / DATABASE).exists():
            return None
        try:
            return DemoAccess(**json.loads(marker.read_text("utf-8")))
        except (ValueError, TypeError):
            return None

    def make(self, on_progress: Callable[[int], None]) -> DemoAccess:
        """Fill the folder, anew if there is half a demo in it.

        Args:
            on_progress: Told how many of the `N_LEARNERS` learners are done.

        Raises:
            DataError: The folder holds files that are not the demo's, or can't be written to.
        """
        if self.path.is_dir() and any(self.path.iterdir()):
            self.delete()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._mark("{}")
        except OSError as error:
            raise DataError(f"can't make the demo in {self.path}: {error.strerror}") from error
        with PersonalizationEngine.open(self.url) as engine:
            access = fill(engine, on_progress)
        self._mark(json.dumps(asdict(access), indent=2))
        return access

    def delete(self) -> list[Path]:
        """Delete what the demo made; the folder too, when nothing else is in it.

        Returns:
            What was left because it is not the demo's.

        Raises:
            DataError: The folder is no demo's.
        """
        if not (self.path / MARKER).is_file():
            raise DataError(
                f"{self.path} is no demo folder (no {MARKER} in it); nothing is deleted"
            )
        for name in FILES:
            (self.path / name).unlink(missing_ok=True)
        left = sorted(self.path.iterdir())
        if not left:
            self.path.rmdir()
        return left

    def _mark(self, text: str) -> None:
        marker = self.path / MARKER
        marker.touch(mode=0o600)  # it holds keys
        marker.write_text(text, "utf-8")
