"""How good is a model on learners it never saw? Protocol P1 and its leakage audit, as JSON."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli.database import AsJson
from learnloop.cli.terminal import print_json, say, show, working

if TYPE_CHECKING:
    from learnloop.training.evaluation import Evaluation

AUDIT_FAILED = 3


def evaluate(
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="A folder with interactions.csv[.gz].")
    ],
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Default: the model that serves.")
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Draws the resamples; the same seed, the same ranges.")
    ] = 0,
    json: AsJson = False,
) -> None:
    """Judge a model on learners that it never saw.

    It is fitted on the training learners; then every answer of the others is predicted from their
    own earlier answers only. The columns that a folder may have are in docs/evaluation.md. If the
    leakage audit fails, the figures mean nothing, and the exit code is 3.

    For example:

        learnloop evaluate --data data/assistments09 --json

        learnloop evaluate --data data/assistments09 --model baseline/item
    """
    from learnloop.core.random import derive_rng
    from learnloop.training import evaluate as protocol
    from learnloop.training.dataset import read_dataset
    from learnloop.training.fits import DEFAULT, fitted_on, known

    name = known(model or DEFAULT)
    with working(quiet=json) as at:
        at(f"reading {data}")
        dataset = read_dataset(data)
        at("fitting on the training learners")
        ref, predict = fitted_on(name, dataset)
        at("predicting the others, and auditing")
        scored, rng = protocol.score(dataset, ref, predict), derive_rng(seed, "judge")
        found = protocol.judge(scored, protocol.audit(dataset, predict, rng), rng)
    if json:
        print_json(found.as_json())
    else:
        show(*_tables(found))
    if not found.audit.passed:
        say("THE LEAKAGE AUDIT FAILED: these figures do not say how good the model is.")
        say(*(f"  {finding.check}: {finding.message}" for finding in found.audit.failures))
        raise typer.Exit(AUDIT_FAILED)


def _tables(found: "Evaluation") -> tuple[object, ...]:
    from rich.markup import escape
    from rich.table import Table

    counts = f"{found.n:,} answers of {found.n_learners:,} learners"
    head = f"[bold]{found.model}[/] on {escape(found.data)}: {counts}"
    figures = Table("figure", "", "95% interval", box=None)
    for name, interval in found.figures.items():
        figures.add_row(name, f"{interval.point:.4f}", f"{interval.low:.4f} to {interval.high:.4f}")
    checks = Table("audit", "", "", box=None)
    for finding in found.audit.findings:
        checks.add_row(finding.check, finding.verdict.value, escape(finding.message))
    limit = f"a perfectly calibrated model stays under an ece of {found.ece_calibrated_95:.4f}"
    return head, figures, limit, checks
