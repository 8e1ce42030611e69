"""Where is everything kept? In memory, in an embedded SQLite file, or in PostgreSQL.

Start with `open_store`; then `memory/` for the smallest store that keeps every promise of
`learnloop.core.protocols.Store`, and `sql/schema.py` for the tables.
"""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from learnloop.core.errors import InvalidInput
from learnloop.core.protocols import Store

if TYPE_CHECKING:
    from learnloop.storage.sql.store import Driver

WAIT_SECONDS = 5.0


def open_store(
    url: str,
    *,
    migrate: bool = True,
    wait_seconds: float = WAIT_SECONDS,
    files_url: str | None = None,
) -> Store:
    """Open a store, and bring its tables up to this version.

    Args:
        url: `memory://`, `sqlite:///relative/path`, `sqlite:////absolute/path` (with
            `?synchronous=FULL` every commit survives a power cut, at a third of the speed), or
            `postgresql://user:password@host/database`.
        migrate: False refuses an older database instead of migrating it.
        wait_seconds: How long a transaction waits for a lock, or a connection for the server.
        files_url: Where the files of models lie (`storage.elsewhere`); None: in the database.

    Raises:
        InvalidInput: The URL names no store.
        StoreUnavailable: The database can't be reached or was made by a newer version, or the
            driver of PostgreSQL is not installed.

    Stability: stable.
    """
    if files_url is not None:
        from learnloop.storage.elsewhere import StoreWithFiles, open_files  # noqa: PLC0415

        files = open_files(files_url)
        return StoreWithFiles(open_store(url, migrate=migrate, wait_seconds=wait_seconds), files)
    if urlsplit(url).scheme == "memory":
        from learnloop.storage.memory import MemoryStore  # noqa: PLC0415

        return MemoryStore(wait_seconds=wait_seconds)
    from learnloop.storage.sql.migrate import ensure_schema  # noqa: PLC0415
    from learnloop.storage.sql.store import SqlStore  # noqa: PLC0415

    driver = _driver(url, wait_seconds)
    ensure_schema(driver, may_migrate=migrate)
    return SqlStore(driver)


def migrate(url: str) -> None:
    """Create or update the tables of a database.

    Raises:
        InvalidInput: The URL names no store.
        StoreUnavailable: The database can't be reached or was made by a newer version.

    Stability: stable.
    """
    open_store(url, migrate=True).close()


def _driver(url: str, wait_seconds: float) -> "Driver":
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        return _sqlite(url, wait_seconds)
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        from learnloop.storage.sql.postgres import PostgresDriver  # noqa: PLC0415

        return PostgresDriver("postgresql" + url.removeprefix(scheme), wait_seconds=wait_seconds)
    raise InvalidInput(
        f"database URL: {scheme or url!r} is none of memory://, sqlite:///path, postgresql://...",
        field="url",
    )


def _sqlite(url: str, wait_seconds: float) -> "Driver":
    from learnloop.storage.sql.sqlite import SYNCHRONOUS, SqliteDriver  # noqa: PLC0415

    parts = urlsplit(url)
    path = unquote(parts.path.removeprefix("/"))
    settings = dict(parse_qsl(parts.query))
    synchronous = settings.pop("synchronous", "NORMAL").upper()
    if parts.netloc or not path or settings or synchronous not in SYNCHRONOUS:
        raise InvalidInput(
            "database URL: write sqlite:///relative/path or sqlite:////absolute/path, with no "
            f"setting but ?synchronous={'|'.join(SYNCHRONOUS)}",
            field="url",
        )
    return SqliteDriver(Path(path), synchronous=synchronous, wait_seconds=wait_seconds)
