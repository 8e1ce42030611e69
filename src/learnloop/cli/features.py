"""Which features are there, how is each computed, what are they for whom and when?"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.plain import plain
from learnloop.cli.terminal import print_json, progress, say, show
from learnloop.core.errors import DataError, InvalidInput
from learnloop.core.time import to_utc
from learnloop.features.definition import Family

if TYPE_CHECKING:
    from learnloop.features.definition import Feature
    from learnloop.features.definitions.vectors import VectorFeature
    from learnloop.features.describe import Description
    from learnloop.journeys.training_set import BuildReport

app = typer.Typer(help="List, explain and compute features.", no_args_is_help=True)


@app.command("list")
def list_features(
    family: Annotated[Family | None, typer.Option(help="Only this family.")] = None,
    json: AsJson = False,
) -> None:
    """List the features: unit, range, what stands in where it is unknown, meaning.

    For example:

        learnloop features list --family temporal

        learnloop features list --json
    """
    from learnloop.features.definitions import FEATURES
    from learnloop.features.definitions.vectors import VECTOR_FEATURES

    every: tuple[Feature | VectorFeature, ...] = (*FEATURES, *VECTOR_FEATURES)
    found = [x for x in every if family in (None, x.family)]
    if json:
        print_json([_facts(x) for x in found])
        return
    show(_table(found), f"{len(found)} features")


@app.command("describe")
def describe_features(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Features.")],
    json: AsJson = False,
) -> None:
    """Explain features: the formula, and the fields, sums and other features it is made of.

    For example:

        learnloop features describe avg_session_duration struggle
    """
    from learnloop.features.definition import Feature
    from learnloop.features.describe import describe

    found = [(x, describe(x) if isinstance(x, Feature) else None) for x in map(_named, names)]
    if json:
        print_json([{**_facts(x), **_lineage(made)} for x, made in found])
        return
    for x, made in found:
        show(*_page(x, made))


class Statistics(StrEnum):
    """Whose answers say what an item is like."""

    OTHERS = "others"
    SERVING = "serving"


class KnownBy(StrEnum):
    """When an event counts as known."""

    OCCURRED = "occurred"
    RECEIVED = "received"


@app.command("build")
def build(
    labels: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="CSV, TSV or Parquet: learner_id, at, perhaps item_id, and labels."
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The Parquet file to write.")],
    as_of: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="Leave out labels that could not be used by then."),
    ] = None,
    delay_days: Annotated[
        float, typer.Option(min=0.0, help="A label can be used this many days after it was known.")
    ] = 0.0,
    known_by: Annotated[
        KnownBy,
        typer.Option(help="Whether an event counts from when it occurred, or was received."),
    ] = KnownBy.OCCURRED,
    statistics: Annotated[
        Statistics,
        typer.Option(
            help="Of items: fitted on other learners, so that no label reads itself, or those that "
            "serve."
        ),
    ] = Statistics.OTHERS,
    names: Annotated[
        str | None, typer.Option("--features", metavar="A,B,...", help="Only these, in this order.")
    ] = None,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Build a training set: each label beside what was known of its learner at its instant.

    Every label keeps its row and its place, also where nothing was known yet. An event at the
    instant itself, or later, is never seen.

    For example:

        learnloop features build --labels passed.csv --out train.parquet

        learnloop features build --labels passed.csv --out train.parquet \
        --as-of 2026-03-01T00:00:00Z --known-by received --features accuracy,n_sessions
    """
    from learnloop.journeys.training_set import build_training_set

    until = None if as_of is None else _instant(as_of)
    wanted = None if names is None else [x.strip() for x in names.split(",")]
    try:
        with open_engine(database) as engine, progress("building", 100, quiet=json) as advance:
            report = build_training_set(
                engine,
                labels,
                out,
                as_of=until,
                delay=timedelta(days=delay_days),
                known_by=known_by.value,
                features=wanted,
                statistics=statistics.value,
                progress=lambda done, total: advance(100 * done // total),
            )
    except OSError as error:
        raise DataError(f"{out}: can't be written ({error.strerror})") from error
    if json:
        print_json({**plain(report), "path": str(report.path)})
    else:
        _show_build(report)


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or empty folder.")],
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Write a feature repository for teams that run Feast: Parquet files and their definitions.

    Only features that nothing but the learner's next event can change: Feast looks the latest row
    up, whatever time has passed. Run `feast apply` in the folder.

    For example:

        learnloop features export features-for-feast
    """
    from learnloop.journeys.feast import export_feast

    try:
        with open_engine(database) as engine:
            done = export_feast(engine, folder)
    except OSError as error:
        raise DataError(f"{folder}: can't be written ({error.strerror})") from error
    if json:
        print_json({**plain(done), "folder": str(done.folder)})
    else:
        say(f"{done.n_rows:,} rows of {done.n_features} features, {done.n_learners:,} learners")
        typer.echo(done.folder)


def _instant(text: str) -> datetime:
    try:
        return to_utc(datetime.fromisoformat(text), field="--as-of")
    except ValueError as error:
        raise InvalidInput(
            f"--as-of: {text!r} is no instant; write one like 2026-03-01T00:00:00Z", field="as_of"
        ) from error


def _show_build(report: "BuildReport") -> None:
    made = report.lineage
    say(f"{made.n_rows:,} rows of {len(made.names)} features, from {made.n_events:,} events")
    if report.n_cold:
        say(f"rows before their learner did anything: {report.n_cold:,}")
    if report.n_not_yet_known:
        say(f"labels left out, not usable yet: {report.n_not_yet_known:,}")
    typer.echo(report.path)


def _named(name: str) -> "Feature | VectorFeature":
    from learnloop.features.definitions import named
    from learnloop.features.definitions.vectors import VECTOR_FEATURES

    vector = next((x for x in VECTOR_FEATURES if x.name == name), None)
    return vector or named([name])[0]


def _facts(x: "Feature | VectorFeature") -> dict[str, Any]:
    return {
        "name": x.name,
        "family": x.family,
        "unit": x.unit,
        "dtype": x.dtype,
        "width": x.width,
        "low": x.low,
        "high": x.high,
        "default": x.default,
        "since": x.since,
        "meaning": x.meaning,
    }


def _lineage(made: "Description | None") -> dict[str, Any]:
    if made is None:
        return {}
    return {
        "formula": made.formula,
        "parts": made.parts,
        "fields": {x.name: x.meaning for x in made.fields},
        "scans": made.scans,
        "features": made.features,
    }


def _table(found: "Iterable[Feature | VectorFeature]") -> object:
    from rich.table import Table

    lines = Table("name", "family", "unit", "range", "default", "meaning", box=None)
    lines.columns[0].no_wrap = True
    for x in found:
        lines.add_row(x.name, x.family, *_value(x), x.meaning)
    return lines


def _value(x: "Feature | VectorFeature") -> tuple[str, str, str]:
    """Unit, range and default."""
    from learnloop.features.definition import default_text, range_text

    unit = x.unit if x.width == 1 else f"{x.width} numbers"
    return unit, range_text(x.low, x.high), default_text(x.default)


def _page(x: "Feature | VectorFeature", made: "Description | None") -> tuple[object, ...]:
    from rich.markup import escape
    from rich.table import Table

    unit, span, default = _value(x)
    lines = Table(box=None, show_header=False)
    lines.add_row("family", f"{x.family}, since version {x.since}")
    lines.add_row("value", f"{x.dtype}, unit {unit}, {span}, default {default}")
    if made is not None:
        lines.add_row("formula", escape(made.formula))
        _rows(lines, "where", [f"{name} = {text}" for name, text in made.parts.items()])
        _rows(lines, "reads", [f"{x.name}: {x.meaning}" for x in made.fields])
        _rows(lines, "keeps", made.scans)
        _rows(lines, "made of", made.features)
    return f"[bold]{x.name}[/]: {escape(x.meaning)}", lines, ""


def _rows(lines: Any, label: str, texts: Sequence[str]) -> None:
    from rich.markup import escape

    for n, text in enumerate(texts):
        lines.add_row("" if n else label, escape(text))
