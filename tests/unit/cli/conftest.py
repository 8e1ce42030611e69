"""One demo for all tests of commands, and a way to run them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from learnloop.cli.app import run
from learnloop.cli.demo_folder import DemoFolder


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> object:
        return json.loads(self.out)


Learnloop = Callable[..., Ran]


@pytest.fixture
def learnloop(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Learnloop:
    """Runs a command line as `learnloop` would, in a wide terminal."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            run(list(arguments))
        code = end.value.code
        return Ran(int(code or 0), *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoFolder:
    """A demo that tests may read and add to."""
    folder = DemoFolder(tmp_path_factory.mktemp("demo") / "learnloop-demo")
    folder.make(lambda _: None)
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, and no settings from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEARNLOOP_DATABASE_URL", raising=False)
    return tmp_path
