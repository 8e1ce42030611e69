"""Where does a test get a real PostgreSQL from? A throw-away cluster in a temporary folder.

It listens on a socket in that folder only. PostgreSQL refuses to run as root, so root runs it as
the user `postgres`, or as `nobody` where there is no such user.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from glob import glob
from pathlib import Path

from learnloop.core.errors import StoreUnavailable

SUPERUSER = "learnloop"


def find_binaries() -> Path | None:
    """The folder of `initdb` and `pg_ctl`: on the PATH, or the newest that Debian installed."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    installed = sorted(glob("/usr/lib/postgresql/*/bin/pg_ctl"))
    return Path(installed[-1]).parent if installed else None


class PostgresServer:
    """A running throw-away server.

    Args:
        settings: Server settings, e.g. `{"fsync": "off"}` for speed.

    Raises:
        StoreUnavailable: PostgreSQL is not installed.
    """

    def __init__(self, **settings: str) -> None:
        binaries = find_binaries()
        if binaries is None:
            raise StoreUnavailable("PostgreSQL is not installed: no pg_ctl on the PATH")
        self._binaries = binaries
        self._settings = settings
        self._user = _unprivileged()
        self.folder = Path(tempfile.mkdtemp(prefix="learnloop-pg-"))
        self._n_databases = 0
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        self._init()
        self.start()

    def start(self) -> None:
        """Start, or start again after a crash."""
        given = {"listen_addresses": "''", "unix_socket_directories": f"'{self.folder}'"}
        options = " ".join(f"-c {k}={v}" for k, v in (given | self._settings).items())
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", self._data, "-l", log, "-w", "-t", "60", "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop; `immediate` is a crash: nothing is written out, the next start recovers."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", mode, "stop")

    def kill(self) -> None:
        """Kill the server and its workers without a word (SIGKILL)."""
        lock = self.folder / "data" / "postmaster.pid"
        server = int(lock.read_text().split()[0])
        pids = (server, *_children(server))
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(map(_runs, pids)):
            time.sleep(0.001)
        # Where no one collects dead processes their ids look alive to the next start.
        for stale in (lock, *self.folder.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)

    def new_database(self, template: str | None = None, *, folder: Path | None = None) -> str:
        """Create a database, empty or a copy of another one of this server; returns its URL.

        Args:
            template: URL of the database to copy.
            folder: Where it keeps its files, e.g. on a small disk; default: with the others.
        """
        self._n_databases += 1
        name = f"test_{self._n_databases}"
        source = "template0" if template is None else _name(template)
        space = ""
        if folder is not None:
            place = folder / name
            place.mkdir()
            if self._user is not None:
                shutil.chown(place, self._user)
            self._execute(f"CREATE TABLESPACE {name} LOCATION '{place}'")
            space = f" TABLESPACE {name}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {source}{space}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database, and its place where it had one of its own."""
        self._execute(f"DROP DATABASE {_name(url)} WITH (FORCE)")
        self._execute(f"DROP TABLESPACE IF EXISTS {_name(url)}")

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self.folder}"

    def remove(self) -> None:
        """Stop it and delete its folder."""
        with suppress(subprocess.CalledProcessError):
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _execute(self, sql: str) -> None:
        import psycopg  # noqa: PLC0415

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.encode())

    def _init(self) -> None:
        initdb = ("initdb", "-D", self._data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8")
        try:
            # A linguistic sort order, where there is one: ids must sort by code point anyway.
            self._run(*initdb, "--no-sync", "--locale-provider=icu", "--icu-locale=en-US")
        except subprocess.CalledProcessError:
            self._run(*initdb, "--no-sync", "--locale=C")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._binaries / program, *arguments],
            check=True,
            cwd=self.folder,
            user=self._user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def _unprivileged() -> str | None:
    """The user to run as: None for the present one, unless that is root."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
