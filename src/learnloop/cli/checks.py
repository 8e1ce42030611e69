"""What could be wrong with this machine or database? One function per question.

Each answers with a `Check`: ok, warn (something won't work that may not be wanted) or fail, in
words that say what to do.
"""

import os
import re
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata, util
from pathlib import Path

from learnloop.cli.database import settings, sqlite_path
from learnloop.core.errors import ArtifactError, LearnloopError

MIN_PYTHON = (3, 11)
FOR_TESTS = {"LEARNLOOP_DATA"}
WAIT_SECONDS = 1.0
LITTLE_SPACE, NO_SPACE = 1 << 30, 64 << 20


class Status(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One answered question: what was looked at, how it is, and what to do."""

    name: str
    status: Status
    found: str
    to_do: str = ""


def every_check(database: str | None, port: int) -> list[Check]:
    """All checks, in the order in which trouble usually comes."""
    url = settings(database).database_url
    return [
        python(),
        packages(),
        variables(),
        free_port(port),
        *([] if (path := sqlite_path(url)) is None else [folder(path), disk(path)]),
        *stored(url),
        part("postgres", "psycopg", "PostgreSQL databases", "pip install 'learnloop[postgres]'"),
        browser(),
    ]


def python() -> Check:
    """Is the interpreter new enough?"""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= MIN_PYTHON:
        return Check("python", Status.OK, found)
    return Check("python", Status.FAIL, found, "install Python 3.11 or newer")


def packages() -> Check:
    """Is everything installed that serving needs?"""
    needed = [r for r in metadata.requires("learnloop") or [] if "extra ==" not in r]
    names = [re.split(r"[^\w.-]", r, maxsplit=1)[0] for r in needed if "sys_platform" not in r]
    missing = [name for name in names if not _installed(name)]
    if missing:
        return Check("packages", Status.FAIL, f"missing: {', '.join(missing)}", "pip install .")
    return Check("packages", Status.OK, f"learnloop {metadata.version('learnloop')}, complete")


def variables() -> Check:
    """Is an environment variable spelled as no setting is?"""
    from learnloop.journeys.engine import Settings

    known = {f"LEARNLOOP_{name.upper()}" for name in Settings.model_fields}
    given = {name for name in os.environ if name.startswith("LEARNLOOP_")}
    unknown = sorted(given - known - FOR_TESTS)
    if unknown:
        to_do = f"the settings are {', '.join(sorted(known))}"
        return Check("settings", Status.WARN, f"unknown: {', '.join(unknown)}", to_do)
    return Check("settings", Status.OK, ", ".join(sorted(given & known)) or "all at their defaults")


def free_port(port: int) -> Check:
    """Could a server listen here?"""
    with socket.socket() as probe:
        try:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            to_do = "choose one above 1023, e.g. --port 8000"
            return Check("port", Status.FAIL, f"{port} is not yours to use", to_do)
        except OSError:
            to_do = "choose another, e.g. --port 8001, or stop what listens there"
            return Check("port", Status.WARN, f"{port} is in use", to_do)
    return Check("port", Status.OK, f"{port} is free")


def folder(path: Path) -> Check:
    """May the database's folder be written to?"""
    where = path.absolute().parent
    try:
        with tempfile.TemporaryFile(dir=where):
            pass
    except OSError as error:
        to_do = f"make {where} and give yourself the right to write there, or use another folder"
        return Check("folder", Status.FAIL, f"{where}: {error.strerror}", to_do)
    if path.exists() and not os.access(path, os.W_OK):
        return Check("folder", Status.FAIL, f"{path} is read-only", f"chmod u+w {path}")
    return Check("folder", Status.OK, f"{where} can be written to")


def disk(path: Path) -> Check:
    """Is there room for the database to grow?"""
    where = next(p for p in path.absolute().parents if p.exists())
    free = shutil.disk_usage(where).free
    found = f"{free / (1 << 30):.1f} GiB free"
    if free < NO_SPACE:
        return Check("disk", Status.FAIL, found, "make room: nothing can be recorded")
    if free < LITTLE_SPACE:
        return Check("disk", Status.WARN, found, "make room soon")
    return Check("disk", Status.OK, found)


def stored(url: str) -> list[Check]:
    """Does the database open, take writes, and hold a catalog and a model that loads?"""
    from learnloop.journeys.engine import PersonalizationEngine
    from learnloop.storage import open_store

    path = sqlite_path(url)
    shown = _without_password(url)
    if path is not None and not path.exists():
        to_do = "'learnloop demo' or 'learnloop import' makes one"
        return [Check("database", Status.WARN, f"{path} is not there yet", to_do)]
    try:
        # A doctor looks: it migrates nothing, and does not wait long for a lock.
        store = open_store(url, migrate=False, wait_seconds=WAIT_SECONDS)
        with PersonalizationEngine(store) as engine, engine.store.begin() as tx:
            n_items = len(tx.catalog.load()[2])
            found = f"{shown}: {n_items:,} items, {tx.interactions.count():,} interactions"
            model = str(engine.live(tx).estimator.ref)
    except ArtifactError as error:
        return [Check("model", Status.FAIL, error.message, "learnloop fit")]
    except LearnloopError as error:
        return [Check("database", Status.FAIL, f"{shown}: {error.message}", _remedy(url, error))]
    if not n_items:
        to_do = "import one: learnloop import FILE --format catalog"
        return [Check("database", Status.WARN, f"{shown} has no catalog", to_do)]
    return [Check("database", Status.OK, found), Check("model", Status.OK, f"{model} is live")]


def part(name: str, module: str, what_for: str, to_do: str) -> Check:
    """Is an optional Python package there?"""
    if util.find_spec(module) is None:
        return Check(name, Status.WARN, f"not installed; needed for {what_for}", to_do)
    return Check(name, Status.OK, f"installed: {what_for} can be used")


def browser() -> Check:
    """Is there a Chromium for the browser tests?"""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        to_do = "Debian: apt-get install chromium"
        return Check("chromium", Status.WARN, "not found; only the browser tests need it", to_do)
    return Check("chromium", Status.OK, found)


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _without_password(url: str) -> str:
    scheme, _, rest = re.sub(r"(password=)[^&]*", r"\1...", url).partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}{at}{host}"


def _remedy(url: str, error: LearnloopError) -> str:
    if "newer learnloop" in error.message:
        return "upgrade this learnloop, or name another database with --database"
    if "locked" in error.message:
        return "stop what else uses the file (a server, an import), then try again"
    if sqlite_path(url) is not None:
        return "restore the file from a backup, or name another with --database"
    return "check that the server runs and that its address, user and password are right"
