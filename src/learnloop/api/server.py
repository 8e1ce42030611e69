"""How is the app served? uvicorn on uvloop, one process per core behind one port.

Each process has its own engine, writer and readers. Numerical libraries get one thread each: many
threads for arrays this small only make the slowest requests slower.
"""

import gc
import os
import socket
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from learnloop.api.app import create_app
from learnloop.api.gate import GatedProtocol
from learnloop.core.errors import InvalidInput
from learnloop.journeys.engine import PersonalizationEngine, Settings
from learnloop.journeys.request import with_request_id

BACKLOG = 4096
KEEP_ALIVE_S = 65
GRACE_S = 10
# A worker that is silent for longer is replaced. One that starts says nothing before everything is
# imported, which takes a while on a busy machine; with uvicorn's 5 seconds it would never be done.
SILENT_S = 60
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")


@dataclass(frozen=True, slots=True)
class AppFactory:
    """Makes the app inside each worker process."""

    settings: Settings
    demo: bool
    counted_in: Path | None = None

    def __call__(self) -> FastAPI:
        log_as_json("warning" if self.demo else self.settings.log_level)
        engine = PersonalizationEngine.open(settings=self.settings)
        app = create_app(engine, demo=self.demo, counted_in=self.counted_in)
        # What is there now stays; looking through it again and again would stall requests.
        gc.collect()
        gc.freeze()
        return app


def log_as_json(level: str) -> None:
    """Write lines of this level and above to stdout, each one JSON object."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            with_request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
    )


def serve(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    demo: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM; requests that are under way are answered first.

    Args:
        settings: Of the engine of every worker.
        host: Address to listen on.
        port: Port to listen on, the same for all workers.
        workers: Processes. SQLite lets one of them write at a time, PostgreSQL all.
        demo: The pages may sign in by a link that carries the key.

    Raises:
        InvalidInput: Nobody can listen there.
        StoreUnavailable: The database can't be opened.
    """
    # Once before the workers do, which would otherwise all create or migrate the tables at once.
    PersonalizationEngine.open(settings=settings).close()
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    with bind(host, port) as listener, ExitStack() as stack:
        counted_in = None
        if workers > 1:
            made = tempfile.TemporaryDirectory(prefix="learnloop-counts-")
            counted_in = Path(stack.enter_context(made))
        config = uvicorn.Config(
            AppFactory(settings, demo, counted_in),
            factory=True,
            workers=workers,
            http=GatedProtocol,
            ws="none",
            access_log=False,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
            timeout_worker_healthcheck=SILENT_S,
        )
        if workers == 1:
            uvicorn.Server(config).run([listener])
        else:
            Multiprocess(config, [listener]).run()


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens for all workers.

    Raises:
        InvalidInput: The address is not ours, or the port is taken or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InvalidInput(
            f"port: can't listen on {host}:{port} ({error.strerror}); choose another port",
            field="port",
        ) from error
    listener.set_inheritable(True)
    return listener
