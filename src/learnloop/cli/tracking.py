"""What was a tracking server not told, because it was away? `learnloop tracking flush` tells it."""

from pathlib import Path

import typer

from learnloop.cli.database import AsJson, settings
from learnloop.cli.terminal import print_json, say

app = typer.Typer(help="Runs that are kept in MLflow.", no_args_is_help=True)


@app.callback()
def tracking() -> None:
    """Runs that are kept in MLflow."""


@app.command()
def flush(json: AsJson = False) -> None:
    """Tell the tracking server what earlier runs could not.

    What it is to be told waits in LEARNLOOP_TRACKING_FOLDER, and goes to LEARNLOOP_MLFLOW_URL. The
    next run does the same by itself. What runs that go on have to say is left to them.

    For example:

        learnloop tracking flush
    """
    from learnloop.training.tracking.mlflow_tracker import flush

    chosen = settings(None)
    found = flush(chosen.mlflow_url, Path(chosen.tracking_folder))
    if json:
        print_json(found)
        return
    refused = f", {found.n_refused:,} of them refused" if found.n_refused else ""
    say(f"told: {found.n_told:,} lines{refused}" if found.n_told else "there was nothing to tell")
