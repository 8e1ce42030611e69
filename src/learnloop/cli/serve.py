"""How is a server started?"""

from contextlib import suppress
from typing import Annotated

import typer

from learnloop.cli.database import Database, settings

Host = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for every one.")]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Processes; one for each core.")]


def serve(
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    workers: Workers = 1,
    database: Database = None,
) -> None:
    """Serve the API and the first page.

    Every request needs a key; make one with 'learnloop keys create'. Put a proxy that speaks
    HTTPS in front of it.

    For example:

        learnloop serve

        learnloop serve --host 0.0.0.0 --port 80 --workers 2 --database postgresql://...
    """
    from learnloop.api.server import serve as run

    with suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end
        run(settings(database), host=host, port=port, workers=workers)
