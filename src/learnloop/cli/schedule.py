"""What is done again and again? Schedules are added, listed and removed here; workers keep them."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

import typer

from learnloop.cli.database import AsJson, Database, open_engine
from learnloop.cli.jobs import Payload, payload_of
from learnloop.cli.terminal import print_json, say, show
from learnloop.core.errors import InvalidInput
from learnloop.core.jobs import Schedule
from learnloop.core.time import to_utc

app = typer.Typer(help="Jobs that come again and again.", no_args_is_help=True)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    kind: Annotated[str, typer.Option(help="What is to be done.")],
    every: Annotated[str, typer.Option(help="From one job to the next: 30s, 15m, 6h, 7d, 2w.")],
    payload: Payload = "{}",
    first: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="When the first is due; else after one time `every`."),
    ] = None,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Enqueue such a job again and again; takes the place of the schedule of that name.

    For example:

        learnloop schedule add weekly-fit --kind fit --every 7d

        learnloop schedule add nightly-fit --kind fit --every 1d --first 2026-01-06T03:00:00Z
    """
    from learnloop.journeys import jobs

    rhythm, first_at = _duration(every), None if first is None else _instant(first)
    with open_engine(database) as engine, engine.store.begin() as tx:
        now, given = engine.clock.now(), payload_of(payload)
        added = jobs.add_schedule(tx, now, name, kind, given, rhythm, first_at)
    if json:
        print_json(_plain(added))
        return
    say(f"{name}: {kind} every {every}, first {added.next_at:%Y-%m-%d %H:%M:%S} UTC")


@app.command("list")
def list_schedules(database: Database = None, json: AsJson = False) -> None:
    """List the schedules, and when each is due next.

    For example:

        learnloop schedule list
    """
    with open_engine(database) as engine, engine.store.begin(write=False) as tx:
        found = tx.schedules.list()
    if json:
        print_json([_plain(schedule) for schedule in found])
        return
    show(_table(found))


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="As 'schedule list' shows it.")],
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Remove a schedule; jobs that it made stay.

    For example:

        learnloop schedule remove weekly-fit
    """
    from learnloop.journeys import jobs

    with open_engine(database) as engine, engine.store.begin() as tx:
        jobs.remove_schedule(tx, name)
    if json:
        print_json({"name": name, "removed": True})
        return
    say(f"{name} is removed")


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,9})([smhdw])", text)
    if found is None:
        raise InvalidInput(f"every: {text!r} is none of 30s, 15m, 6h, 7d, 2w", field="every")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _instant(text: str) -> datetime:
    try:
        return to_utc(datetime.fromisoformat(text), field="first")
    except ValueError as error:
        raise InvalidInput(
            f"first: {text!r} is no instant; write it like 2026-01-06T03:00:00Z", field="first"
        ) from error


def _plain(schedule: Schedule) -> dict[str, object]:
    return {
        "name": schedule.name,
        "kind": schedule.kind,
        "payload": schedule.payload,
        "every_seconds": schedule.every.total_seconds(),
        "next_at": schedule.next_at,
        "last_job_id": schedule.last_job_id,
    }


def _table(found: Iterable[Schedule]) -> object:
    from rich.markup import escape
    from rich.table import Table

    lines = Table("name", "kind", "every", "next", "last job", box=None)
    for s in found:
        next_at = f"{s.next_at:%Y-%m-%d %H:%M:%S}"
        lines.add_row(escape(s.name), escape(s.kind), str(s.every), next_at, s.last_job_id or "")
    return lines
