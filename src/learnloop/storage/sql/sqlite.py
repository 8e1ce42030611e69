"""How is an embedded SQLite file used by many threads and processes at once?

Write-ahead logging lets readers go on beside one writer. Writers of this process take turns on a
lock; writers of other processes are waited for by asking again after fractions of a millisecond,
because SQLite's own waiting doubles its naps up to a tenth of a second. What the log has grown by
is moved into the file by a thread of its own (`checkpoint.py`).
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from learnloop.core.errors import InvalidInput, LearnloopError, StoreUnavailable
from learnloop.storage.sql.checkpoint import Checkpoints
from learnloop.storage.sql.session import Connection, Cursor
from learnloop.storage.sql.statements import SQLITE

SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_REFUSED = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    OverflowError,
    UnicodeError,
)


class SqliteDriver:
    """The driver of one database file.

    Args:
        path: The file; made with its tables when it is opened for the first time.
        synchronous: `NORMAL` survives a killed process, `FULL` a power cut too.
        wait_seconds: How long a transaction waits for its turn before it gives up.
    """

    dialect = SQLITE
    shared = False

    def __init__(self, path: Path, *, synchronous: str, wait_seconds: float) -> None:
        self.path = path
        self._synchronous = synchronous
        self._wait_seconds = wait_seconds
        self._turn = threading.Lock()
        self._checkpoints = Checkpoints(path)

    def connect(self, *, write: bool) -> Connection:
        connection = sqlite3.connect(
            self.path, timeout=0.0, isolation_level=None, check_same_thread=False
        )
        try:
            self._patiently(connection.execute, "PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            if not write:
                connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def begin(self, cursor: Cursor, *, write: bool) -> None:
        if not write:
            cursor.execute("BEGIN")
            # Only the first read takes the snapshot, and only then can the file be found busy.
            self._patiently(cursor.execute, "SELECT 1 FROM alembic_version")
            cursor.fetchall()
            return
        if not self._turn.acquire(timeout=self._wait_seconds):
            raise StoreUnavailable(f"no turn to write within {self._wait_seconds:g} s")
        try:
            self._patiently(cursor.execute, "BEGIN IMMEDIATE")
        except BaseException:
            self._turn.release()
            raise

    def commit(self, cursor: Cursor) -> None:
        cursor.execute("COMMIT")
        self._checkpoints.after_commit()

    def end(self, *, write: bool) -> None:
        if write:
            self._turn.release()

    def close(self) -> None:
        self._checkpoints.close()

    def is_lost(self, connection: Connection) -> bool:
        return not (isinstance(connection, sqlite3.Connection) and connection.in_transaction)

    def translate(self, error: Exception) -> Exception:
        if isinstance(error, LearnloopError):
            return error
        if isinstance(error, _REFUSED):
            return InvalidInput(f"the database refuses this value: {error}")
        if isinstance(error, sqlite3.Error):
            return StoreUnavailable(f"the database can't take the work now: {error}")
        return error

    def _patiently(self, execute: Callable[[str], object], sql: str) -> None:
        """Execute, asking again while another process holds the file."""
        give_up = 0.0
        while True:
            try:
                execute(sql)
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _BUSY:
                    raise
                now = time.monotonic()
                give_up = give_up or now + self._wait_seconds
                if now > give_up:
                    raise
                time.sleep(0.0002)
