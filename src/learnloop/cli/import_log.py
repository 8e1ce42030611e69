"""How does a log of another system, or a catalog, come in? Row by row; the good rows are kept."""

import json as codec
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli.database import AsJson, Database, open_engine, settings, sqlite_path
from learnloop.cli.plain import plain
from learnloop.cli.terminal import print_json, progress, say, say_rejections, show
from learnloop.core.errors import DataError, InvalidInput, Rejection

if TYPE_CHECKING:
    from learnloop.journeys.engine import PersonalizationEngine
    from learnloop.journeys.importing import ImportReport, Log

SOME_REJECTED = 4
KEPT_REJECTIONS = 100


class Format(StrEnum):
    """What kind of file it is."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    XAPI = "xapi"
    CATALOG = "catalog"


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file, or a folder that has it.")],
    kind: Annotated[Format, typer.Option("--format", help="What kind of file it is.")] = Format.CSV,
    columns: Annotated[
        str, typer.Option("--map", metavar="MAP", help="A ready map, a file with one, or 'auto'.")
    ] = "auto",
    side: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The file that describes the items, for CSV."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check everything, store nothing.")
    ] = False,
    rejections: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write every rejected row here, as JSON lines."),
    ] = None,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Import a log of interactions, or a catalog of courses, skills and items.

    Good rows are kept, each rejected one is named with its line and the reason; then the exit code
    is 4. The same file again adds nothing.

    For example:

        learnloop import answers.csv --map assistments --dry-run

        learnloop import answers.csv.gz --map my-columns.json --rejections rejected.jsonl

        learnloop import statements.json --format xapi

        learnloop import catalog.json --format catalog
    """
    target = _rehearsal(database) if dry_run else database
    if kind is Format.CATALOG:
        with open_engine(target, create=True) as engine:
            _catalog(engine, file, dry_run=dry_run, json=json)
        return
    # Before the database: a file that is refused whole leaves no new one.
    log = open_file(file, kind, columns, side)
    with (
        open_engine(target, create=True) as engine,
        _collecting(rejections) as (kept, on_rejected),
    ):
        report = _import(engine, log, on_rejected, dry_run=dry_run, quiet=json)
        example = _a_learner(engine)
    if json:
        print_json({**plain(report), "rejections": kept})
    else:
        _show(report, kept, rejections)
        if report.accepted and not dry_run:
            at = "" if database is None else f" --database {quote(database)}"
            say(f"next: learnloop fit{at}", f"      learnloop profile {quote(example)}{at}")
    if report.rejected:
        raise typer.Exit(SOME_REJECTED)


def _rehearsal(database: str | None) -> str | None:
    """Where a dry run looks: a database that is not there is not made for it."""
    path = sqlite_path(settings(database).database_url)
    return "memory://" if path is not None and not path.exists() else database


def _a_learner(engine: "PersonalizationEngine") -> str:
    with engine.store.begin(write=False) as tx:
        return next((learner.learner_id for learner in tx.learners.page(None, 1)), "LEARNER")


def open_file(file: Path, kind: Format, columns: str, side: Path | None) -> "Log":
    """A log, ready to be read.

    Raises:
        DataError: The file can't be read.
        InvalidInput: An option does not go with the format.
    """
    from learnloop.events.csv import open_log
    from learnloop.events.jsonl import open_json, open_jsonl
    from learnloop.events.xapi.reader import open_xapi

    if kind is Format.CSV:
        return open_log(file, columns, side)
    if side is not None:
        raise InvalidInput("--side: only a CSV log has a second file", field="side")
    if kind is Format.XAPI:
        return open_xapi(file)
    return open_jsonl(file) if kind is Format.JSONL else open_json(file)


def _import(
    engine: "PersonalizationEngine",
    log: "Log",
    on_rejected: Callable[[Rejection], None],
    *,
    dry_run: bool,
    quiet: bool,
) -> "ImportReport":
    from learnloop.journeys.importing import import_log

    label = "checking" if dry_run else "importing"
    with progress(label, log.total_bytes, quiet=quiet) as advance:
        return import_log(
            engine,
            log,
            dry_run=dry_run,
            on_rejected=on_rejected,
            on_progress=lambda done, _: advance(done),
        )


@contextmanager
def _collecting(
    path: Path | None,
) -> Iterator[tuple[list[Rejection], Callable[[Rejection], None]]]:
    """The first rejections, and all of them in a file where one is wanted."""
    kept: list[Rejection] = []

    def keep(rejection: Rejection) -> None:
        if len(kept) < KEPT_REJECTIONS:
            kept.append(rejection)

    if path is None:
        yield kept, keep
        return
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: can't be written ({error.strerror})") from error
    with file:

        def write(rejection: Rejection) -> None:
            keep(rejection)
            file.write(codec.dumps(plain(rejection), ensure_ascii=False) + "\n")

        yield kept, write


def _show(report: "ImportReport", kept: list[Rejection], path: Path | None) -> None:
    from rich.table import Table

    lines = Table(box=None, show_header=False)
    for name in ("n_read", "accepted", "duplicates", "rejected", "skipped"):
        lines.add_row(name.removeprefix("n_"), f"{getattr(report, name):,}")
    for name in ("new_learners", "new_items", "new_skills"):
        lines.add_row(name.replace("_", " "), f"{getattr(report, name):,}")
    show("[bold]dry run: nothing was stored[/]" if report.dry_run else "imported", lines)
    say(*report.notes)
    say_rejections(kept, report.rejected)
    if report.rejected > len(kept) and path is None:
        say("  --rejections FILE writes them all")


def _catalog(engine: "PersonalizationEngine", file: Path, *, dry_run: bool, json: bool) -> None:
    from learnloop.catalog import Catalog
    from learnloop.catalog.files import read

    with engine.store.begin(write=False) as tx:
        courses, skills, items = tx.catalog.load()
    found = read(file, Catalog(tuple(courses), tuple(skills), tuple(items)))
    if not dry_run:
        engine.put_catalog(found)
    counts = {
        "courses": len(found.courses),
        "skills": len(found.skills),
        "items": len(found.items),
        "dry_run": dry_run,
    }
    if json:
        print_json(counts)
        return
    done = "dry run: nothing was stored;" if dry_run else "imported"
    show(f"{done} {counts['courses']} courses, {counts['skills']} skills, {counts['items']} items")
