"""Does what decision 5 says of the requirement documents' names hold today?"""

import re
from pathlib import Path

import pytest
import typer

import learnloop
from learnloop.cli.app import app

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "decisions" / "0005-one-framework-plain-artifacts.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| name")
]
TODAY = sorted({name for row in ROWS for name in re.findall(r"`([^`]+)`", row[1])})


def exists(name: str) -> bool:
    if name.startswith("learnloop "):
        return name.split()[1] in typer.main.get_command(app).commands
    if "/" in name:
        return (ROOT / "src" / "learnloop" / name).exists()
    if name.startswith("learnloop."):
        return hasattr(learnloop, name.split(".")[1])
    return hasattr(learnloop.PersonalizationEngine, name.rpartition(".")[2])


@pytest.mark.parametrize("name", TODAY)
def test_what_is_said_to_be_there_is_there(name: str) -> None:
    assert exists(name)


def test_every_method_of_the_front_door_that_the_documents_name_and_that_exists_is_listed() -> None:
    table = "\n".join(row[0] for row in ROWS)
    for name in ("generate_recommendations", "predict_engagement", "optimize_learning_path"):
        assert hasattr(learnloop.PersonalizationEngine, name)
        assert f"`{name}`" in table


def test_a_name_that_would_do_nothing_yet_is_not_exported() -> None:
    later = {name for row in ROWS if not row[1] for name in re.findall(r"[A-Z]\w+", row[0])}
    assert later
    assert later.isdisjoint(dir(learnloop))
