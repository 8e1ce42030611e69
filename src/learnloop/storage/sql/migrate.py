"""Is the database as new as the code? Older ones are brought up, newer ones refused.

One process migrates, the others wait: on SQLite for the write lock, on PostgreSQL for an advisory
lock. A migration is one transaction on both, so a crash in the middle leaves the old schema.
"""

import threading
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from learnloop.core.errors import StoreUnavailable
from learnloop.storage.sql.schema import REVISION
from learnloop.storage.sql.session import Cursor
from learnloop.storage.sql.statements import POSTGRESQL
from learnloop.storage.sql.store import Driver

MIGRATIONS = Path(__file__).parent.parent / "migrations"

_URLS = ("sqlite://", "postgresql+psycopg://")
_ONE_AT_A_TIME = threading.Lock()  # Alembic's context is one per process
_LOCK = f"SELECT pg_advisory_xact_lock({0x6C6F6F70})"


def ensure_schema(driver: Driver, *, may_migrate: bool = True) -> None:
    """Bring the database to the code's revision.

    Raises:
        StoreUnavailable: The database can't be reached, was made by a newer version, or is older
            and `may_migrate` is False.
    """
    engine = create_engine(
        _URLS[driver.dialect], creator=lambda: driver.connect(write=True), poolclass=NullPool
    )
    try:
        with engine.connect() as connection:
            if not _is_current(connection, may_migrate):
                _upgrade(driver, connection)
    except DBAPIError as error:
        cause = error.orig if isinstance(error.orig, Exception) else error
        raise driver.translate(cause) from error
    except Exception as error:
        raise driver.translate(error) from error


def _upgrade(driver: Driver, connection: Connection) -> None:
    cursor = cast("Cursor", connection.connection.cursor())
    driver.begin(cursor, write=True)
    try:
        if driver.dialect == POSTGRESQL:
            cursor.execute("SET LOCAL lock_timeout = 0")
            cursor.execute(_LOCK)
        if not _is_current(connection, may_migrate=True):  # another process may have been first
            _run_migrations(connection)
        driver.commit(cursor)
    finally:
        driver.end(write=True)


def _run_migrations(connection: Connection) -> None:
    # Imported here: an up-to-date database opens without it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")


def _is_current(connection: Connection, may_migrate: bool) -> bool:
    revision = None
    if inspect(connection).has_table("alembic_version"):
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision is not None and revision > REVISION:
        raise StoreUnavailable(
            f"the database was made by a newer learnloop (revision {revision}, this version knows "
            f"{REVISION}): upgrade learnloop, or open another database"
        )
    if revision != REVISION and not may_migrate:
        raise StoreUnavailable(
            f"the database is at revision {revision}, this version needs {REVISION}: migrate it "
            "with learnloop.storage.migrate(url)"
        )
    return revision == REVISION
