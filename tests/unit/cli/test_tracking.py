"""Does `learnloop tracking flush` tell what was left, and say so where nobody answers?"""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Learnloop
from tests.unit.training.mlflow_server import MlflowServer

from learnloop.training.tracking import MlflowTracker

Use = Callable[[str], None]


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Sets the address and the folder of tracking."""

    def use(url: str) -> None:
        monkeypatch.setenv("LEARNLOOP_MLFLOW_URL", url)
        monkeypatch.setenv("LEARNLOOP_TRACKING_FOLDER", str(tmp_path))

    return use


def test_what_was_left_is_told(learnloop: Learnloop, use: Use, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    away = f"http://127.0.0.1:{port}"
    use(away)
    tracker = MlflowTracker(away, tmp_path, patience_s=1.0)
    with tracker.start("tracing", "dkt") as run:
        run.params({"n_hidden": 64})
    tracker.close()

    ran = learnloop("tracking", "flush")
    assert ran.code == 1
    assert ran.err.startswith(f"error: MLflow at {away}: ")

    server = MlflowServer(port=port)
    assert learnloop("tracking", "flush", "--json").json == {"n_told": 3, "n_refused": 0}
    assert server.memory.run("dkt")["info"]["status"] == "FINISHED"
    ran = learnloop("tracking", "flush")
    assert (ran.code, ran.err) == (0, "there was nothing to tell\n")
    server.stop()
