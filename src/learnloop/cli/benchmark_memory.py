"""How do the models of memory do beside each other? On review logs, later in time."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli.database import AsJson
from learnloop.cli.terminal import print_json, show, working
from learnloop.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from learnloop.metrics import Interval
    from learnloop.training.memory.protocol import LogResult

FIGURES = ("log_loss", "auc", "ece", "rmse_bins", "fit_cpu_s")


def memory(
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="DIR",
            help="A folder with review_logs.csv or anki_reviews.csv, or of such folders.",
        ),
    ],
    peer_python: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="LEARNLOOP_PEER_PYTHON",
            help="An interpreter that has fsrs-rs-python, to fit FSRS-6 by it, too.",
        ),
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=10, max=100_000, help="How many times the cards are drawn.")
    ] = 1000,
    seed: Annotated[
        int, typer.Option(help="Draws the resamples; the same seed, the same ranges.")
    ] = 0,
    json: AsJson = False,
) -> None:
    """Set the memory model beside FSRS-6 and simpler ones, on review logs.

    Each is fitted on the first 80% of a log's reviews of a day or more, and predicts the last 20%:
    log loss, AUC, ECE, RMSE over bins, CPU seconds of the fit, and the differences to FSRS-6 with
    its defaults and to our model, with 95% intervals, paired by card. In the JSON, `models` has the
    means over the logs, `logs` each log.

    For example:

        learnloop benchmark memory --data data/memory --json
    """
    from learnloop.core.random import derive_rng
    from learnloop.training.memory.logs import read_logs
    from learnloop.training.memory.protocol import judge

    if peer_python is not None and not peer_python.is_file():
        message = f"peer-python: there is no {peer_python}"
        raise InvalidInput(message, field="peer-python")
    found: dict[str, LogResult] = {}
    with working(quiet=json) as at:
        at(f"reading {data}")
        for log in read_logs(data):
            at(f"judging on {log.name}")
            rng = derive_rng(seed, "benchmark", log.name)
            found[log.name] = judge(log, rng, peer_python, resamples)
    if json:
        print_json({"models": means(found), "logs": found})
        return
    for name, result in found.items():
        show(*_tables(name, result))


def means(found: "Mapping[str, LogResult]") -> dict[str, dict[str, float]]:
    """The mean of each figure over the logs, by model."""
    logs = list(found.values())
    return {
        model: {
            figure: math.fsum(_point(getattr(log.models[model], figure)) for log in logs)
            / len(logs)
            for figure in FIGURES
        }
        for model in logs[0].models
        if all(model in log.models for log in logs)
    }


def _point(value: "float | Interval") -> float:
    return float(value[0]) if isinstance(value, tuple) else value


def _tables(name: str, found: "LogResult") -> tuple[object, ...]:
    from rich.markup import escape
    from rich.table import Table

    counts = f"{found.n_test:,} reviews after {found.n_train:,}, {found.recalled:.1%} recalled"
    kept = "the defaults" if found.strength is None else f"a pull of {found.strength:g} to them"
    columns = ("log loss", "- FSRS-6", "95%", "AUC", "ECE", "RMSE", "CPU s")
    table = Table("model", *columns, box=None)
    for model, own in sorted(found.models.items(), key=lambda pair: pair[1].log_loss.point):
        table.add_row(
            model,
            f"{own.log_loss.point:.4f}",
            f"{own.over_default.point:+.4f}",
            f"{own.over_default.low:+.4f} to {own.over_default.high:+.4f}",
            f"{own.auc.point:.4f}",
            f"{own.ece.point:.4f}",
            f"{own.rmse_bins:.4f}",
            f"{own.fit_cpu_s:.2f}",
        )
    return (
        f"[bold]{escape(name)}[/]: {counts}; our fit chose {kept}",
        table,
        *map(escape, found.notes),
    )
