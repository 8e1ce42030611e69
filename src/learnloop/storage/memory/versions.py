"""How do readers see one snapshot while a writer writes, with nothing but dictionaries?

Every key has a chain of versions, newest first; version numbers grow with each commit. A reader of
snapshot v takes the newest version <= v; the one writer writes v + 1, which the commit publishes by
adding one to a counter. An undo log takes a transaction, or a part of it, back.
"""

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

from learnloop.core.errors import StoreUnavailable


class _Version(NamedTuple):
    at: int
    value: Any
    before: "_Version | None"


Cells = dict[Hashable, _Version]


class Versions:
    """Named tables of versioned values, shared by all transactions of one store."""

    def __init__(self) -> None:
        self.committed = 0
        self._tables: dict[str, Cells] = {}
        self._readers: Counter[int] = Counter()
        self._mutex = threading.Lock()

    def table(self, name: str) -> Cells:
        """The cells of one table."""
        return self._tables.setdefault(name, {})

    def enter(self) -> int:
        """Pin the newest snapshot; returns its number."""
        with self._mutex:
            self._readers[self.committed] += 1
            return self.committed

    def leave(self, snapshot: int) -> None:
        """Let go of a pinned snapshot."""
        with self._mutex:
            self._readers[snapshot] -= 1
            if not self._readers[snapshot]:
                del self._readers[snapshot]

    def oldest(self) -> int:
        """The oldest snapshot that anyone can still see."""
        with self._mutex:
            return min(self._readers, default=self.committed)


class View:
    """What one transaction sees of the tables, and, for the writer, what it changes."""

    def __init__(self, versions: Versions, snapshot: int, *, write: bool) -> None:
        self._versions = versions
        self._sees = snapshot + write
        self._write = write
        self._undo: list[tuple[Cells, Hashable, _Version | None]] = []

    @property
    def mark(self) -> int:
        """A point to go back to with `undo`."""
        return len(self._undo)

    def get(self, table: str, key: Hashable, default: Any = None) -> Any:
        """The value of a key, or the default."""
        version = self._versions.table(table).get(key)
        while version is not None and version.at > self._sees:
            version = version.before
        return default if version is None or version.value is None else version.value

    def values(self, table: str) -> Iterator[Any]:
        """All values, in the order in which their keys first came."""
        for key in list(self._versions.table(table)):
            value = self.get(table, key)
            if value is not None:
                yield value

    def keys(self, table: str) -> list[Any]:
        """All keys that have a value, in the order in which they first came."""
        cells = list(self._versions.table(table))
        return [key for key in cells if self.get(table, key) is not None]

    def set(self, table: str, key: Hashable, value: Any) -> None:
        """Change a value; None removes it.

        Raises:
            StoreUnavailable: The transaction only reads.
        """
        if not self._write:
            raise StoreUnavailable("this transaction only reads: begin(write=True) to write")
        cells = self._versions.table(table)
        before = cells.get(key)
        self._undo.append((cells, key, before))
        if before is not None and before.at <= self._versions.oldest():
            before = before._replace(before=None)  # no one can see further back
        cells[key] = _Version(self._sees, value, before)

    def undo(self, mark: int = 0) -> None:
        """Take back every change since the mark."""
        while len(self._undo) > mark:
            cells, key, before = self._undo.pop()
            if before is None:
                del cells[key]
            else:
                cells[key] = before
