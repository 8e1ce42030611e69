"""Is every command, option, setting, error, reason, path and model in the docs?"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from learnloop.api.app import create_app
from learnloop.cli.app import app
from learnloop.core.errors import LearnloopError
from learnloop.events.logmap import ready
from learnloop.journeys.engine import PersonalizationEngine, Settings
from learnloop.policies.explain import SENTENCES
from learnloop.training.fits import NAMES

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "learnloop"


def commands(command: object, name: str) -> Iterator[tuple[str, object]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for key, value in inner.items():
        yield from commands(value, f"{name} {key}")


COMMANDS = dict(commands(typer.main.get_command(app), "learnloop"))


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one."""
    found = re.search(rf"^### `{re.escape(heading)}\b.*?(?=^##|\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"docs/cli.md has no section '### `{heading}...`'"
    return found.group()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    below = section((DOCS / "cli.md").read_text(), name)
    options = [option for parameter in COMMANDS[name].params for option in parameter.opts]
    missing = [o for o in options if o.startswith("-") and o != "--help" and f"`{o}`" not in below]
    assert not missing


def test_every_command_of_the_docs_exists() -> None:
    said = re.findall(
        r"^### `(learnloop [a-z ]+[a-z])", (DOCS / "cli.md").read_text(), re.MULTILINE
    )
    assert set(said) == set(COMMANDS)


def test_every_setting_is_documented_with_its_default() -> None:
    text = (DOCS / "settings.md").read_text()
    for name, field in Settings.model_fields.items():
        assert f"| `LEARNLOOP_{name.upper()}` | `{field.default}` |" in text


def every_error(kind: type[LearnloopError] = LearnloopError) -> Iterator[type[LearnloopError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from every_error(below)


def test_every_error_is_documented() -> None:
    text = (DOCS / "errors.md").read_text()
    shipped = [e for e in every_error() if e.__module__.startswith("learnloop.")]
    assert not [e for e in shipped if f"| `{e.code}` |" not in text]


# Which argument of these calls is the code of a rejection or of an HTTP problem.
CODE_ARGUMENT = {"Rejection": 1, "reject": 2, "_rejected": 2, "HttpProblem": 1, "problem": 1}


def codes_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in CODE_ARGUMENT:
            continue
        given = [k.value for k in node.keywords if k.arg == "code"]
        given += node.args[CODE_ARGUMENT[name] : CODE_ARGUMENT[name] + 1]
        yield from (str(x.value) for x in given if isinstance(x, ast.Constant))


def test_every_code_of_a_rejection_is_documented() -> None:
    codes = {code for path in SOURCE.rglob("*.py") for code in codes_in(path)}
    text = (DOCS / "errors.md").read_text()
    assert "unknown_item" in codes
    assert not [code for code in sorted(codes) if f"| `{code}` |" not in text]


def test_every_reason_is_documented() -> None:
    text = (DOCS / "recommendations.md").read_text()
    assert re.findall(
        r"^\| `([a-z_]+)` \|", text.split("## Learning-style")[0], re.MULTILINE
    ) == list(SENTENCES)


def test_every_path_of_the_api_is_documented() -> None:
    with PersonalizationEngine.open("memory://") as engine:
        paths = create_app(engine).openapi()["paths"]
    text = (DOCS / "http.md").read_text()
    said = set(re.findall(r"^\| `([A-Z]+ /[^`]+)` \|", text, re.MULTILINE))
    assert said == {f"{m.upper()} {path}" for path, methods in paths.items() for m in methods}


def test_every_model_that_can_be_judged_is_documented() -> None:
    below = section((DOCS / "cli.md").read_text(), "learnloop evaluate")
    assert not [name for name in NAMES if f"`{name}`" not in below]


def test_every_map_is_documented() -> None:
    below = section((DOCS / "cli.md").read_text(), "learnloop import")
    maps = ready()
    assert maps
    assert not [name for name in maps if f"`{name}`" not in below]
