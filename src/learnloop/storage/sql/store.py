"""When is something kept? A transaction commits on a pooled connection, or leaves no trace.

Connections wait in a list, last in first out; one that failed is closed, never reused, so a
restarted server or an emptied disk is met with a fresh connection at the next `begin`.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from learnloop.core.errors import StoreUnavailable
from learnloop.storage.sql.session import Connection, Cursor, Session
from learnloop.storage.sql.transaction import SqlTransaction

MAX_IDLE = 16


class Driver(Protocol):
    """What the databases do differently.

    Attributes:
        dialect: Index into a `Statement`.
        shared: Reading and writing transactions use the same connections.
    """

    dialect: int
    shared: bool

    def connect(self, *, write: bool) -> Connection:
        """A new connection."""
        ...

    def begin(self, cursor: Cursor, *, write: bool) -> None:
        """Start a transaction; a writer waits a bounded time for its turn, or raises."""
        ...

    def commit(self, cursor: Cursor) -> None:
        """Make the transaction durable."""
        ...

    def end(self, *, write: bool) -> None:
        """A transaction that had begun is over, one way or the other."""
        ...

    def close(self) -> None:
        """End what runs beside the transactions."""
        ...

    def is_lost(self, connection: Connection) -> bool:
        """Has the connection no transaction any more?"""
        ...

    def translate(self, error: Exception) -> Exception:
        """The error of ours that a driver's error means."""
        ...


class _Link:
    __slots__ = ("connection", "cursor")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.cursor: Cursor = connection.cursor()


class SqlStore:
    """A `learnloop.core.protocols.Store` on SQLite or PostgreSQL; safe to share among threads."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._idle: dict[bool, deque[_Link]] = {False: deque(), True: deque()}
        self._closed = False

    @contextmanager
    def begin(self, *, write: bool = True) -> Iterator[SqlTransaction]:
        """One transaction: committed when the block ends, undone when it raises.

        A transaction that only reads sees one snapshot and never waits for writers. An error of
        the store dooms the transaction, unless the savepoint around it is undone.

        Raises:
            StoreUnavailable: The database is locked, full or away; nothing was changed. When the
                connection breaks during the commit itself, whether it happened can't be known:
                send the same again, duplicates are recognised.
        """
        driver = self._driver
        link = self._begun(write)
        connection = link.connection
        session = Session(
            driver.dialect, link.cursor, driver.translate, lambda: driver.is_lost(connection)
        )
        clean = False
        try:
            yield SqlTransaction(session)
            self._commit(link, session)
            clean = True
        except BaseException:
            clean = self._rolled_back(link, session)
            raise
        finally:
            self._release(link, write, clean)

    def close(self) -> None:
        """Close every idle connection; the store can't be used again."""
        self._closed = True
        self._driver.close()
        self._drop_idle()

    def _begun(self, write: bool) -> _Link:
        while True:
            link, fresh = self._link(write)
            try:
                self._driver.begin(link.cursor, write=write)
                return link
            except Exception as error:
                stale = not fresh and self._driver.is_lost(link.connection)
                _close(link)
                if not stale:
                    raise self._driver.translate(error) from error
                self._drop_idle()

    def _link(self, write: bool) -> tuple[_Link, bool]:
        if self._closed:
            raise StoreUnavailable("this store was closed; open another one")
        try:
            return self._idle[write or self._driver.shared].pop(), False
        except IndexError:
            pass
        try:
            return _Link(self._driver.connect(write=write)), True
        except Exception as error:
            raise self._driver.translate(error) from error

    def _commit(self, link: _Link, session: Session) -> None:
        if session.failed:
            raise StoreUnavailable(
                "a statement of this transaction failed, so nothing of it was kept"
            )
        try:
            self._driver.commit(link.cursor)
        except Exception as error:
            session.lost = True
            raise self._driver.translate(error) from error

    def _rolled_back(self, link: _Link, session: Session) -> bool:
        if session.lost:
            return False
        try:
            link.cursor.execute("ROLLBACK")
        except Exception:
            return False
        return True

    def _release(self, link: _Link, write: bool, clean: bool) -> None:
        idle = self._idle[write or self._driver.shared]
        if clean and not self._closed and len(idle) < MAX_IDLE:
            idle.append(link)
        else:
            _close(link)
        self._driver.end(write=write)

    def _drop_idle(self) -> None:
        for idle in self._idle.values():
            while idle:
                with suppress(IndexError):
                    _close(idle.pop())


def _close(link: _Link) -> None:
    with suppress(Exception):
        link.connection.close()
