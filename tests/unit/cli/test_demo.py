"""Does the demo name a command that its reader can type?"""

from pathlib import Path

import pytest

from learnloop.cli.demo import FOLDER, command


def test_the_command_is_one_that_works_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / ".venv" / "bin" / "learnloop"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(program), "demo"])
    monkeypatch.setenv("PATH", "")
    assert command(FOLDER) == ".venv/bin/learnloop demo"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    assert command(Path("my demo")) == "learnloop demo --dir 'my demo'"
