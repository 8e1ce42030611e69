"""Does the README tell the truth? Its Python lines run, its curl lines are sent to a live demo."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from learnloop.cli.app import app
from learnloop.journeys.engine import PersonalizationEngine
from tests.journeys.demo_server import DemoServer

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
SHELL = [code for language, code in BLOCKS if language == "bash"]
PYTHON = [code for language, code in BLOCKS if language == "python"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    with DemoServer(tmp_path_factory.mktemp("readme")) as server:
        yield server


def test_the_python_lines_run(running: DemoServer) -> None:
    (code,) = PYTHON
    lines = [line for line in code.splitlines() if line]
    assert len(lines) == 3, "the README promises three lines"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=running.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Reason(" in done.stdout


def test_the_curl_lines_work(running: DemoServer) -> None:
    (code,) = (code for code in SHELL if "curl" in code)
    with PersonalizationEngine.open(running.database) as engine:
        before = engine.profile("demo-otter").n_interactions
        answer = code[code.index('curl -s "$URL/api/interactions"') :]
        done = subprocess.run(
            ["bash", "-euc", code + answer],
            env={**os.environ, "URL": running.url, "KEY": running.keys["learner"]},
            capture_output=True,
            text=True,
            check=True,
        )
        assert '"skillProfile":{' in done.stdout
        assert '"sentence":"' in done.stdout
        assert done.stdout.count('{"accepted":1,"duplicates":0,"rejected":[]}') == 2
        assert engine.profile("demo-otter").n_interactions == before + 1, "counted twice"


def test_the_make_commands_exist() -> None:
    rules = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"^make (\w+)", "\n".join(SHELL), re.MULTILINE)
    assert named == ["run", "test"]
    assert set(named) <= set(rules)


def test_the_learnloop_commands_parse() -> None:
    command = typer.main.get_command(app)
    lines = [line for code in SHELL for line in code.splitlines() if line.startswith("learnloop ")]
    assert len(lines) >= 7
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        assert not unknown_options(command, words), line


def unknown_options(command: object, words: list[str]) -> list[str]:
    """Options of a command line that its command does not have."""
    while hasattr(command, "commands"):
        command = command.commands[words[0]]
        words = words[1:]
    known = {o for parameter in command.params for o in parameter.opts}
    return [word for word in words if word.startswith("-") and word not in known]


def test_ci_calls_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert re.search(r"^exec make test$", script, re.MULTILINE)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
