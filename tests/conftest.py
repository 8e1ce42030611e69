"""What do all tests share? A real PostgreSQL server, started when a test first asks for it."""

import os
from collections.abc import Callable, Iterator

import pytest

from learnloop.storage import migrate
from learnloop.testing.postgres import PostgresServer, find_binaries


@pytest.fixture(scope="session")
def postgres_is_installed() -> None:
    """Skips the test where PostgreSQL is missing; where CI is set, that is a failure."""
    if find_binaries() is None:
        message = "PostgreSQL is not installed: no pg_ctl on the PATH (apt install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture(scope="session")
def postgres(postgres_is_installed: None) -> Iterator[PostgresServer]:
    """A server of its own for this test process."""
    server = PostgresServer(fsync="off", max_connections="50")
    yield server
    server.remove()


@pytest.fixture(scope="session")
def new_postgres_url(postgres: PostgresServer) -> Callable[[], str]:
    """Call it for the URL of a new, empty, migrated database."""
    template = postgres.new_database()
    migrate(template)
    return lambda: postgres.new_database(template)
