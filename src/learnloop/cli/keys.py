"""Who may use the API? Keys are made, listed and revoked here; their text is shown once."""

from datetime import timedelta
from typing import Annotated

import typer

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.terminal import print_json, say, show
from learnloop.core.errors import NotFound
from learnloop.core.ids import KeyId, LearnerId
from learnloop.core.records import ApiKey, Role

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


@app.command("create")
def create(
    role: Annotated[Role, typer.Option(help="What kind of caller it is for.")],
    learner: Annotated[
        str | None, typer.Option(help="The one learner that a learner's key sees.")
    ] = None,
    class_id: Annotated[
        str | None, typer.Option("--class", help="The class whose learners a teacher's key sees.")
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="A scope to grant; without any, the role's own.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Days until it expires; without it, never.")
    ] = None,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Make a key. Its text is printed now and never again: only a digest is stored.

    A learner's key needs a learner who is there: by an import, or by PUT of a profile.

    For example:

        learnloop keys create --role admin

        learnloop keys create --role learner --learner ada --days 365

        learnloop keys create --role service --scope interactions:write
    """
    from learnloop.accounts.keys import create_key
    from learnloop.journeys.live import learner_of

    with open_engine(database, create=learner is None) as engine:
        now = engine.clock.now()
        text, key = create_key(
            role,
            now,
            learner_id=None if learner is None else LearnerId(learner),
            class_id=class_id,
            scopes=scope,
            expires_at=None if days is None else now + timedelta(days=days),
        )
        with engine.store.begin() as tx:
            if key.learner_id is not None:
                learner_of(tx, key.learner_id)
            tx.accounts.add_key(key)
    if json:
        print_json({"key": text, **_public(key)})
        return
    say(f"key {key.key_id} for a {role.value}; keep this text, it is not shown again:")
    typer.echo(text)


@app.command("list")
def list_keys(database: Database = None, json: AsJson = False) -> None:
    """List the keys, without their secrets.

    For example:

        learnloop keys list --json
    """
    with open_engine(database) as engine, engine.store.begin(write=False) as tx:
        found = tx.accounts.keys()
    if json:
        print_json([_public(key) for key in found])
        return
    show(_table(found))


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="As 'keys list' shows it.")],
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Revoke a key. A running server refuses it within seconds.

    For example:

        learnloop keys revoke 5f0c9a1b2d3e4f50
    """
    with open_engine(database) as engine, engine.store.begin() as tx:
        every = tx.accounts.keys()
        if key_id not in {key.key_id for key in every}:
            raise NotFound(f"no key {key_id!r}; 'learnloop keys list' shows them", field="key_id")
        tx.accounts.revoke_key(KeyId(key_id), engine.clock.now())
    if json:
        print_json({"key_id": key_id, "revoked": True})
        return
    say(f"key {key_id} is revoked")


def _public(key: ApiKey) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "role": key.role,
        "scopes": sorted(key.scopes),
        "learner_id": key.learner_id,
        "class_id": key.class_id,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }


def _table(found: list[ApiKey]) -> object:
    from rich.markup import escape
    from rich.table import Table

    lines = Table("key", "role", "sees", "made", "expires", "revoked", box=None)
    for key in found:
        days = [f"{at:%Y-%m-%d}" if at else "" for at in (key.expires_at, key.revoked_at)]
        sees = key.learner_id or key.class_id or "every learner"
        lines.add_row(key.key_id, key.role.value, escape(sees), f"{key.created_at:%Y-%m-%d}", *days)
    return lines
