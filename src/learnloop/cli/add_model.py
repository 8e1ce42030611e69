"""How does a model that was trained elsewhere come into the database?"""

from pathlib import Path
from typing import Annotated

import typer

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.terminal import print_json, show


def add_model(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="An artifact, as 'learnloop train' writes it.")
    ],
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Store a model from its folder, once it is checked. It plays no role until it is deployed.

    For example:

        learnloop models add feature_net-1
    """
    from learnloop.core.artifact import Artifact
    from learnloop.journeys.adding import add

    artifact = Artifact.read(folder)
    with open_engine(database) as engine, engine.store.begin() as tx:
        record = add(tx, artifact)
    if json:
        print_json({"ref": record.ref, "sha256": record.sha256})
        return
    show(f"{record.ref} is stored; 'learnloop models deploy' gives it a role")
