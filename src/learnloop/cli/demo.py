"""What does one see first? A page with a class of made-up learners, and curl lines to try."""

import os
import shutil
import socket
import sys
import time
import webbrowser
from contextlib import suppress
from pathlib import Path
from shlex import quote
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli.serve import Workers
from learnloop.cli.terminal import progress, say
from learnloop.core.errors import LearnloopError

if TYPE_CHECKING:
    from learnloop.cli.demo_folder import DemoFolder
    from learnloop.journeys.demo import DemoAccess

HOST, FOLDER = "127.0.0.1", Path("learnloop-demo")
FIRST_PORT, N_PORTS = 8000, 20
N_TRIES, SECONDS_BETWEEN = 600, 0.05


def demo(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Default: a free one, from 8000 on.")
    ] = None,
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where everything is put.")
    ] = FOLDER,
    no_open: Annotated[bool, typer.Option("--no-open", help="Open no browser.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the demo and end.")] = False,
    workers: Workers = 1,
) -> None:
    """Show learnloop at work: a seeded course, made-up learners, a page, keys and curl lines.

    The second time it starts where the first one ended. Nothing leaves this machine.

    For example:

        learnloop demo

        learnloop demo --port 9000 --no-open

        learnloop demo --delete
    """
    from learnloop.cli.demo_folder import N_LEARNERS, DemoFolder

    place = DemoFolder(folder)
    if delete:
        left = place.delete()
        say(f"the demo in {folder} is deleted", *(f"  left, not the demo's: {x}" for x in left))
        return
    access = place.access()
    if access is None:
        say(f"making the demo in {folder} (once)")
        with progress("made-up learners study", N_LEARNERS) as advance:
            access = place.make(advance)
    _run(place, access, port or free_port(), workers, open_page=not no_open)


def command(folder: Path) -> str:
    """The line that starts this demo again; `make run` leaves no `learnloop` on the path."""
    program = Path(sys.argv[0])
    named = "learnloop" if shutil.which("learnloop") else os.path.relpath(program)
    return f"{named} demo" if folder == FOLDER else f"{named} demo --dir {quote(str(folder))}"


def free_port() -> int:
    """The first free port from 8000 on, else any free one."""
    for port in (*range(FIRST_PORT, FIRST_PORT + N_PORTS), 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise LearnloopError("no port is free")


def _run(
    place: "DemoFolder", access: "DemoAccess", port: int, workers: int, *, open_page: bool
) -> None:
    from learnloop.api.server import bind, serve
    from learnloop.cli.greeting import greeting, page
    from learnloop.journeys.engine import PersonalizationEngine, Settings

    bind(HOST, port).close()  # a taken port is told before anything is printed
    settings = Settings(database_url=place.url)
    address = f"http://{HOST}:{port}"
    with PersonalizationEngine.open(settings=settings) as engine:
        lines = greeting(address, access, engine, command(place.path))
    opened = page(address, access) if open_page and _has_screen() else None
    Thread(target=_greet, args=(lines, port, opened), daemon=True).start()
    with suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end
        serve(settings, host=HOST, port=port, workers=workers, demo=True)


def _greet(lines: list[str], port: int, opened: str | None) -> None:
    """Say where to look as soon as someone answers there."""
    for _ in range(N_TRIES):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                typer.echo("\n".join(lines))
                if opened is not None:
                    webbrowser.open(opened)
                return
        time.sleep(SECONDS_BETWEEN)


def _has_screen() -> bool:
    """Whether a browser could show something; on Linux that takes a display."""
    return sys.platform in ("darwin", "win32") or "DISPLAY" in os.environ
