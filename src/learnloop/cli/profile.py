"""What is known about a learner? Their skills with ranges, and what they said."""

from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.terminal import print_json, show
from learnloop.core.types import ContentType

if TYPE_CHECKING:
    from learnloop.journeys.results import Profile, SkillLevel

BAR_WIDTH, MANY_SKILLS = 12, 40


def profile(
    learner: Annotated[str, typer.Argument(metavar="LEARNER", help="The learner's id.")],
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Show what is known about a learner.

    A skill with fewer than 5 answers is "not sure yet"; the others show the estimate, its 80%
    range, and how many answers it rests on.

    For example:

        learnloop profile demo-otter --database sqlite:///learnloop-demo/learnloop.db

        learnloop profile ada --json
    """
    with open_engine(database) as engine:
        found = engine.profile(learner)
    if json:
        print_json(found)
        return
    show(_headline(found), _skill_table(found))


def _headline(found: "Profile") -> str:
    from rich.markup import escape

    demo = "  [black on yellow] demo data [/]" if found.is_demo else ""
    behavior = found.behavior.engagement
    liked = found.preferences.preferred_content_type or ContentType.MIXED
    target = found.goals.target_mastery
    facts = [
        f"{found.n_interactions} interactions in {behavior.n_sessions} sessions",
        f"prefers {liked} content",
        "no goal set" if target is None else f"goal {target:.0%}",
    ]
    return f"[bold]{escape(found.learner_id)}[/]{demo}\n" + " · ".join(facts)


def _skill_table(found: "Profile") -> object:
    from rich.markup import escape
    from rich.table import Table

    levels = found.skills.current_levels
    # A catalog may have hundreds of skills that a learner never met; theirs are told by number.
    met = [x for x in levels if x.n_answers] if len(levels) > MANY_SKILLS else levels
    rest = len(levels) - len(met)
    caption = f"and {rest} skills without answers; --json has them all" if rest else None
    table = Table("skill", "", "estimate", "80% range", "answers", "last", box=None)
    table.caption, table.caption_justify = caption, "left"
    for level in met:
        last = level.last_answered_at
        table.add_row(
            escape(level.name),
            *_estimate(level),
            f"{level.n_correct} of {level.n_answers} right" if level.n_answers else "none",
            f"{last:%Y-%m-%d}" if last else "",
        )
    return table


def _estimate(level: "SkillLevel") -> tuple[str, str, str]:
    if not level.sure:
        return "", "[dim]not sure yet[/]", ""
    filled = round(level.mastery * BAR_WIDTH)
    bar = f"[green]{'━' * filled}[/][dim]{'┄' * (BAR_WIDTH - filled)}[/]"
    return bar, f"{level.mastery:.0%}", f"{level.low:.0%}-{level.high:.0%}"
