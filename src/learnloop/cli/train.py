"""How does a folder of answers become a model? Fitted, judged, and written as an artifact."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnloop.cli.database import AsJson, Database, settings
from learnloop.cli.evaluate import AUDIT_FAILED
from learnloop.cli.retrain import retrain
from learnloop.cli.terminal import print_json, say, show
from learnloop.core.errors import InvalidInput

if TYPE_CHECKING:
    from learnloop.training.train_model import Trained

Executor = Annotated[
    str | None,
    typer.Option(
        metavar="WHERE", help="local, local:N, ray, ray:N, ...; default: LEARNLOOP_EXECUTOR."
    ),
]


def train(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Its name, e.g. 'feature_net'.")],
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="A folder with interactions.csv[.gz]."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A new folder; default: NAME@VERSION, here."),
    ] = None,
    set_to: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the model; may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed and data make the same model.")] = 0,
    test: Annotated[
        bool,
        typer.Option(
            "--test/--no-test",
            help="Judge by the held-out learners, or by a fifth of the others while still trying.",
        ),
    ] = True,
    checkpoints: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep checkpoints here; run again, it goes on from them."),
    ] = None,
    folds: Annotated[
        int, typer.Option(metavar="K", help="Also cross-validate on the training learners.")
    ] = 0,
    trials: Annotated[
        int, typer.Option(metavar="N", help="Try N settings first, and fit with the best.")
    ] = 0,
    journal: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep trials here; run again, it goes on from them."),
    ] = None,
    executor: Executor = None,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Fit a model on a folder of answers, judge it, and write it as an artifact.

    It is fitted on the training learners and judged on the others, as `learnloop evaluate` does.
    The folder it is written to appears whole or not at all: the model, its model card, its figures
    with intervals, and what is needed to serve, watch and go on from it. While you are still
    choosing settings use `--no-test`, so that the held-out learners are asked once, in the end.

    Without `--data` it is fitted on the database's own log, compared with the champion, and stored
    without a role: `learnloop retrain MODEL --no-promote`.

    For example:

        learnloop train ability --data data/assistments09

        learnloop train feature_net --data data/assistments09 --no-test --set epochs=20

        learnloop train feature_net --data data/assistments09 --trials 30 --journal net.journal
    """
    from learnloop.core.time import SystemClock
    from learnloop.training.train_model import Plan, write
    from learnloop.training.train_model.config import pairs
    from learnloop.training.train_model.folder import require_new

    if data is None:
        if out or set_to or checkpoints or folds or trials or journal or executor:
            raise InvalidInput(
                "data: these options are for a folder of answers; name one with --data",
                field="data",
            )
        retrain(model, promote=False, database=database, json=json)
        return
    plan = Plan(
        model,
        SystemClock().now(),
        pairs(set_to or ()),
        seed=seed,
        test=test,
        checkpoints=checkpoints,
        n_folds=folds,
        n_trials=trials,
        journal=journal,
    )
    if out is not None:
        require_new(out)
    trained = _trained(data, plan, executor, quiet=json)
    folder = out or Path(str(trained.artifact.ref))
    write(trained.artifact, trained.pictures, folder)
    if json:
        print_json(_json(trained, folder))
    else:
        show(*_tables(trained, folder))
    audit = trained.evaluation.audit
    if not audit.passed:
        say("THE LEAKAGE AUDIT FAILED: the model is written without figures.")
        say(*(f"  {finding.check}: {finding.message}" for finding in audit.failures))
        raise typer.Exit(AUDIT_FAILED)


def _trained(data: Path, plan: Any, executor: str | None, *, quiet: bool) -> "Trained":
    """Run the plan, where and watched as the settings say."""
    import sys

    from learnloop.training.dataset import read_dataset
    from learnloop.training.executor import open_executor
    from learnloop.training.tracking import open_tracker
    from learnloop.training.train_model import train as run_plan

    chosen = settings(None)
    tell = (lambda what: None) if quiet or not sys.stderr.isatty() else say
    tracker = open_tracker(chosen.tracking, chosen.mlflow_url, Path(chosen.tracking_folder))
    try:
        with open_executor(executor or chosen.executor) as where:
            tell(f"reading {data}")
            dataset = read_dataset(data)
            with tracker.start(plan.model, plan.version) as run:
                return run_plan(dataset, plan, run=run, executor=where, say=tell)
    finally:
        tracker.close()


def _json(trained: "Trained", folder: Path) -> dict[str, Any]:
    manifest = trained.artifact.manifest
    found: dict[str, Any] = {
        "folder": str(folder),
        "ref": str(manifest.ref),
        "sha256": trained.artifact.sha256,
        "snapshot": manifest.snapshot,
        "config": manifest.config,
        "evaluation": trained.evaluation.as_json(),
    }
    if trained.folds is not None:
        found["folds"] = trained.folds.as_json()
    if trained.tuned is not None:
        best = trained.tuned.best
        found["trials"] = {
            "n": len(trained.tuned.trials),
            "best": best.number,
            "log_loss": best.value,
            "params": best.params,
        }
    return found


def _tables(trained: "Trained", folder: Path) -> tuple[object, ...]:
    from rich.markup import escape
    from rich.table import Table

    found = trained.evaluation
    parts: list[object] = []
    if trained.tuned is not None:
        best, n = trained.tuned.best, len(trained.tuned.trials)
        params = ", ".join(f"{name}={value}" for name, value in best.params.items())
        parts.append(escape(f"trial {best.number} of {n} was best, log loss {best.value:.4f}"))
        parts.append(escape(f"  {params}"))
    if trained.folds is not None:
        folds = Table("figure", "mean of folds", "spread", box=None)
        for name in trained.folds.folds[0].figures:
            mean, spread = trained.folds.mean(name), trained.folds.spread(name)
            folds.add_row(name, f"{mean:.4f}", f"{spread:.4f}")
        parts.append(folds)
    figures = Table("figure", "", "95% interval", box=None)
    for name, x in found.figures.items():
        figures.add_row(name, f"{x.point:.4f}", f"{x.low:.4f} to {x.high:.4f}")
    counts = f"{found.n:,} answers of {found.n_learners:,} learners"
    head = f"[bold]{escape(found.model)}[/] on {escape(found.data)}: {counts}"
    return (*parts, head, figures, f"written: {escape(str(folder))}")
