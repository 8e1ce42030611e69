"""How is a model fitted anew, and put to work only if it is better? By hand or by cron."""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.plain import plain
from learnloop.cli.terminal import print_json, say, show, working
from learnloop.core.errors import DataError, InvalidInput

if TYPE_CHECKING:
    from learnloop.training.retraining import Report

UNITS = {"h": "hours", "d": "days", "w": "weeks"}
REPORT_FILES = ("report.json", "report.html")


def retrain(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Its name, e.g. 'ability'.")],
    window: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Only answers of this long, e.g. 90d, 12w or 48h; default: all."
        ),
    ] = None,
    incremental: Annotated[
        bool, typer.Option("--incremental", help="Go on from the champion, where the model can.")
    ] = False,
    margin: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="How much better it has to be, relative in log loss; default: the model's own.",
        ),
    ] = None,
    promote: Annotated[
        bool,
        typer.Option("--promote/--no-promote", help="Or only store it, to be deployed by hand."),
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Fit and compare, and change nothing.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write report.json and report.html into this folder."),
    ] = None,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Fit a model anew on the log, and let it take over if it is better than the champion.

    One learner in five is held out, the same ones every time; on these the two are compared. The
    exit code is 0 whether it is promoted or not: see `promoted` and `because`.

    For example:

        learnloop retrain ability

        learnloop retrain ability --window 90d --report retraining --json
    """
    from learnloop.training.retraining_page import page

    with open_engine(database) as engine, working(quiet=json) as at:
        found = engine.retrain(
            model,
            window=None if window is None else span(window),
            incremental=incremental,
            margin=margin,
            promote=promote,
            dry_run=dry_run,
            say=at,
        )
    if report is not None:
        _write(report, found, page(found))
    if json:
        print_json(found)
        return
    show(*_tables(found))
    if report is not None:
        say(f"written: {report / 'report.html'}")


def span(text: str) -> timedelta:
    """A length of time such as `90d`.

    Raises:
        InvalidInput: It is none.
    """
    found = re.fullmatch(r"(\d{1,5})([hdw])", text)
    if found is None:
        raise InvalidInput(f"window: {text!r} is no time such as 90d, 12w or 48h", field="window")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _write(folder: Path, found: "Report", shown: str) -> None:
    from json import dumps

    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = dumps(plain(found), indent=2, ensure_ascii=False, allow_nan=False)
        for name, content in zip(REPORT_FILES, (text, shown), strict=True):
            (folder / name).write_text(content + "\n", encoding="utf-8")
    except OSError as error:
        raise DataError(f"{folder}: can't be written ({error.strerror})") from error


def _tables(found: "Report") -> tuple[object, ...]:
    from rich.markup import escape
    from rich.table import Table

    verdict = "[green]promoted[/]" if found.promoted else "[yellow]kept the champion[/]"
    checks = Table("check", "", "", box=None)
    for reason in found.ruling.reasons:
        checks.add_row(reason.check, reason.verdict.value, escape(reason.message))
    figures = Table("figure", "challenger", "champion", box=None)
    for name, own in found.challenger.figures.items():
        other = found.champion.figures[name]
        figures.add_row(name, f"{own.point:.4f}", f"{other.point:.4f}")
    counts = f"on {found.n_judged:,} answers of {found.n_judged_learners:,} held-out learners"
    head = f"{verdict}: {escape(found.because)}"
    names = f"{found.challenger.model} against {found.champion.model}, {counts}"
    return head, names, checks, figures, *map(escape, found.notes)
