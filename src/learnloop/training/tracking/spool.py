"""Where does what is to be told wait? In a folder of JSON lines, one file for each process.

    FOLDER/<id>.jsonl    what is to be told, in order; locked while its process lives
    FOLDER/<id>.sent     how many bytes of it have been told
    FOLDER/files/        contents of files

A file goes when all of it was told. A line that a killed process left half written was never said.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from learnloop.core.artifact import digest
from learnloop.core.ids import rising_id

if sys.platform != "win32":
    import fcntl

Entry = Mapping[str, Any]


class SpoolFile:
    """One process's lines.

    Args:
        path: The file; it is made where it is missing.

    Raises:
        BlockingIOError: Another process has it.
        OSError: It can't be opened.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._sent_path = path.with_suffix(".sent")
        self._lines = path.open("a+b")
        try:
            if sys.platform != "win32":
                fcntl.flock(self._lines, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._lines.fileno()).st_ino != path.stat().st_ino:
                raise FileNotFoundError(path)  # its owner ended in this moment
        except OSError:
            self._lines.close()
            raise
        self._sent = int(self._sent_path.read_text()) if self._sent_path.exists() else 0

    def append(self, entry: Entry) -> None:
        """Write a line; it outlives the process at once, the machine soon."""
        self._lines.write(json.dumps(entry).encode() + b"\n")
        self._lines.flush()

    def keep(self, content: bytes) -> str:
        """Keep a file's content; returns the name to read it by."""
        name = digest(content)
        folder = self.path.parent / "files"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        return name

    def content(self, name: str) -> bytes:
        """What `keep` has kept."""
        return (self.path.parent / "files" / name).read_bytes()

    def waiting(self) -> Iterator[tuple[Entry, int]]:
        """What was not told yet, each with the position behind it."""
        with self.path.open("rb") as lines:
            lines.seek(self._sent)
            position = self._sent
            for line in lines:
                if not line.endswith(b"\n"):
                    return
                position += len(line)
                yield json.loads(line), position

    def told(self, position: int) -> None:
        """Everything before the position was told."""
        staged = self._sent_path.with_suffix(".tmp")
        staged.write_text(str(position))
        os.replace(staged, self._sent_path)
        self._sent = position

    def settle(self) -> None:
        """Finish what a process that is gone left open: half a line, and runs without an end."""
        content = self.path.read_bytes()
        self._lines.truncate(content.rfind(b"\n") + 1)
        last: dict[str, Entry] = {}
        for line in content.splitlines(keepends=True):
            if line.endswith(b"\n") and (entry := json.loads(line))["run"] is not None:
                last[entry["run"]] = entry
        for entry in last.values():
            if entry["say"] != "end":
                about = {name: entry[name] for name in ("run", "experiment", "at_ms")}
                self.append({"say": "end", "status": "killed", **about})

    def close(self) -> None:
        """Give the file back; it goes if there is nothing left to tell."""
        if next(self.waiting(), None) is None:
            self.path.unlink(missing_ok=True)
            self._sent_path.unlink(missing_ok=True)
        self._lines.close()


def new_file(folder: Path) -> SpoolFile:
    """A file of this process's own."""
    return SpoolFile(folder / f"{rising_id()}.jsonl")


def left_over(folder: Path) -> Iterator[SpoolFile]:
    """What processes that are gone have left, oldest first; close each."""
    for path in sorted(folder.glob("*.jsonl")):
        try:
            yield SpoolFile(path)
        except OSError:  # another process is at it
            continue


def drop_contents(folder: Path) -> None:
    """Remove the contents of files once nothing waits."""
    if not any(folder.glob("*.jsonl")):
        for path in (folder / "files").glob("*"):
            path.unlink(missing_ok=True)
