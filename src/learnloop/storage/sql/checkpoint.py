"""Who moves the write-ahead log into the database file? A thread beside the writers.

SQLite would do it inside every commit that leaves more than 1,000 pages in the log, and whoever
commits would wait for the disk. Beside the writers the same work holds nobody up. A log that is
never idle never begins anew by itself; so once it is long, the thread takes the writers' lock for
the few pages that came meanwhile.
"""

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

EVERY_S = 1.0
LONG_LOG = 16_384
"""Pages of 4 KiB each: 64 MiB."""
WAIT_S = 0.02
"""How long the thread waits for writers, and then lets them wait for readers."""

_BESIDE_WRITERS = "PRAGMA wal_checkpoint(PASSIVE)"
_ALONE = "PRAGMA wal_checkpoint(RESTART)"


class Checkpoints:
    """Moves the log of one database file, at most once a second, after something was committed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._committed = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def after_commit(self) -> None:
        """Something is in the log; only one thread at a time may say so."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, name="learnloop-checkpoints", daemon=True
            )
            self._thread.start()
        self._committed.set()

    def close(self) -> None:
        """End the thread; the last connection that closes moves what is left."""
        self._closing.set()
        self._committed.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(EVERY_S):
            self._committed.wait()
            self._committed.clear()
            with suppress(sqlite3.Error):  # a full disk, a lock: the log keeps it until next time
                self._move()

    def _move(self) -> None:
        with closing(sqlite3.connect(self._path, timeout=WAIT_S, isolation_level=None)) as file:
            _, n_pages, _ = file.execute(_BESIDE_WRITERS).fetchone()
            if n_pages >= LONG_LOG:
                file.execute(_ALONE).fetchone()
