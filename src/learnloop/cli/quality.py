"""Can this data be trusted? Looks at the log of a database, or at a file before it is imported."""

from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.import_log import Format, open_file
from learnloop.cli.plain import plain
from learnloop.cli.terminal import print_json, progress, say, show
from learnloop.core.errors import DataError, InvalidInput

if TYPE_CHECKING:
    from learnloop.features.quality.report import Check, Report

MAX_AGE_H, ANY_AGE = 48.0, inf
COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}


def quality(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="A log, as for 'import', or a Parquet file; else the database."
        ),
    ] = None,
    kind: Annotated[Format, typer.Option("--format", help="What kind of file it is.")] = Format.CSV,
    columns: Annotated[
        str, typer.Option("--map", metavar="MAP", help="A ready map, a file with one, or 'auto'.")
    ] = "auto",
    side: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The file that describes the items, for CSV."),
    ] = None,
    max_age: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            metavar="HOURS",
            help="How old the latest event may be; by default 48 in a database, any age in a file.",
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write the report here too, as one page with plots."),
    ] = None,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Check a log: ranges, missing values, freshness, volume, duplicates, clocks, response times.

    Ends with exit code 1 if a check fails; a warning is only a warning. Nothing is changed.

    For example:

        learnloop quality --html quality.html

        learnloop quality answers.csv --map assistments --json
    """
    if file is None:
        report = _of_database(database, MAX_AGE_H if max_age is None else max_age)
    elif file.suffix == ".parquet":
        report = _of_parquet(file, ANY_AGE if max_age is None else max_age)
    else:
        age = ANY_AGE if max_age is None else max_age
        report = _of_file(file, kind, columns, side, age, quiet=json)
    if html is not None:
        _write(html, report)
    if json:
        print_json({**plain(report), "status": report.status, "alerts": report.alerts})
    else:
        _show(report)
        if html is not None:
            say(f"written: {html}")
    if report.status == "fail":
        raise typer.Exit(1)


def _of_database(database: str | None, max_age_h: float) -> "Report":
    from learnloop.journeys.quality import of_store

    with open_engine(database) as engine, engine.store.begin(write=False) as tx:
        return of_store(tx, engine.clock.now(), max_age_h=max_age_h)


def _of_parquet(file: Path, max_age_h: float) -> "Report":
    import polars as pl

    from learnloop.core.time import SystemClock
    from learnloop.features.quality.look import look

    try:
        frame = pl.read_parquet(file)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{file}: can't be read ({error})") from error
    return look(frame, SystemClock().now(), max_age_h=max_age_h)


def _of_file(
    file: Path, kind: Format, columns: str, side: Path | None, max_age_h: float, *, quiet: bool
) -> "Report":
    from learnloop.core.time import SystemClock
    from learnloop.journeys.quality import of_log

    if kind is Format.CATALOG:
        raise InvalidInput("--format: a catalog has no events", field="format")
    log = open_file(file, kind, columns, side)
    with progress("reading", log.total_bytes, quiet=quiet) as advance:
        return of_log(log, SystemClock().now(), max_age_h=max_age_h, on_progress=advance)


def _write(path: Path, report: "Report") -> None:
    from learnloop.features.quality.page import page

    try:
        path.write_text(page(report), encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: can't be written ({error.strerror})") from error


def _show(report: "Report") -> None:
    from rich.table import Table

    lines = Table(box=None, show_header=False)
    for check in report.checks:
        status = f"[{COLORS[check.status]}]{check.status}[/]"
        lines.add_row(status, check.code, _said(check))
    events = f"{report.n_events:,} events of {report.n_learners:,} learners"
    if report.first_at and report.last_at:
        events += f", {report.first_at:%Y-%m-%d} to {report.last_at:%Y-%m-%d}"
    show(events, lines)


def _said(check: "Check") -> str:
    from rich.markup import escape

    parts = [escape(check.found)]
    if check.to_do:
        parts.append(f"[bold]→ {escape(check.to_do)}[/]")
    if check.examples:
        parts.append(f"[dim]{escape('; '.join(check.examples))}[/]")
    return "\n".join(parts)
