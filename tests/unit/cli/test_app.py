"""Does the command line answer at once, teach, and fail in one line?"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from learnloop.cli.app import app

Learnloop = Callable[..., Any]

COMMANDS = [
    [name, *inner]
    for name, command in typer.main.get_command(app).commands.items()
    for inner in ([[x] for x in command.commands] if hasattr(command, "commands") else [[]])
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_teaches_with_an_example(command: list[str], learnloop: Learnloop) -> None:
    done = learnloop(*command, "--help")
    assert done.code == 0
    assert "For example" in done.out
    assert f"learnloop {' '.join(command)}" in done.out


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom learnloop.cli.app import run\n"
        "try:\n    run(['--help'])\nexcept SystemExit:\n    print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "learnloop.cli.demo" in loaded
    assert loaded.isdisjoint({"polars", "fastapi", "pydantic", "sqlalchemy", "msgspec", "uvicorn"})


def test_an_error_is_one_line_that_says_what_to_do(learnloop: Learnloop, elsewhere: Path) -> None:
    done = learnloop("profile", "ada")
    assert done.code == 1
    assert done.out == ""
    assert done.err.startswith("error: no database at learnloop.db; name one with --database")
    assert done.err.count("\n") == 1
    assert not list(elsewhere.iterdir()), "a command that reads made a file"


def test_a_wrong_command_line_ends_with_2(learnloop: Learnloop) -> None:
    assert learnloop("recommend", "ada", "-n", "many").code == 2
    assert learnloop("recommend").code == 2
    assert learnloop("dance").code == 2
