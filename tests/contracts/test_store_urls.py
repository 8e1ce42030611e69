"""Which URLs open a store, and what do the others say?"""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from learnloop.core.errors import InvalidInput, StoreUnavailable
from learnloop.storage import open_store
from learnloop.testing import builders as make


@pytest.mark.parametrize(
    "url",
    [
        "",
        "store.db",
        "mysql://host/db",
        "sqlite://",
        "sqlite:///",
        "sqlite://host/file.db",
        "sqlite:///file.db?synchronous=SOMETIMES",
        "sqlite:///file.db?cache=shared",
    ],
)
def test_other_urls_are_refused_with_advice(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"sqlite:///|none of") as refused:
        open_store(url)
    assert refused.value.field == "url"


def test_a_relative_path_and_odd_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data 100%").mkdir()
    open_store("sqlite:///data 100%25/störe.db").close()
    assert (tmp_path / "data 100%" / "störe.db").exists()


@pytest.mark.parametrize(("setting", "level"), [("", 1), ("?synchronous=FULL", 2)])
def test_durability_is_a_setting(tmp_path: Path, setting: str, level: int) -> None:
    store = open_store(f"sqlite:///{tmp_path}/store.db{setting}")
    with store.begin() as tx:
        cursor = tx._session._cursor  # type: ignore[attr-defined]
        assert cursor.execute("PRAGMA synchronous").fetchall() == [(level,)]
        assert cursor.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
    store.close()


def test_a_missing_folder_is_named_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="unable to open"):
        open_store(f"sqlite:///{tmp_path}/nowhere/store.db")


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, not a database\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="not a database"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_no_server_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        open_store(f"postgresql://nobody@/none?host={tmp_path}", wait_seconds=0.5)


def test_memory_stores_are_separate() -> None:
    one, other = open_store("memory://"), open_store("memory://")
    with one.begin() as tx:
        tx.learners.put(make.a_learner())
    with other.begin(write=False) as tx:
        assert tx.learners.page(None, 9) == []


def test_opening_in_memory_needs_no_database_library() -> None:
    code = """import sys; from learnloop.storage import open_store; open_store("memory://")
assert not {"sqlalchemy", "alembic", "psycopg"} & set(sys.modules)"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_the_driver_postgresql_says_what_to_install() -> None:
    code = """import sys; sys.modules["psycopg"] = None
from learnloop.storage import open_store
from learnloop.core.errors import StoreUnavailable
try:
    open_store("postgresql://localhost/x")
except StoreUnavailable as error:
    assert "pip install 'learnloop[postgres]'" in str(error), error
else:
    raise SystemExit("opened without a driver")"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_up_to_date_file_opens_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    open_store(url).close()
    code = f"""import sys; from learnloop.storage import open_store; open_store({url!r})
assert "alembic" not in sys.modules"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert sqlite3.connect(tmp_path / "store.db").close() is None
