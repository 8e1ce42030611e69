"""Does the house still stand as docs/ARCHITECTURE.md says? Sizes, names, docstrings, imports."""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "learnloop"
MODULES = sorted(SOURCE.rglob("*.py"))
CODE = sorted(p for folder in ("src", "tests", "benchmarks") for p in (ROOT / folder).rglob("*.py"))
NAMELESS = {"utils", "util", "helpers", "helper", "common", "base", "misc"}


def named(paths: Iterable[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def has_docstring(path: Path) -> bool:
    return ast.get_docstring(ast.parse(path.read_text())) is not None


def test_every_module_is_short_enough_to_read() -> None:
    too_long = [path for path in CODE if len(path.read_text().splitlines()) > 500]
    assert not named(too_long), "over 500 lines: split them by what they are about"


def test_every_module_has_a_name_that_says_what_is_in_it() -> None:
    assert not named(p for p in MODULES if {p.stem, *p.relative_to(SOURCE).parts} & NAMELESS)


def test_every_module_says_which_question_it_answers() -> None:
    assert not named(p for p in MODULES if not has_docstring(p))


def test_every_package_says_where_to_start_reading() -> None:
    packages = {p.parent for p in MODULES if "migrations" not in p.parts}  # Alembic's own folder
    assert not named(p for p in packages if not (p / "__init__.py").exists())


def test_the_plan_of_the_house_shows_every_room_and_no_other() -> None:
    plan = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    shown = re.findall(r"^  (\w+)/ ", plan, re.MULTILINE)
    assert sorted(shown) == sorted(p.parent.name for p in SOURCE.glob("*/__init__.py"))


def lint_imports(folder: Path) -> str:
    """The report of import-linter on the tree in `folder`."""
    code = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "", "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


VIOLATIONS = {
    "utils/__init__.py": "",
    "models/planted/__init__.py": "import learnloop.storage\nimport torch\n",
    "policies/planted/__init__.py": "",
    "policies/explain.py": "import learnloop.policies.recommend\n",
    "policies/recommend/planted.py": "import learnloop.policies.explain\n",
    "core/planted.py": "import pydantic\n",
    "journeys/planted.py": "import fastapi\nimport sqlalchemy\n",
}


def test_every_contract_is_kept_and_every_contract_bites(tmp_path: Path) -> None:
    n_contracts = (ROOT / "pyproject.toml").read_text().count("[[tool.importlinter.contracts]]")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(SOURCE, tmp_path / "src" / "learnloop")
    report = lint_imports(tmp_path)
    assert f"{n_contracts} kept, 0 broken" in report, report

    for name, code in VIOLATIONS.items():
        planted = tmp_path / "src" / "learnloop" / name
        planted.parent.mkdir(exist_ok=True)
        with planted.open("a") as file:
            file.write(code)
    report = lint_imports(tmp_path)
    assert f"0 kept, {n_contracts} broken" in report, report


HEAVY = ("torch", "pandas", "scipy", "sklearn", "onnx")


def test_what_serves_never_loads_a_training_library() -> None:
    code = (
        "import json, sys, learnloop, learnloop.api.app, learnloop.api.server, learnloop.cli, "
        "learnloop.journeys.engine; print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "fastapi" in loaded
    assert loaded.isdisjoint(HEAVY)


def pinned(name: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", line)[0] for line in lines if "==" in line)


def test_the_serving_install_is_small_and_part_of_the_development_install() -> None:
    serve, dev = pinned("serve"), pinned("dev")
    assert serve.keys().isdisjoint(HEAVY)
    assert serve.items() <= dev.items()
