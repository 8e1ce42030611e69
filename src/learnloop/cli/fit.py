"""How are the item parameters fitted on the log, and the result put to work?"""

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.models import table
from learnloop.cli.terminal import print_json, show, working


def fit(database: Database = None, json: AsJson = False) -> None:
    """Fit the model's item parameters on every answer of the log, and make it live.

    Learners keep what is known about them: their states are computed again from the log. With
    fewer than 200 answers nothing is fitted, and the authored difficulties stay live.

    For example:

        learnloop fit

        learnloop fit --database postgresql://learnloop@localhost/learnloop --json
    """
    with open_engine(database) as engine, working(quiet=json) as at:
        at("fitting on every answer of the log")
        fitted = engine.fit()
    if json:
        print_json(fitted)
        return
    show("fitted, and live now", table((fitted,)))
