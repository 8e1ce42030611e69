"""What should a learner study next, and why?"""

from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.terminal import print_json, show
from learnloop.core.types import ItemKind

if TYPE_CHECKING:
    from learnloop.core.items import ItemTable
    from learnloop.journeys.results import RecommendationSet


def recommend(
    learner: Annotated[str, typer.Argument(metavar="LEARNER", help="The learner's id.")],
    n: Annotated[int, typer.Option("-n", min=1, max=100, help="How many items.")] = 5,
    kind: Annotated[
        ItemKind | None, typer.Option("--type", help="Only items of this kind.")
    ] = None,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Recommend what to study next, with the reasons.

    The choice is logged like any other, with the probability of each item, so that it can be
    judged later.

    For example:

        learnloop recommend demo-otter -n 3 --database sqlite:///learnloop-demo/learnloop.db

        learnloop recommend ada --type exercise --json
    """
    with open_engine(database) as engine:
        found = engine.generate_recommendations(learner, n, kind)
        with engine.store.begin(write=False) as tx:
            items = engine.live(tx).items
    if json:
        print_json(found)
        return
    show(_table(found, items), f"[dim]decision {found.decision_id} by {found.policy}[/]")


def _table(found: "RecommendationSet", items: "ItemTable") -> object:
    from rich.markup import escape
    from rich.table import Table

    from learnloop.policies.explain import sentence

    table = Table("", "item", "P(right)", "why", box=None, padding=(0, 2, 1, 0))
    for i, choice in enumerate(found.recommendations, start=1):
        chance = "" if choice.p_correct is None else f"{choice.p_correct:.0%}"
        item = choice.item
        title = item.title or item.text
        named = "" if title == item.item_id else f"\n{escape(title)}"  # logs know no other name
        table.add_row(
            str(i),
            f"[bold]{escape(item.item_id)}[/]{named}",
            chance,
            "\n".join(f"• {escape(sentence(r, items))}" for r in choice.reasons),
        )
    return table
