"""Do the Dockerfile and compose.yaml fit the project: what they copy, install, run and ask?

No Docker is needed: they are read, and what they name is looked up.
"""

import json
import re
import shlex
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import typer

from learnloop.api.app import create_app
from learnloop.cli.app import app
from learnloop.journeys.engine import PersonalizationEngine, Settings

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
INSTRUCTIONS = [
    (line.split(None, 1)[0], line.split(None, 1)[1])
    for line in re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text()).splitlines()
    if line and not line.startswith("#")
]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def of(kind: str) -> list[str]:
    return [rest for name, rest in INSTRUCTIONS if name == kind]


def environment_of(kind: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for rest in of(kind) for pair in shlex.split(rest))


def check_command(arguments: list[str]) -> None:
    """Raises where the command line is none of learnloop's."""
    name, *options = arguments
    COMMANDS[name].make_context(name, list(options))


def test_what_is_copied_is_there_and_is_sent_to_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    kept = [line[1:] for line in ignored if line.startswith("!")]
    sources = [s for rest in of("COPY") if "--from" not in rest for s in rest.split()[:-1]]
    assert sources
    assert "*" in ignored
    assert set(sources) == set(kept)
    assert all((ROOT / source).exists() for source in sources)


def test_what_the_package_is_built_from_is_copied() -> None:
    wanted = [PROJECT["readme"], *PROJECT["license-files"], "pyproject.toml", "src"]
    copied = [s for rest in of("COPY") for s in rest.split()[:-1]]
    assert all(any(fnmatch(source, name) for source in copied) for name in wanted)


def test_the_extras_are_there_and_pinned() -> None:
    extras = environment_of("ARG")["EXTRAS"].split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"])
    pinned = (ROOT / "requirements" / "serve.txt").read_text()
    wanted = [r for e in extras for r in PROJECT["optional-dependencies"][e]]
    names = [re.split(r"[\[>=]", r)[0] for r in wanted]
    assert all(f"{name}==" in pinned for name in names)
    assert all(line in (ROOT / "requirements" / "dev.txt").read_text() for line in pinned.split())


def test_the_python_of_the_image_is_the_one_that_is_pinned_for() -> None:
    version = environment_of("ARG")["PYTHON"]
    assert f"--python-version {version} " in (ROOT / "Makefile").read_text()


def test_the_image_runs_a_command_of_ours_as_nobody_special() -> None:
    assert json.loads(of("ENTRYPOINT")[0]) == ["learnloop"]
    command = json.loads(of("CMD")[0])
    check_command(command)
    assert of("EXPOSE") == [command[command.index("--port") + 1]]
    assert f" {of('USER')[-1]}" in of("RUN")[-1]
    assert INSTRUCTIONS.index(("USER", of("USER")[-1])) > INSTRUCTIONS.index(("RUN", of("RUN")[-1]))


def test_what_is_set_is_a_setting() -> None:
    names = [*environment_of("ENV"), *COMPOSE["services"]["server"]["environment"]]
    known = {f"LEARNLOOP_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in names if name.startswith("LEARNLOOP_")} == {"LEARNLOOP_DATABASE_URL"}
    assert "LEARNLOOP_DATABASE_URL" in known


def test_health_is_asked_where_it_is_told() -> None:
    check = next(line for line in INSTRUCTIONS if line[0] == "HEALTHCHECK")[1]
    program = json.loads(check.split("CMD ", 1)[1])
    compile(program[2], "HEALTHCHECK", "exec")
    port, path = re.findall(r"127\.0\.0\.1:(\d+)(/[a-z/]+)", program[2])[0]
    assert port == of("EXPOSE")[0]
    with PersonalizationEngine.open("memory://") as engine:
        assert path in create_app(engine).openapi()["paths"]


def test_a_server_a_worker_and_their_database_are_composed() -> None:
    services: dict[str, dict[str, Any]] = COMPOSE["services"]
    assert set(services) == {"server", "worker", "database"}
    for name in ("server", "worker"):
        command = [re.sub(r"\$\{\w+:-(\w+)\}", r"\1", part) for part in services[name]["command"]]
        check_command(command)
        assert services[name]["depends_on"] == {"database": {"condition": "service_healthy"}}
        url = services[name]["environment"]["LEARNLOOP_DATABASE_URL"]
        assert url == "postgresql://learnloop@database/learnloop"
    given = services["database"]["environment"]
    assert given["POSTGRES_USER"] == given["POSTGRES_DB"] == "learnloop"
    assert services["database"]["volumes"][0].split(":")[0] in COMPOSE["volumes"]


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "compose.yaml").read_text()
    secrets = re.findall(r"\w*PASSWORD: (.*)", text)
    assert secrets
    assert all(secret.startswith("${POSTGRES_PASSWORD:?") for secret in secrets)


def test_images_come_by_their_plain_names() -> None:
    froms = [rest.split()[0] for rest in of("FROM")]
    assert set(froms) == {"python:${PYTHON}-slim"}
    assert COMPOSE["services"]["database"]["image"].split(":")[0] == "postgres"
