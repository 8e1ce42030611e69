"""Which commands are there, and what does a failed one say? One line, and an exit code.

0  done
1  it could not be done; the line on stderr says why and what to do
2  the command line is wrong
3  `evaluate`, `train`: the leakage audit failed, so the figures mean nothing
4  `import` only: some rows were rejected; the others are in
"""

import sys
from typing import NoReturn

import typer

from learnloop.cli import (
    benchmark,
    demo,
    doctor,
    evaluate,
    features,
    fit,
    import_log,
    jobs,
    keys,
    models,
    monitor,
    placement,
    profile,
    quality,
    recommend,
    retention,
    retrain,
    schedule,
    score,
    serve,
    tracking,
    train,
    worker,
)
from learnloop.cli.terminal import say_error
from learnloop.core.errors import LearnloopError

app = typer.Typer(
    name="learnloop",
    help="What each learner knows, and what to study next, and why.\n\n"
    "Start with: `learnloop demo`",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
LOOK, FILL, JUDGE, LATER = "Look around", "Real data", "Models", "Work for later"
app.command("demo", rich_help_panel=LOOK)(demo.demo)
app.command("doctor", rich_help_panel=LOOK)(doctor.doctor)
app.command("serve", rich_help_panel=FILL)(serve.serve)
app.command("import", rich_help_panel=FILL)(import_log.import_file)
app.add_typer(keys.app, name="keys", rich_help_panel=FILL)
app.command("quality", rich_help_panel=FILL)(quality.quality)
app.command("profile", rich_help_panel=FILL)(profile.profile)
app.command("placement", rich_help_panel=FILL)(placement.placement)
app.command("recommend", rich_help_panel=FILL)(recommend.recommend)
app.command("retention", rich_help_panel=FILL)(retention.retention)
app.add_typer(features.app, name="features", rich_help_panel=JUDGE)
app.command("fit", rich_help_panel=JUDGE)(fit.fit)
app.command("train", rich_help_panel=JUDGE)(train.train)
app.command("evaluate", rich_help_panel=JUDGE)(evaluate.evaluate)
app.add_typer(benchmark.app, name="benchmark", rich_help_panel=JUDGE)
app.command("score", rich_help_panel=JUDGE)(score.score)
app.add_typer(tracking.app, name="tracking", rich_help_panel=JUDGE)
app.command("retrain", rich_help_panel=JUDGE)(retrain.retrain)
app.add_typer(models.app, name="models", rich_help_panel=JUDGE)
app.add_typer(monitor.app, name="monitor", rich_help_panel=JUDGE)
app.command("worker", rich_help_panel=LATER)(worker.worker)
app.add_typer(jobs.app, name="jobs", rich_help_panel=LATER)
app.add_typer(schedule.app, name="schedule", rich_help_panel=LATER)


def run(arguments: list[str] | None = None) -> NoReturn:
    """Run one command line, and end the process with its exit code."""
    try:
        app(arguments, prog_name="learnloop")
    except LearnloopError as error:
        say_error(error)
    sys.exit(1)
