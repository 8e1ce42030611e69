"""Where journey tests keep things: a fresh memory, SQLite file or PostgreSQL database."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest


@pytest.fixture
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Call it with memory, sqlite or postgres for the URL of an empty database."""

    def url(kind: str) -> str:
        if kind == "memory":
            return "memory://"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / uuid4().hex}.db"
        new_postgres_url: Callable[[], str] = request.getfixturevalue("new_postgres_url")
        return new_postgres_url()

    return url
