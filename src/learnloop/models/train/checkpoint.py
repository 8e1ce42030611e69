"""How does a run go on after a kill? From the newest file whose hash is right.

A checkpoint is one npz: arrays (weights, the optimizer's, the state of chance, the best weights so
far), and `about`, JSON as bytes. Best and last are in one file, so they can't be out of step. Its
name is the number of steps done and the SHA-256 of its bytes. It is written under another name,
flushed to the disk and renamed: a kill at any point leaves the old one, the new one, or both. Two
are kept, so that one may be corrupt.

Nothing is pickled: reading a checkpoint runs no code.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from learnloop.core.arrays import Arrays, from_bytes, to_bytes
from learnloop.core.errors import ArtifactError

KEPT = 2
_NAME = re.compile(r"(\d{12})-([0-9a-f]{64})\.npz")
_ABOUT = "about"
_log = structlog.get_logger("learnloop.train")


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A place in training from which it goes on.

    Attributes:
        arrays: By name, with the parts before the first `/`: see `loop.py`.
        about: Plain JSON values; NaN is allowed.
    """

    arrays: Arrays
    about: Mapping[str, Any]

    def part(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays whose names begin with `name/`, without it."""
        begin = f"{name}/"
        return {k.removeprefix(begin): a for k, a in self.arrays.items() if k.startswith(begin)}


class Checkpoints:
    """The checkpoints of one run, in a folder of their own.

    Args:
        folder: Made where it is missing.
        every_s: How much work a kill may cost, in seconds; 0 keeps one after every batch.
    """

    def __init__(self, folder: Path, every_s: float = 30.0) -> None:
        self.folder, self.every_s = folder, every_s
        self._kept_at = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether `every_s` have passed since the last one."""
        return time.monotonic() - self._kept_at >= self.every_s

    def save(self, step: int, checkpoint: Checkpoint) -> None:
        """Keep it, and drop what is older than the one before.

        A disk that is full is logged and not raised: the run is worth more than its checkpoint.
        """
        about = np.frombuffer(json.dumps(dict(checkpoint.about)).encode(), dtype=np.uint8)
        data = to_bytes({**checkpoint.arrays, _ABOUT: about})
        target = self.folder / f"{step:012d}-{hashlib.sha256(data).hexdigest()}.npz"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(target, data)
            for old in self._newest_first()[KEPT:]:
                old.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("checkpoint_not_kept", file=target.name, reason=error.strerror)
        self._kept_at = time.monotonic()

    def latest(self) -> Checkpoint | None:
        """The newest that is whole; None where there is none. Those that are not are logged."""
        for path in self._newest_first():
            try:
                return read(path)
            except ArtifactError as error:
                _log.warning("checkpoint_refused", file=path.name, reason=error.message)
        return None

    def _newest_first(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        found = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        return sorted(found, key=lambda path: path.name, reverse=True)


def read(path: Path) -> Checkpoint:
    """One checkpoint.

    Raises:
        ArtifactError: It is cut off, changed, or no checkpoint; the message names the file.
    """
    named = _NAME.fullmatch(path.name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path}: {error.strerror}") from None
    if named is None or hashlib.sha256(data).hexdigest() != named[2]:
        raise ArtifactError(f"{path} is corrupt: its hash is not that of its name")
    arrays = from_bytes(data)
    return Checkpoint(arrays, json.loads(arrays.pop(_ABOUT).tobytes()))


def _write(target: Path, data: bytes) -> None:
    """All of it or nothing, and on the disk when this returns."""
    staged = target.with_name(".writing")  # what a kill left there is written over
    try:
        with staged.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
