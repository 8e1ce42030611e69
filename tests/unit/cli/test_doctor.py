"""Does the doctor find what is planted, and say what to do?"""

import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from learnloop.cli import checks
from learnloop.cli.checks import Status
from learnloop.cli.demo_folder import DemoFolder
from learnloop.journeys.engine import PersonalizationEngine

Learnloop = Callable[..., Any]


@pytest.fixture
def own(demo: DemoFolder, elsewhere: Path) -> Path:
    """A copy of the demo's database, to break."""
    path = elsewhere / "own.db"
    path.write_bytes((demo.path / "learnloop.db").read_bytes())
    return path


def found(learnloop: Learnloop, database: Path | str, *more: str) -> tuple[int, dict[str, Any]]:
    url = f"sqlite:///{database}" if isinstance(database, Path) else database
    done = learnloop("doctor", "--database", url, "--json", *more)
    return done.code, {check["name"]: check for check in done.json}


def test_a_healthy_database_is_ok(own: Path, learnloop: Learnloop) -> None:
    code, found_ = found(learnloop, own)
    assert code == 0
    for name in ("python", "packages", "settings", "folder", "database", "model"):
        assert found_[name]["status"] == "ok", found_[name]
    assert "interactions" in found_["database"]["found"]


def test_a_table_shows_the_same(own: Path, learnloop: Learnloop) -> None:
    shown = learnloop("doctor", "--database", f"sqlite:///{own}").out
    assert "interactions" in shown
    assert "python" in shown


def test_a_missing_database_is_a_warning_and_is_not_made(
    elsewhere: Path, learnloop: Learnloop
) -> None:
    code, found_ = found(learnloop, elsewhere / "none.db")
    assert code == 0
    assert found_["database"]["status"] == "warn"
    assert "learnloop demo" in found_["database"]["to_do"]
    assert not list(elsewhere.iterdir())


def test_a_port_in_use_is_found(own: Path, learnloop: Learnloop) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        check = found(learnloop, own, "--port", str(port))[1]["port"]
    assert check["status"] == "warn"
    assert str(port) in check["found"]
    assert "--port" in check["to_do"]


def test_a_locked_database_is_found(own: Path, learnloop: Learnloop) -> None:
    connection = sqlite3.connect(own, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    code, found_ = found(learnloop, own)
    connection.close()
    assert code == 1
    assert found_["database"]["status"] == "fail"
    assert "lock" in found_["database"]["found"]
    assert "stop what else uses" in found_["database"]["to_do"]


def test_a_newer_database_is_found_and_left_as_it_is(own: Path, learnloop: Learnloop) -> None:
    connection = sqlite3.connect(own)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    code, found_ = found(learnloop, own)
    assert code == 1
    assert "newer learnloop" in found_["database"]["found"]
    assert "upgrade" in found_["database"]["to_do"]


def test_what_is_no_database_is_found(elsewhere: Path, learnloop: Learnloop) -> None:
    (elsewhere / "letter.db").write_text("Dear Ada, " * 100)
    code, found_ = found(learnloop, elsewhere / "letter.db")
    assert code == 1
    assert "not a database" in found_["database"]["found"]


def test_an_empty_database_wants_a_catalog(elsewhere: Path, learnloop: Learnloop) -> None:
    PersonalizationEngine.open("sqlite:///empty.db").close()
    check = found(learnloop, elsewhere / "empty.db")[1]["database"]
    assert check["status"] == "warn"
    assert "--format catalog" in check["to_do"]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@127.0.0.1:1/school",
        "postgresql://127.0.0.1:1/school?password=secret",
    ],
)
def test_an_unreachable_server_is_found_and_no_password_shown(
    url: str, learnloop: Learnloop
) -> None:
    code, found_ = found(learnloop, url)
    assert code == 1
    assert found_["database"]["status"] == "fail"
    assert "secret" not in str(found_)


def test_a_folder_that_is_not_there_is_found(elsewhere: Path, learnloop: Learnloop) -> None:
    code, found_ = found(learnloop, elsewhere / "gone" / "x.db")
    assert code == 1
    assert found_["folder"]["status"] == "fail"


def test_a_misspelt_setting_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.variables().status is Status.OK
    monkeypatch.setenv("LEARNLOOP_DATABSE_URL", "sqlite:///x.db")
    check = checks.variables()
    assert check.status is Status.WARN
    assert "LEARNLOOP_DATABSE_URL" in check.found
    assert "LEARNLOOP_DATABASE_URL" in check.to_do


def test_a_missing_part_is_a_warning() -> None:
    check = checks.part("magic", "learnloop_magic", "tricks", "pip install magic")
    assert check.status is Status.WARN
    assert "tricks" in check.found


def test_little_space_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sizes = {1 << 40: Status.OK, 500 << 20: Status.WARN, 1 << 20: Status.FAIL}
    for free, status in sizes.items():
        usage = SimpleNamespace(free=free)
        monkeypatch.setattr("shutil.disk_usage", lambda _, usage=usage: usage)
        assert checks.disk(tmp_path / "x.db").status is status
