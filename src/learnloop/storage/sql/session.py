"""How does one transaction talk to its database? Prepared text in, plain rows out.

Every driver error leaves as an error of ours. When an error has cost the whole transaction (a full
disk can make SQLite roll back by itself), every later statement is refused too: run outside of a
transaction it would be kept alone.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from learnloop.core.errors import StoreUnavailable
from learnloop.storage.sql.rows.cells import Row
from learnloop.storage.sql.statements import POSTGRESQL, Statement


class Cursor(Protocol):
    """What is used of a driver's cursor."""

    @property
    def rowcount(self) -> int: ...

    def execute(self, sql: str, parameters: Any = ..., /) -> object: ...

    def executemany(self, sql: str, rows: Any, /) -> object: ...

    def fetchall(self) -> list[Any]: ...

    def fetchone(self) -> Any: ...


class Connection(Protocol):
    """What is used of a driver's connection."""

    def cursor(self) -> Any: ...

    def close(self) -> None: ...


class Session:
    """The statements of one transaction.

    Attributes:
        dialect: Index into a `Statement`.
        failed: A statement failed, so what came before it must not be committed alone.
        lost: The database has given the whole transaction up.
    """

    __slots__ = ("_cursor", "_is_lost", "_translate", "depth", "dialect", "failed", "lost")

    def __init__(
        self,
        dialect: int,
        cursor: Cursor,
        translate: Callable[[Exception], Exception],
        is_lost: Callable[[], bool],
    ) -> None:
        self.dialect = dialect
        self.failed = False
        self.lost = False
        self.depth = 0
        self._cursor = cursor
        self._translate = translate
        self._is_lost = is_lost

    def rows(self, statement: Statement, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of a query."""
        try:
            self._cursor.execute(statement[self.dialect], parameters)
            return self._cursor.fetchall()
        except Exception as error:
            raise self._ours(error) from error

    def row(self, statement: Statement, parameters: Sequence[object] = ()) -> Row | None:
        """The first row of a query that finds at most one."""
        rows = self.rows(statement, parameters)
        return rows[0] if rows else None

    def each(
        self, statement: Statement, values: Iterable[str], before: Sequence[object] = ()
    ) -> list[Row]:
        """The rows of every value, the statement's last parameter.

        PostgreSQL takes them as one array. SQLite has no round trips to save, and finds one after
        the other in half the time that it takes to read a list.
        """
        if self.dialect == POSTGRESQL:
            return self.rows(statement, (*before, list(values)))
        return [row for value in values for row in self.rows(statement, (*before, value))]

    def run(self, statement: Statement, parameters: Sequence[object] = ()) -> int:
        """Execute; returns how many rows it touched."""
        try:
            self._cursor.execute(statement[self.dialect], parameters)
            return self._cursor.rowcount
        except Exception as error:
            raise self._ours(error) from error

    def many(self, statement: Statement, rows: Sequence[Row]) -> int:
        """Execute once per row; returns how many rows were touched in all."""
        if not rows:
            return 0
        try:
            self._cursor.executemany(statement[self.dialect], rows)
            return self._cursor.rowcount
        except Exception as error:
            raise self._ours(error) from error

    def command(self, sql: str) -> None:
        """Execute a command that gives no rows, such as SAVEPOINT."""
        self.run(Statement(sql, sql))

    def _ours(self, error: Exception) -> Exception:
        self.failed = True
        if not self.lost and self._is_lost():
            self.lost = True
            self._cursor = _LostCursor()
        return self._translate(error)


class _LostCursor:
    """Stands in for the cursor of a transaction that the database has given up."""

    rowcount = 0

    def execute(self, _sql: str, _parameters: Any = ()) -> object:
        raise StoreUnavailable("the database gave this transaction up; nothing of it was kept")

    executemany = execute

    def fetchall(self) -> list[Any]:
        return []

    def fetchone(self) -> Any:
        return None
