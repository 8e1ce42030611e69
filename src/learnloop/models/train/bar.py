"""How far is it? A bar on a terminal; nothing in a log or a pipe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[float, str], None]
"""(epochs done, what to say)."""


@contextmanager
def bar(n_epochs: int) -> Iterator[Advance]:
    """A bar on stderr that goes away when the run ends."""
    console = Console(stderr=True)
    columns = (
        TextColumn("training"),
        BarColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as shown:
        task = shown.add_task("", total=n_epochs)
        yield lambda done, said: shown.update(task, completed=done, description=said)
