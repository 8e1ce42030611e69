"""Which features are there, how is each computed, what are they for whom and when?"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnloop.cli.database import AsJson
from learnloop.cli.terminal import print_json, show
from learnloop.features.definition import Family

if TYPE_CHECKING:
    from learnloop.features.definition import Feature
    from learnloop.features.describe import Description

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

    found = [x for x in FEATURES if family in (None, x.family)]
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
    from learnloop.features.definitions import named
    from learnloop.features.describe import describe

    found = [(x, describe(x)) for x in named(names)]
    if json:
        print_json([{**_facts(x), **_lineage(made)} for x, made in found])
        return
    for x, made in found:
        show(*_page(x, made))


def _facts(x: "Feature") -> dict[str, Any]:
    return {
        "name": x.name,
        "family": x.family,
        "unit": x.unit,
        "dtype": x.dtype,
        "low": x.low,
        "high": x.high,
        "default": x.default,
        "since": x.since,
        "meaning": x.meaning,
    }


def _lineage(made: "Description") -> dict[str, Any]:
    return {
        "formula": made.formula,
        "parts": made.parts,
        "fields": {x.name: x.meaning for x in made.fields},
        "scans": made.scans,
        "features": made.features,
    }


def _table(found: "Iterable[Feature]") -> object:
    from rich.table import Table

    lines = Table("name", "family", "unit", "range", "default", "meaning", box=None)
    lines.columns[0].no_wrap = True
    for x in found:
        lines.add_row(x.name, x.family, x.unit, x.range_text, x.default_text, x.meaning)
    return lines


def _page(x: "Feature", made: "Description") -> tuple[object, ...]:
    from rich.markup import escape
    from rich.table import Table

    lines = Table(box=None, show_header=False)
    lines.add_row("family", f"{x.family}, since version {x.since}")
    lines.add_row("value", f"{x.dtype}, unit {x.unit}, {x.range_text}, default {x.default_text}")
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
