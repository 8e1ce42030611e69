"""Is the database as new as the code? Older ones are brought up, newer ones refused.

One process migrates, the others wait: on SQLite for the write lock, on PostgreSQL for an advisory
lock. A migration is one transaction on both, so a crash in the middle leaves the old schema.
"""

from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from learnloop.core.errors import StoreUnavailable
from learnloop.storage.sql.schema import REVISION
from learnloop.storage.sql.statements import POSTGRESQL
from learnloop.storage.sql.store import Driver

MIGRATIONS = Path(__file__).parent.parent / "migrations"

_URLS = ("sqlite://", "postgresql+psycopg://")
_LOCKS = ("BEGIN IMMEDIATE", f"SELECT pg_advisory_xact_lock({0x6C6F6F70})")


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
            if _revision(connection) == REVISION:
                return
            _refuse_newer(connection)
            if not may_migrate:
                raise StoreUnavailable(
                    f"the database is at revision {_revision(connection)}, this version needs "
                    f"{REVISION}: run `learnloop migrate`"
                )
            _upgrade(connection, driver.dialect)
    except DBAPIError as error:
        cause = error.orig if isinstance(error.orig, Exception) else error
        raise driver.translate(cause) from error
    except Exception as error:
        raise driver.translate(error) from error
    finally:
        engine.dispose()


def _upgrade(connection: Connection, dialect: int) -> None:
    # Imported here: an up-to-date database opens without it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    if dialect == POSTGRESQL:
        connection.commit()
    connection.exec_driver_sql(_LOCKS[dialect])
    if _revision(connection) == REVISION:
        connection.commit()  # another process was first
        return
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
    connection.commit()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _refuse_newer(connection: Connection) -> None:
    revision = _revision(connection)
    if revision is not None and revision > REVISION:
        raise StoreUnavailable(
            f"the database was made by a newer learnloop (revision {revision}, this version knows "
            f"{REVISION}): upgrade learnloop, or open another database"
        )
