"""Which models are there, which one is live, and how did each do?"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.terminal import print_json, show

if TYPE_CHECKING:
    from learnloop.journeys.results import ModelPerformance


def models(database: Database = None, json: AsJson = False) -> None:
    """List the models, the live one first.

    For example:

        learnloop models --json
    """
    with open_engine(database) as engine:
        found = engine.models()
    if json:
        print_json(found)
        return
    show(table(found))


def table(found: "Iterable[ModelPerformance]") -> object:
    """One line for each model, with its figures."""
    from rich.table import Table

    lines = Table("model", "", "made", "figures", box=None)
    lines.columns[0].no_wrap = True
    for model in found:
        made = f"{model.created_at:%Y-%m-%d %H:%M}" if model.created_at else "from the catalog"
        figures = ", ".join(f"{name} {_figure(value)}" for name, value in model.metrics.items())
        lines.add_row(str(model.ref), "[green]live[/]" if model.live else "", made, figures)
    return lines


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() else f"{value:.4f}"
