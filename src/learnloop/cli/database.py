"""Which database does a command work on? `--database`, else the environment, else a file here.

A command that only reads makes no new file: a mistyped name would otherwise look like an empty
school.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, unquote, urlsplit

import typer

from learnloop.core.errors import NotFound

if TYPE_CHECKING:
    from learnloop.journeys.engine import PersonalizationEngine, Settings

Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="Where everything is kept: sqlite:///FILE or postgresql://USER@HOST/NAME. "
        "Without it, LEARNLOOP_DATABASE_URL; without that, sqlite:///learnloop.db.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]


def settings(database: str | None) -> "Settings":
    """The settings, with the database that the command line names."""
    from learnloop.journeys.engine import Settings

    return Settings() if database is None else Settings(database_url=database)


def open_engine(database: str | None, *, create: bool = False) -> "PersonalizationEngine":
    """An engine on the database.

    Args:
        database: What the command line said, if anything.
        create: Whether a missing database file is made.

    Raises:
        NotFound: There is no such file, and the command only reads.
        StoreUnavailable: The database can't be opened; the message says why.
    """
    from learnloop.journeys.engine import PersonalizationEngine

    chosen = settings(database)
    path = sqlite_path(chosen.database_url)
    if not create and path is not None and not path.exists():
        raise NotFound(
            f"no database at {path}; name one with --database (that of the demo is "
            "sqlite:///learnloop-demo/learnloop.db), or fill one with 'learnloop import'"
        )
    return PersonalizationEngine.open(chosen.database_url, settings=chosen)


def sqlite_path(url: str) -> Path | None:
    """The file behind a SQLite URL; None for any other database."""
    parts = urlsplit(url)
    return Path(unquote(parts.path.removeprefix("/"))) if parts.scheme == "sqlite" else None


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{quote(str(path))}"
