"""Do the migrations build what the schema says, once, and on the right databases only?"""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from learnloop.core.errors import StoreUnavailable
from learnloop.core.protocols import Store
from learnloop.storage import migrate, open_store
from learnloop.storage.sql.migrate import MIGRATIONS
from learnloop.storage.sql.schema import REVISION, metadata
from learnloop.testing import builders as make
from learnloop.testing.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that has never been opened."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


def _execute(url: str, sql: str) -> list[tuple[object, ...]]:
    connection: sqlite3.Connection | psycopg.Connection
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    else:
        connection = psycopg.connect(url, autocommit=True)
    with closing(connection):
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def test_the_newest_migration_is_the_one_that_the_code_expects() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [REVISION]


def test_the_migrated_tables_are_those_of_the_schema(empty_url: str) -> None:
    migrate(empty_url)
    engine = create_engine(empty_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_text_sorts_by_code_point(new_postgres_url: Callable[[], str]) -> None:
    sql = """SELECT table_name, column_name FROM information_schema.columns
             WHERE table_schema = 'public' AND data_type = 'text' AND collation_name <> 'C'"""
    assert _execute(new_postgres_url(), sql) == []


def test_opening_migrates_and_opening_again_keeps_everything(empty_url: str) -> None:
    for n in (1, 2):
        store = open_store(empty_url)
        with store.begin() as tx:
            tx.learners.put(make.a_learner(f"learner {n}"))
            assert len(tx.learners.page(None, 9)) == n
        store.close()


def test_an_empty_database_is_refused_when_it_must_not_be_migrated(empty_url: str) -> None:
    with pytest.raises(StoreUnavailable, match="migrate"):
        open_store(empty_url, migrate=False)
    migrate(empty_url)
    open_store(empty_url, migrate=False).close()


def test_a_newer_database_is_refused(empty_url: str) -> None:
    migrate(empty_url)
    _execute(empty_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match=r"newer learnloop .*9999"):
        open_store(empty_url)


def test_a_migration_that_fails_leaves_nothing(empty_url: str) -> None:
    _execute(empty_url, "CREATE TABLE audit (x INTEGER)")
    with pytest.raises(StoreUnavailable):
        open_store(empty_url)
    with pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedTable)):
        _execute(empty_url, "SELECT * FROM learners")
    _execute(empty_url, "DROP TABLE audit")
    open_store(empty_url).close()


def test_many_can_open_a_new_database_at_once(empty_url: str) -> None:
    n = 6
    start = threading.Barrier(n)
    stores: list[Store] = []

    def open_it() -> None:
        start.wait()
        stores.append(open_store(empty_url))

    openers = [threading.Thread(target=open_it) for _ in range(n)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert len(stores) == n
    for k, store in enumerate(stores):
        with store.begin() as tx:
            tx.learners.put(make.a_learner(f"learner {k}"))
    with stores[0].begin(write=False) as tx:
        assert len(tx.learners.page(None, 99)) == n
    for store in stores:
        store.close()
