"""Which models are there, how did each do, and which of them is to answer?"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learnloop.cli import add_model
from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.terminal import print_json, show
from learnloop.core.errors import InvalidInput
from learnloop.core.registry import ModelRole
from learnloop.core.types import Ref

if TYPE_CHECKING:
    from learnloop.journeys.results import ModelPerformance
    from learnloop.journeys.versions import Details, Duel
    from learnloop.metrics import Interval

ACTOR = "cli"
app = typer.Typer(help="List, show, compare, deploy and roll back models.", no_args_is_help=True)
Version = Annotated[str, typer.Argument(metavar="REF", help="NAME@VERSION, as in 'models list'.")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept with the change.")]
app.command("add")(add_model.add_model)


@app.command("list")
def list_models(database: Database = None, json: AsJson = False) -> None:
    """List the models, the live one first.

    For example:

        learnloop models list --json
    """
    with open_engine(database) as engine:
        found = engine.models()
    if json:
        print_json(found)
        return
    show(table(found))


@app.command("show")
def show_model(ref: Version, database: Database = None, json: AsJson = False) -> None:
    """Show a version: where it comes from, how it did, its roles, and its model card.

    For example:

        learnloop models show ability@2026-01-05
    """
    from learnloop.journeys.versions import details

    with open_engine(database) as engine, engine.store.begin(write=False) as tx:
        found = details(tx, _ref(ref))
    if json:
        print_json(found)
        return
    show(*_details(found))


@app.command("compare")
def compare_models(
    a: Version,
    b: Version,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A folder of answers; by default the database's log."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws the resamples.")] = 0,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Compare two versions on held-out learners, with intervals.

    For example:

        learnloop models compare ability@2026-01-05 ability@2026-01-12
    """
    from learnloop.journeys.versions import compare

    with open_engine(database) as engine:
        found = compare(engine.live, engine.store, _ref(a), _ref(b), data, seed)
    if json:
        print_json(found)
        return
    show(*_duel(found))


@app.command("deploy")
def deploy_model(
    ref: Version,
    reason: Why,
    role: Annotated[ModelRole, typer.Option(help="What it does.")] = ModelRole.CHAMPION,
    share: Annotated[
        float | None,
        typer.Option(help="Of the learners; by default 0.1 for a challenger, 1 for a shadow."),
    ] = None,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Give a version a role, once its files are checked. Every server follows within a second.

    For example:

        learnloop models deploy feature_net@2026-01-05 --role challenger --reason "a try"
    """
    from learnloop.journeys.versions import deploy

    with open_engine(database) as engine:
        given = _ref(ref)
        with engine.store.begin() as tx:
            found = deploy(tx, engine.clock, given, role, actor=ACTOR, reason=reason, share=share)
        engine.mirror()
    if json:
        print_json(found)
        return
    show(f"{found.ref} is {found.role.value} of {found.slot}")


@app.command("rollback")
def roll_back_model(
    slot: Annotated[str, typer.Argument(metavar="SLOT", help="Where, e.g. 'estimator'.")],
    reason: Why,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Make the champion before this one the champion again.

    For example:

        learnloop models rollback estimator --reason "recommendations got worse"
    """
    from learnloop.journeys.registry import roll_back

    with open_engine(database) as engine:
        with engine.store.begin() as tx:
            found = roll_back(tx, engine.clock, slot, actor=ACTOR, reason=reason)
        engine.mirror()
    if json:
        print_json({"slot": slot, "champion": found})
        return
    show(f"{found} is champion of {slot} again")


@app.command("retire")
def retire_model(
    slot: Annotated[str, typer.Argument(metavar="SLOT", help="Where, e.g. 'feature_net'.")],
    role: Annotated[ModelRole, typer.Option(help="Which role nobody plays from now on.")],
    reason: Why,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Take a role away: a canary or a shadow is over, or nobody answers in the slot any more.

    For example:

        learnloop models retire feature_net --role challenger --reason "seen enough"
    """
    from learnloop.journeys.versions import retire

    with open_engine(database) as engine:
        with engine.store.begin() as tx:
            found = retire(tx, engine.clock, slot, role, actor=ACTOR, reason=reason)
        engine.mirror()
    if json:
        print_json({"slot": slot, "role": role, "retired": found})
        return
    show(f"{found} is no longer {role.value} of {slot}")


@app.command("collect")
def collect_models(database: Database = None, json: AsJson = False) -> None:
    """Forget versions that nobody needs any more, and their files.

    Kept are: those with a role, the last three champions of each slot, the newest of each name,
    and what is younger than 30 days.

    For example:

        learnloop models collect
    """
    from learnloop.journeys.registry import collect

    with open_engine(database) as engine:
        n_versions, n_files = collect(engine.store, engine.clock.now())
    if json:
        print_json({"n_versions": n_versions, "n_files": n_files})
        return
    show(f"{n_versions:,} versions and {n_files:,} files were removed")


def table(found: "Iterable[ModelPerformance]") -> object:
    """One line for each model, with its figures."""
    from rich.table import Table

    lines = Table("model", "", "made", "figures", box=None)
    lines.columns[0].no_wrap = True
    for model in found:
        made = f"{model.created_at:%Y-%m-%d %H:%M}" if model.created_at else "from the catalog"
        figures = ", ".join(f"{name} {_figure(value)}" for name, value in model.metrics.items())
        lines.add_row(str(model.ref), "[green]live[/]" if model.live else "", made, figures)
    return lines


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() else f"{value:.4f}"


def _ref(text: str) -> Ref:
    ref = Ref.parse(text)
    if not ref.name or not ref.version:
        raise InvalidInput(f"model: {text!r} is no NAME@VERSION", field="model")
    return ref


def _details(found: "Details") -> tuple[object, ...]:
    from rich.markup import escape
    from rich.table import Table

    manifest = found.manifest
    facts = Table(show_header=False, box=None)
    facts.add_row("slot", found.slot)
    facts.add_row("made", f"{manifest.created_at:%Y-%m-%d %H:%M} UTC")
    roles = ", ".join(f"{x.role.value} ({x.share:.0%})" for x in found.roles) or "none"
    facts.add_row("roles", roles)
    for name in ("features", "snapshot", "parent"):
        facts.add_row(name, escape(str(getattr(manifest, name) or "")))
    facts.add_row("files", ", ".join(f"{n} ({x.size:,})" for n, x in manifest.files.items()))
    facts.add_row("libraries", ", ".join(f"{n} {v}" for n, v in manifest.libraries.items()))
    facts.add_row("state", f"[red]{escape(found.problem)}[/]" if found.problem else "whole")
    changes = Table("when", "role", "version", "by", "why", box=None)
    for x in found.history:
        version = escape(str(x.ref or "nobody"))
        changes.add_row(f"{x.at:%Y-%m-%d %H:%M}", x.role.value, version, escape(x.actor),
                        escape(x.reason))  # fmt: skip
    return facts, changes, escape(found.card)


def _duel(found: "Duel") -> tuple[object, ...]:
    from rich.markup import escape
    from rich.table import Table

    lines = Table("figure", escape(str(found.a)), escape(str(found.b)), "difference", box=None)
    both = [found.figures[str(ref)] for ref in (found.a, found.b)]
    for name, difference in found.differences.items():
        lines.add_row(name, *(_range(x[name]) for x in both), _range(difference))
    head = f"on {found.n:,} answers of {found.n_learners:,} held-out learners of {found.on}"
    warnings = (f"[yellow]{ref} was fitted on these learners too[/]" for ref in found.saw)
    return escape(head), lines, *warnings


def _range(x: "Interval") -> str:
    return f"{x.point:.4f} ({x.low:.4f} to {x.high:.4f})"
