"""How does a command speak? Results to stdout, everything else to stderr, bars only to people."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from learnloop.cli.plain import plain
from learnloop.core.errors import CatalogError, LearnloopError, Rejection

N_REJECTIONS = 20


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def say(*lines: str) -> None:
    """Lines for people, on stderr, where they spoil no pipe."""
    for line in lines:
        sys.stderr.write(line + "\n")


def say_error(error: LearnloopError) -> None:
    """What went wrong, in one line; for a refused catalog, also each line that is wrong."""
    say(f"error: {' '.join(error.message.split())}")  # a database driver's own words have lines
    if isinstance(error, CatalogError):
        say_rejections(error.rejections, len(error.rejections))


def say_rejections(rejections: Sequence[Rejection], n_all: int) -> None:
    """The first rejected rows with their lines and reasons, and how many more there are."""
    shown = rejections[:N_REJECTIONS]
    say(*(f"  line {r.line}: {r.message}" for r in shown))
    if n_all > len(shown):
        say(f"  and {n_all - len(shown):,} more")


@contextmanager
def progress(
    label: str, total: int | None, *, quiet: bool = False
) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; silent where no one looks or with `quiet`.

    Yields:
        Call it with the number of steps that are done so far.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = TextColumn(label), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def working(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """A spinner on stderr for work of unknown length; silent where no one looks or with `quiet`.

    Yields:
        Call it with what is being done now.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda what: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as spinner:
        yield spinner.update


def show(*parts: object) -> None:
    """Tables and marked-up text on stdout."""
    from rich.console import Console

    console = Console(highlight=False)
    for part in parts:
        console.print(part)
