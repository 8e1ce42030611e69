"""Why does it not work? Looks at the machine and the database, and says what to do."""

from typing import Annotated

import typer

from learnloop.cli.checks import Check, Status, every_check
from learnloop.cli.database import AsJson, Database
from learnloop.cli.terminal import print_json, show

COLORS = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "red"}


def doctor(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="The port a server would listen on.")
    ] = 8000,
    database: Database = None,
    json: AsJson = False,
) -> None:
    """Check Python, settings, port, permissions, disk, database and optional parts.

    Ends with exit code 1 if something fails; a warning is only a warning.

    For example:

        learnloop doctor

        learnloop doctor --port 80 --database postgresql://learnloop@localhost/learnloop --json
    """
    checks = every_check(database, port)
    if json:
        print_json(checks)
    else:
        show(_table(checks))
    if any(check.status is Status.FAIL for check in checks):
        raise typer.Exit(1)


def _table(checks: list[Check]) -> object:
    from rich.markup import escape
    from rich.table import Table

    lines = Table(box=None, show_header=False)
    for check in checks:
        status = f"[{COLORS[check.status]}]{check.status.value}[/]"
        to_do = f"\n[bold]→ {escape(check.to_do)}[/]" if check.to_do else ""
        lines.add_row(status, check.name, escape(check.found) + to_do)
    return lines
