"""Where does a learner stand? A placement in the terminal: questions, answers, what was found."""

from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.terminal import print_json, say, show

if TYPE_CHECKING:
    from learnloop.core.items import ItemTable
    from learnloop.journeys.engine import PersonalizationEngine
    from learnloop.journeys.results import InformativeItems, Placement, PlacementQuestion


def placement(
    learner: Annotated[str, typer.Argument(metavar="LEARNER", help="The learner's id.")],
    skill: Annotated[
        list[str] | None, typer.Option("--skill", help="Ask about this skill; again for more.")
    ] = None,
    course: Annotated[
        str | None, typer.Option("--course", help="Ask about this course alone.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Begin another where the last one has ended.")
    ] = False,
    skip: Annotated[
        bool, typer.Option("--skip", help="End the one that goes on, or skip it altogether.")
    ] = False,
    informative: Annotated[
        int,
        typer.Option(
            "--informative",
            min=0,
            max=100,
            help="Ask nothing; list so many items that would tell most about the learner.",
        ),
    ] = 0,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Find out where a learner stands, one question at a time.

    Each answer decides what is asked next; an empty line is "I don't know". Ctrl-D stops, and the
    same command goes on from there. With --json nothing is asked: it prints how far it is.

    For example:

        learnloop placement demo-otter --database sqlite:///learnloop-demo/learnloop.db

        learnloop placement ada --skill add-fractions --skill decimals-percent

        learnloop placement ada --informative 5 --json
    """
    from learnloop.core.ids import CourseId, SkillId

    with open_engine(database) as engine:
        if informative:
            _tell(engine, engine.informative_items(learner, informative), json=json)
            return
        if skip:
            found = engine.abandon_placement(learner)
        elif json:
            found = engine.placement(learner)
        else:
            skills = [SkillId(x) for x in skill or ()]
            where = None if course is None else CourseId(course)
            found = engine.begin_placement(learner, skills, where, again=again)
            found = _asked(engine, found)
        items = _items(engine)
    if json:
        print_json(found)
    else:
        show(*_summary(found, items))


def _items(engine: "PersonalizationEngine") -> "ItemTable":
    with engine.store.begin(write=False) as tx:
        return engine.live(tx).items


def _asked(engine: "PersonalizationEngine", found: "Placement") -> "Placement":
    """Ask until it ends, or the one who answers does."""
    items = _items(engine)
    while found.question is not None:
        _show_question(found, found.question, items)
        try:
            correct = _answer(found.question)
        except (EOFError, typer.Abort):
            say("", "Stopped; the same command goes on from here.")
            return found
        _record(engine, found, found.question, correct=correct)
        say("right" if correct else "not right")
        found = engine.begin_placement(found.learner_id)
    return found


def _show_question(found: "Placement", question: "PlacementQuestion", items: "ItemTable") -> None:
    from rich.markup import escape

    from learnloop.policies.explain import sentence

    item = question.item
    show(
        f"\n[bold]Question {found.n_asked} of at most {found.max_items}[/]  "
        f"[dim]{escape(' '.join(sentence(r, items) for r in question.reasons[:-1]))}[/]",
        escape(item.text or item.title or item.item_id),
        *(f"  {i}) {escape(choice)}" for i, choice in enumerate(item.choices, start=1)),
    )


def _answer(question: "PlacementQuestion") -> bool:
    """Whether what was typed is right; an empty line is "I don't know"."""
    from learnloop.catalog.grading import asks_for_number, grade, number

    item = question.item
    if item.answer is None:
        return typer.confirm("Were you right?", err=True)
    while True:
        given = str(typer.prompt("Answer", default="", show_default=False, err=True)).strip()
        if given.isdecimal() and given not in item.choices and 0 < int(given) <= len(item.choices):
            given = item.choices[int(given) - 1]
        if not given or not asks_for_number(item) or number(given) is not None:
            return bool(given) and grade(item, given)
        say("Write a number, such as 12, 0.75 or 3/4; an empty line if you don't know.")


def _record(
    engine: "PersonalizationEngine",
    found: "Placement",
    question: "PlacementQuestion",
    *,
    correct: bool,
) -> None:
    from learnloop.core.errors import InvalidInput
    from learnloop.core.ids import InteractionId
    from learnloop.core.types import Interaction, InteractionKind

    given = Interaction(
        InteractionId(f"terminal-{question.decision_id}"),
        found.learner_id,
        question.item.item_id,
        InteractionKind.ANSWERED,
        question.asked_at,
        correct=correct,
        decision_id=question.decision_id,
    )
    for rejection in engine.record([given]).rejected:
        raise InvalidInput(rejection.message, field=rejection.field)


def _summary(found: "Placement", items: "ItemTable") -> tuple[object, ...]:
    from rich.markup import escape
    from rich.table import Table

    ended = "" if found.ended is None else f" ({found.ended.replace('_', ' ')})"
    head = f"[bold]{escape(found.learner_id)}[/]  placement {found.status.replace('_', ' ')}{ended}"
    if found.ability is None:
        return (head, "no answer yet")
    facts = (
        f"ability {found.ability:+.2f} (standard error {found.stddev:.2f}, 90% between "
        f"{found.low:+.2f} and {found.high:+.2f}) after {found.n_answers} answers"
    )
    table = Table("skill", "estimate", "80% range", "answers", box=None)
    for level in found.skills:
        sure = level.sure
        table.add_row(
            escape(level.name),
            f"{level.mastery:.0%}" if sure else "[dim]not sure yet[/]",
            f"{level.low:.0%}-{level.high:.0%}" if sure else "",
            f"{level.n_correct} of {level.n_answers} right" if level.n_answers else "none",
        )
    return (head, facts, table)


def _tell(engine: "PersonalizationEngine", found: "InformativeItems", *, json: bool) -> None:
    if json:
        print_json(found)
        return
    from rich.markup import escape
    from rich.table import Table

    from learnloop.policies.explain import sentence

    items = _items(engine)
    table = Table("item", "tells", "P(right)", "why", box=None)
    for one in found.items:
        why = " ".join(sentence(reason, items) for reason in one.reasons)
        item_id = escape(one.item.item_id)
        table.add_row(item_id, f"{one.information:.2f}", f"{one.p_correct:.0%}", escape(why))
    show(table)
