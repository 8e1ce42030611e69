"""How far is it? A bar on a terminal; nothing in a log or a pipe."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[float, float], None]
"""(epochs done, loss so far)."""


@contextmanager
def bar(n_epochs: int) -> Iterator[Advance]:
    """A bar on stderr that goes away when the run ends."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, loss: None
        return
    said = TextColumn("loss {task.fields[loss]:.4f}")
    columns = (TextColumn("training"), BarColumn(), TimeRemainingColumn(), said)
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("", total=n_epochs, loss=float("nan"))
        yield lambda done, loss: shown.update(task, completed=done, loss=loss)
