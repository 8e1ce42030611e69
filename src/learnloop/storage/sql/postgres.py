"""How is a PostgreSQL server used? Through psycopg 3, a few connections per process.

A reading transaction is REPEATABLE READ, so it sees one snapshot; a writing one is READ COMMITTED,
with learners locked in id order by the journeys.
"""

from typing import cast

from learnloop.core.errors import InvalidInput, LearnloopError, StoreUnavailable
from learnloop.storage.sql.session import Connection, Cursor
from learnloop.storage.sql.statements import POSTGRESQL

try:
    import psycopg
except ImportError as error:  # pragma: no cover - depends on the installation
    raise StoreUnavailable(
        "postgresql:// needs the psycopg driver: pip install 'learnloop[postgres]'"
    ) from error


class PostgresDriver:
    """The driver of one PostgreSQL database.

    Args:
        url: A libpq connection URI; its own parameters, such as
            `options=-c%20synchronous_commit%3Doff`, are passed on.
        wait_seconds: How long a connection or a lock is waited for.
    """

    dialect = POSTGRESQL
    shared = True

    def __init__(self, url: str, *, wait_seconds: float) -> None:
        self._url = url
        self._wait_seconds = wait_seconds

    def connect(self, *, write: bool) -> Connection:
        connection = psycopg.connect(
            self._url,
            autocommit=True,
            client_encoding="utf8",
            connect_timeout=max(2, round(self._wait_seconds)),
        )
        connection.execute(f"SET lock_timeout = {max(1, round(self._wait_seconds * 1000))}")
        return connection

    def begin(self, cursor: Cursor, *, write: bool) -> None:
        cursor.execute("BEGIN" if write else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self, cursor: Cursor) -> None:
        cursor.execute("COMMIT")

    def end(self, *, write: bool) -> None:
        """Nothing to hand on: the server queues writers itself."""

    def close(self) -> None:
        """Nothing runs beside the connections."""

    def is_lost(self, connection: Connection) -> bool:
        return cast("psycopg.Connection[object]", connection).closed

    def translate(self, error: Exception) -> Exception:
        if isinstance(error, LearnloopError):
            return error
        if isinstance(error, psycopg.DataError | psycopg.IntegrityError | UnicodeError):
            return InvalidInput(f"the database refuses this value: {error}")
        if isinstance(error, psycopg.Error):
            return StoreUnavailable(f"the database can't take the work now: {error}")
        return error
