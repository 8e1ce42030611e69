"""What does a learner still remember, and until when?"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.terminal import print_json, say, show
from learnloop.core.ids import ItemId, SkillId

if TYPE_CHECKING:
    from learnloop.journeys.results import Remembered, Retention


def retention(
    learner: Annotated[str, typer.Argument(metavar="LEARNER", help="The learner's id.")],
    skill: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Of this skill; may be repeated.")
    ] = None,
    item: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Of this item; may be repeated.")
    ] = None,
    in_days: Annotated[
        float, typer.Option(min=0.0, max=3650.0, help="At so many days from now.")
    ] = 0.0,
    desired: Annotated[
        float, typer.Option(min=0.7, max=0.99, help="The recall that reviews are to keep.")
    ] = 0.9,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Say what a learner still remembers, and when it should be reviewed.

    Without a skill or an item, of all skills that the learner has practised.

    For example:

        learnloop retention demo-otter --database sqlite:///learnloop-demo/learnloop.db

        learnloop retention ada --skill fractions --in-days 7 --json
    """
    skills, items = [SkillId(s) for s in skill or ()], [ItemId(i) for i in item or ()]
    with open_engine(database) as engine:
        found = engine.predict_retention(learner, skills, items, in_days=in_days, desired=desired)
    if json:
        print_json(found)
        return
    if not found.skills and not found.items:
        say("Nothing was practised yet.")
        return
    show(_table(found))


def _table(found: "Retention") -> object:
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "recall", "80%", "stability", "reviews", "review on", box=None)
    for one in (*found.skills, *found.items):
        table.add_row(escape(one.id), *_cells(one), _day(one.review_at))
    return table


def _cells(one: "Remembered") -> tuple[str, str, str, str]:
    if one.recall is None or one.low is None or one.high is None or one.stability_days is None:
        return "never met", "", "", "0"
    days, n = f"{one.stability_days:.1f} d", str(one.n_reviews)
    if not one.sure:
        return "not sure yet", "", days, n
    return f"{one.recall:.0%}", f"{one.low:.0%} to {one.high:.0%}", days, n


def _day(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d}"
