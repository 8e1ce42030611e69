"""What does a model say of each row of a table? Shard by shard, wherever tasks run."""

from pathlib import Path
from typing import Annotated

import typer

from learnloop.cli.database import AsJson, settings
from learnloop.cli.terminal import print_json, progress, say
from learnloop.cli.train import Executor
from learnloop.core.errors import InvalidInput


def score(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="An artifact, as 'learnloop train' writes it.")
    ],
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="A Parquet file of rows.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The Parquet file to write.")],
    keep: Annotated[
        str, typer.Option(metavar="A,B,...", help="Columns of the table to carry along.")
    ] = "",
    columns: Annotated[
        list[str] | None,
        typer.Option(
            metavar="INPUT=A,B,...",
            help="What an input is made of; default: the features, or the column of its name.",
        ),
    ] = None,
    executor: Executor = None,
    json: AsJson = False,
) -> None:
    """Write what a model says of every row of a table, in the order of the rows.

    A model of the features reads them from columns of their names, as `learnloop features build`
    writes them; a feature that is unknown is NaN or null.

    For example:

        learnloop score feature_net-1 train.parquet --out said.parquet --keep learner_id,at
    """
    from learnloop.core.artifact import Artifact
    from learnloop.training.batch_scoring import ROWS_PER_SHARD, Scorer, columns_of, score_table
    from learnloop.training.executor import open_executor

    named = dict(_columns(text) for text in columns or ())
    scorer = Scorer(folder.absolute(), columns_of(Artifact.read(folder), named))
    kept = [name for name in keep.split(",") if name]
    with (
        open_executor(executor or settings(None).executor) as where,
        progress("scoring", None, quiet=json) as done,
    ):
        found = score_table(
            scorer,
            table.absolute(),
            keep=kept,
            out=out,
            executor=where,
            on_done=lambda n: done(n * ROWS_PER_SHARD),
        )
    if json:
        print_json({"path": str(out), "n_rows": len(found), "columns": found.columns})
        return
    say(f"{len(found):,} rows")
    typer.echo(out)


def _columns(text: str) -> tuple[str, list[str]]:
    name, equals, names = text.partition("=")
    if not (name and equals and names):
        raise InvalidInput(f"columns: {text!r} is no INPUT=A,B,...", field="columns")
    return name, names.split(",")
