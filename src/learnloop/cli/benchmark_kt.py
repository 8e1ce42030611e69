"""How do the models of knowledge do beside each other? One table, with paired intervals."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli.database import AsJson
from learnloop.cli.terminal import print_json, say, show, working

if TYPE_CHECKING:
    from learnloop.training.benchmark.league import Entrant, League
    from learnloop.training.dataset import Dataset


def kt(
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="A folder with interactions.csv[.gz].")
    ],
    models: Annotated[
        str, typer.Option(metavar="NAME,NAME", help="Which take part; default: all.")
    ] = "",
    reference: Annotated[
        str, typer.Option(metavar="NAME", help="The one that the others are compared with.")
    ] = "best_lr",
    also: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE",
            help="A model fitted elsewhere: one chance a line for each held-out answer, by learner "
            "and time. May be given again.",
        ),
    ] = None,
    plots: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write plots there, as PNG.")
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Draws the resamples; the same seed, the same ranges.")
    ] = 0,
    json: AsJson = False,
) -> None:
    """Set every model of P(correct) beside the others, on learners that none of them saw.

    All are fitted on the training learners and judged by protocol P1 (docs/evaluation.md): AUC,
    log loss, ECE and its bound, each learner's first five answers, CPU seconds of the fit, and the
    difference to the reference with a 95% interval, paired by learner. Networks need the extra
    `train`. Whether the figures can be believed (the leakage audit) is what `evaluate` says.

    For example:

        learnloop benchmark kt --data data/assistments09 --models best_lr,bkt,ability

        learnloop benchmark kt --data data/assistments09 --plots plots --json > kt.json
    """
    from learnloop.core.random import derive_rng
    from learnloop.training.benchmark.league import rank
    from learnloop.training.dataset import read_dataset

    guests = [_named(text) for text in also or ()]
    with working(quiet=json) as at:
        at(f"reading {data}")
        dataset = read_dataset(data)
        entrants = _enter(dataset, models, reference, guests, at)
        rng = derive_rng(seed, "benchmark")
        league = rank(entrants, reference, rng, told=at)
    if plots is not None:
        _write(league, plots)
    if json:
        print_json(league.as_json())
    else:
        show(*_tables(league))


def _named(text: str) -> tuple[str, Path]:
    name, found, file = text.partition("=")
    if not (name and found and file):
        raise typer.BadParameter(f"{text!r} is not NAME=FILE", param_hint="--also")
    return name, Path(file)


def _enter(
    dataset: "Dataset",
    models: str,
    reference: str,
    guests: list[tuple[str, Path]],
    at: Callable[[str], None],
) -> "list[Entrant]":
    from learnloop.training.benchmark.league import enter, guest
    from learnloop.training.fits import BENCHMARKED, known

    names = [known(name.strip()) for name in models.split(",") if name.strip()] or [*BENCHMARKED]
    if reference not in (*names, *(name for name, _ in guests)):
        names.insert(0, known(reference))
    entrants = [guest(name, dataset, file) for name, file in guests]
    for nth, name in enumerate(names, start=1):
        at(f"{name} ({nth} of {len(names)}): fitting, then predicting the others")
        entrants.append(enter(name, dataset))
    return entrants


def _write(league: "League", folder: Path) -> None:
    from learnloop.training.benchmark.plots import plots

    folder.mkdir(parents=True, exist_ok=True)
    for name, content in plots(league).items():
        (folder / name).write_bytes(content)
    say(f"plots: {folder}")


def _tables(league: "League") -> tuple[object, ...]:
    from rich.markup import escape
    from rich.table import Table

    counts = f"{league.n:,} answers of {league.n_learners:,} learners"
    table = Table(
        "model", "AUC", f"above {league.reference} (95%)", "log loss", "ECE", "first 5", "fit, s",
        box=None,
    )  # fmt: skip
    for s in league.standings:
        x, above, cpu = s.figures, s.above["auc"], s.entrant.fit_cpu_s
        is_reference = s.entrant.name == league.reference
        over = "*" if x["ece"].point > s.ece_calibrated_95 else ""
        table.add_row(
            escape(s.entrant.name),
            f"{x['auc'].point:.4f}",
            "" if is_reference else f"{above.point:+.4f} ({above.low:+.3f} {above.high:+.3f})",
            f"{x['log_loss'].point:.4f}",
            f"{x['ece'].point:.4f}{over}",
            f"{x['first5_auc'].point:.4f}",
            "" if math.isnan(cpu) else f"{cpu:.1f}",
        )
    head = f"[bold]{escape(league.data.name)}[/]: {counts}, protocol P1"
    notes = "* over what a perfectly calibrated model stays under; first 5: AUC of each learner's "
    return head, table, f"{notes}first five answers; fit: CPU seconds"
