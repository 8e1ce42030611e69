"""How is a server run for a benchmark, and what CPU time did it use? In processes of its own.

Three apps: `learnloop` as it is served; `metered`, the same with every call of the store timed, so
that the store's own CPU time can be taken away; `empty`, one asynchronous route of the same
framework that answers a fixed JSON object.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import processes
import uvicorn
from fastapi import FastAPI, Response
from uvicorn.supervisors import Multiprocess

from learnloop.api.app import create_app
from learnloop.api.gate import GatedProtocol
from learnloop.api.server import BACKLOG, SILENT_S, bind, serve
from learnloop.core.protocols import Store
from learnloop.journeys.engine import PersonalizationEngine, Settings
from learnloop.storage import open_store


class MeteredStore:
    """A store that adds up the CPU time of all its calls (each costs one more microsecond)."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ns = 0

    @contextmanager
    def begin(self, *, write: bool = True) -> Iterator[Any]:
        """A transaction whose repositories are metered."""
        start = time.thread_time_ns()
        transaction = self.store.begin(write=write)
        tx = transaction.__enter__()
        self.ns += time.thread_time_ns() - start
        try:
            yield _Metered(tx, self)
        except BaseException as error:
            if not transaction.__exit__(type(error), error, error.__traceback__):
                raise
        else:
            start = time.thread_time_ns()
            transaction.__exit__(None, None, None)
            self.ns += time.thread_time_ns() - start

    def close(self) -> None:
        self.store.close()


class _Metered:
    """A transaction or repository: its calls are timed, its repositories are metered too."""

    def __init__(self, target: Any, meter: MeteredStore) -> None:
        self._target = target
        self._meter = meter

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        kept = self._timed(found) if callable(found) else _Metered(found, self._meter)
        setattr(self, name, kept)
        return kept

    def _timed(self, call: Any) -> Any:
        def timed(*args: Any, **more: Any) -> Any:
            start = time.thread_time_ns()
            try:
                return call(*args, **more)
            finally:
                self._meter.ns += time.thread_time_ns() - start

        return timed


def metered_app(url: str) -> FastAPI:
    """The app of learnloop on a metered store; `/meter` says the store's nanoseconds."""
    store = MeteredStore(open_store(url))
    app = create_app(PersonalizationEngine(cast(Store, store)))
    app.add_api_route("/meter", lambda: store.ns)
    return app


def empty_app() -> FastAPI:
    """One route that does nothing, in the same framework, without response model."""
    app = FastAPI(openapi_url=None)

    async def nothing() -> Response:
        return Response(b'{"ok":true}', media_type="application/json")

    app.add_api_route("/", nothing, methods=["GET", "POST"])
    return app


class Server(AbstractContextManager["Server"]):
    """An app in processes of its own, on a free port of the loopback address."""

    def __init__(self, kind: str, url: str = "", workers: int = 1) -> None:
        self.port = processes.free_port()
        command = [sys.executable, str(Path(__file__)), kind, str(self.port), str(workers), url]
        # Errors go to the terminal; a server that never came up says why.
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.path = "/" if kind == "empty" else "/health/ready"
        self._wait()

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    def meter_ns(self) -> int:
        """What the metered store has used so far."""
        return int(httpx.get(f"http://127.0.0.1:{self.port}/meter").text)

    def cpu_s(self) -> float:
        """User and system time of all its processes."""
        return processes.cpu_s(self._process.pid)

    def _wait(self) -> None:
        until = time.monotonic() + 120
        while True:
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}{self.path}").is_success:
                    return
            except httpx.TransportError:
                pass
            if time.monotonic() > until or self._process.poll() is not None:
                raise RuntimeError("the server did not start")
            time.sleep(0.1)


def main(kind: str, port: int, workers: int, url: str) -> None:
    """Serve until terminated."""
    if kind == "learnloop":
        serve(Settings(database_url=url), port=port, workers=workers)
        return
    app: Any = empty_app if kind == "empty" else lambda: metered_app(url)
    config = uvicorn.Config(
        app,
        factory=True,
        workers=workers,
        http=GatedProtocol,
        access_log=False,
        log_level="warning",
        server_header=False,
        backlog=BACKLOG,
        timeout_worker_healthcheck=SILENT_S,
    )
    with bind("127.0.0.1", port) as listener:
        if workers == 1:
            uvicorn.Server(config).run([listener])
        else:
            Multiprocess(config, [listener]).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
