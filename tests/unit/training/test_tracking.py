"""Is everything that a run says kept, and does the run never wait for who keeps it?"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from tests.unit.training.mlflow_server import MlflowServer, tag

from learnloop.core.errors import InvalidInput
from learnloop.core.registry import ModelRecord, ModelRole
from learnloop.core.types import Ref
from learnloop.training.tracking import (
    MlflowTracker,
    NoTracker,
    Tracker,
    TrackingUnavailable,
    open_tracker,
)
from learnloop.training.tracking.mlflow_tracker import flush
from learnloop.training.tracking.sender import METRICS_AT_ONCE, _together

N_EPOCHS = 20
PATIENCE_S = 1.0
SLOW_S = 2.0  # on a machine that does much else; alone it is milliseconds


@pytest.fixture
def server() -> Iterator[MlflowServer]:
    server = MlflowServer()
    yield server
    server.stop()


def fit(tracker: Tracker, name: str = "dkt", *, run_id: str | None = None) -> float:
    """Say what a fit says; returns the seconds that it took."""
    begin = time.perf_counter()
    with tracker.start("tracing", name, run_id=run_id) as run:
        run.params({"n_hidden": 64, "cell": "gru"})
        run.tags({"data": "assistments09"})
        for epoch in range(1, N_EPOCHS + 1):
            run.on_epoch(epoch, {"loss": 1 / epoch, "auc": 0.5 + epoch / 100})
        run.file("plots/loss.png", b"a picture")
    return time.perf_counter() - begin


def assert_whole(server: MlflowServer, name: str = "dkt", status: str = "FINISHED") -> None:
    """The server has all that `fit` says, once."""
    run = server.memory.run(name)
    assert {p["key"]: p["value"] for p in run["data"]["params"]} == {
        "n_hidden": "64",
        "cell": "gru",
    }
    assert tag(run, "data") == "assistments09"
    loss = [(m["step"], m["value"]) for m in run["data"]["metrics"] if m["key"] == "loss"]
    assert loss == [(epoch, 1 / epoch) for epoch in range(1, N_EPOCHS + 1)]
    assert len(run["data"]["metrics"]) == 2 * N_EPOCHS
    assert run["info"]["status"] == status
    assert server.memory.files[f"{run['info']['run_id']}/plots/loss.png"] == b"a picture"


def left(folder: Path) -> list[str]:
    return [path.name for path in (folder / "spool").rglob("*") if path.is_file()]


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_all_that_a_run_says_is_there_and_nothing_stays_behind(
    server: MlflowServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tracker = MlflowTracker(server.url, tmp_path)
    fit(tracker)
    tracker.close()
    assert capsys.readouterr() == ("", ""), "MLflow itself keeps still"
    assert_whole(server)
    assert tracker.n_failures == 0
    assert left(tmp_path) == []


def test_a_run_that_raises_has_failed(server: MlflowServer, tmp_path: Path) -> None:
    tracker = MlflowTracker(server.url, tmp_path)
    with pytest.raises(ZeroDivisionError), tracker.start("tracing", "broken"):
        _ = 1 / 0
    with pytest.raises(KeyboardInterrupt), tracker.start("tracing", "stopped"):
        raise KeyboardInterrupt
    tracker.close()
    assert server.memory.run("broken")["info"]["status"] == "FAILED"
    assert server.memory.run("stopped")["info"]["status"] == "KILLED"


def test_a_run_goes_on_under_its_id(server: MlflowServer, tmp_path: Path) -> None:
    tracker = MlflowTracker(server.url, tmp_path)
    with tracker.start("tracing", "long") as run:
        run.metrics({"loss": 2.0}, step=1)
    with tracker.start("tracing", "long", run_id=run.id) as again:
        again.metrics({"loss": 1.0}, step=2)
    tracker.close()
    assert len(server.memory.runs) == 1
    assert len(server.memory.run("long")["data"]["metrics"]) == 2


def test_a_server_that_is_down_slows_nothing_and_loses_nothing(tmp_path: Path) -> None:
    port = a_free_port()
    url = f"http://127.0.0.1:{port}"
    with structlog.testing.capture_logs() as logs:
        tracker = MlflowTracker(url, tmp_path, patience_s=PATIENCE_S)
        assert fit(tracker) < SLOW_S
        begin = time.perf_counter()
        tracker.close()
        assert time.perf_counter() - begin < PATIENCE_S + SLOW_S
    assert tracker.n_failures >= 1
    assert [entry["event"] for entry in logs] == ["tracking_unavailable"], "it is said once"
    with pytest.raises(TrackingUnavailable, match=url):
        flush(url, tmp_path)

    server = MlflowServer(port=port)
    assert flush(url, tmp_path).n_refused == 0
    assert_whole(server)
    assert left(tmp_path) == []
    assert flush(url, tmp_path).n_told == 0
    server.stop()


def test_the_next_run_tells_what_an_earlier_one_could_not(tmp_path: Path) -> None:
    port = a_free_port()
    tracker = MlflowTracker(f"http://127.0.0.1:{port}", tmp_path, patience_s=PATIENCE_S)
    fit(tracker, "first")
    tracker.close()
    server = MlflowServer(port=port)
    tracker = MlflowTracker(server.url, tmp_path)
    fit(tracker, "second")
    tracker.close()
    assert_whole(server, "first")
    assert_whole(server, "second")
    assert left(tmp_path) == []
    server.stop()


@pytest.mark.parametrize("n_calls", [1, 3, 5, 7])
def test_a_server_that_dies_in_the_middle_gets_the_rest_later(
    server: MlflowServer, tmp_path: Path, n_calls: int
) -> None:
    server.dies_after = n_calls
    tracker = MlflowTracker(server.url, tmp_path, patience_s=PATIENCE_S)
    assert fit(tracker) < SLOW_S
    tracker.close()
    assert tracker.n_failures >= 1
    server.dies_after, server.mode = 10**9, "answer"
    flush(server.url, tmp_path)
    assert_whole(server)
    assert len(server.memory.runs) == 1


def test_a_server_that_hangs_slows_nothing_and_loses_nothing(
    server: MlflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    server.mode = "hang"
    tracker = MlflowTracker(server.url, tmp_path, patience_s=PATIENCE_S)
    assert fit(tracker) < SLOW_S
    begin = time.perf_counter()
    tracker.close()
    assert time.perf_counter() - begin < PATIENCE_S + SLOW_S
    server.mode = "answer"
    tracker.patience_s = 30.0
    tracker.close()  # a second time, now that it answers
    MlflowTracker(server.url, tmp_path).close()
    assert_whole(server)


def test_a_server_that_comes_back_is_told_before_the_end(
    server: MlflowServer, tmp_path: Path
) -> None:
    server.mode = "busy"
    with structlog.testing.capture_logs() as logs:
        tracker = MlflowTracker(server.url, tmp_path)
        fit(tracker)
        while tracker.n_failures == 0:
            time.sleep(0.01)
        server.mode = "answer"
        tracker.close()
    assert_whole(server)
    assert [e["event"] for e in logs] == ["tracking_unavailable", "tracking_available"]


def test_what_is_refused_for_good_holds_nothing_up(server: MlflowServer, tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs:
        tracker = MlflowTracker(server.url, tmp_path)
        with tracker.start("tracing", "dkt") as run:
            run.params({"refused": 1})
            run.metrics({"loss": 0.5}, step=1)
        tracker.close()
    assert [entry["event"] for entry in logs] == ["tracking_refused"]
    assert server.memory.run("dkt")["info"]["status"] == "FINISHED"
    assert left(tmp_path) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from learnloop.training.tracking import MlflowTracker
tracker = MlflowTracker(sys.argv[1], Path(sys.argv[2]))
run = tracker.start("tracing", "dkt")
run.metrics({"loss": 0.5}, step=1)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_what_it_said_and_its_run_is_killed(
    server: MlflowServer, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{a_free_port()}"
    command = [sys.executable, "-c", KILLED, url, str(tmp_path)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == -9
    (spool,) = (tmp_path / "spool").glob("*.jsonl")
    with spool.open("ab") as lines:
        lines.write(b'{"say": "metr')  # as if in the middle of a line
    flush(server.url, tmp_path)
    run = server.memory.run("dkt")
    assert [m["value"] for m in run["data"]["metrics"]] == [0.5]
    assert run["info"]["status"] == "KILLED"
    assert left(tmp_path) == []


def test_what_a_living_process_says_is_its_own_to_tell(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{a_free_port()}"
    tracker = MlflowTracker(url, tmp_path, patience_s=PATIENCE_S)
    fit(tracker)
    assert flush(url, tmp_path).n_told == 0
    tracker.close()
    with pytest.raises(TrackingUnavailable):
        flush(url, tmp_path)


def test_a_full_disk_ends_no_run(
    server: MlflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = MlflowTracker(server.url, tmp_path)

    def full(entry: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tracker._spool, "append", full)
    with structlog.testing.capture_logs() as logs:
        fit(tracker)
    assert [entry["event"] for entry in logs] == ["tracking_lost"]
    tracker.close()


def test_many_metrics_are_told_at_once_and_in_order() -> None:
    def entry(say: str, run: str | None, n: int) -> dict[str, object]:
        return {"say": say, "run": run, "values": dict.fromkeys(map(str, range(n)), 0.0)}

    said = [
        entry("start", "a", 0),
        *[entry("metrics", "a", 300)] * 4,
        entry("metrics", "a", 0),
        entry("metrics", "b", 1),
        entry("end", "a", 0),
        entry("version", None, 0),
        entry("alias", None, 0),
    ]
    groups = list(_together((e, i) for i, e in enumerate(said, start=1)))
    assert [len(g) for g, _ in groups] == [1, 3, 2, 1, 1, 1, 1]
    assert [behind for _, behind in groups] == [1, 4, 6, 7, 8, 9, 10]
    assert METRICS_AT_ONCE == 1000


OLD, NEW = Ref("tracing/bkt", "2026-01-05"), Ref("tracing/dkt", "2026-02-01")


def record(ref: Ref) -> ModelRecord:
    return ModelRecord(ref, datetime(2026, 1, 5, tzinfo=UTC), b"{}", "0" * 64, {"auc": 0.75})


def mirror(tracker: Tracker) -> None:
    for ref in (OLD, NEW, NEW):
        tracker.mirror_version(record(ref))
    tracker.mirror_alias("estimator", ModelRole.CHAMPION, OLD)
    tracker.mirror_alias("estimator", ModelRole.CHALLENGER, NEW)
    tracker.mirror_alias("estimator", ModelRole.CHAMPION, NEW)
    tracker.mirror_alias("estimator", ModelRole.CHALLENGER, None)


def test_the_registry_is_mirrored(server: MlflowServer, tmp_path: Path) -> None:
    tracker = MlflowTracker(server.url, tmp_path)
    mirror(tracker)
    tracker.close()
    models = server.memory.models
    assert set(models) == {"tracing-bkt", "tracing-dkt"}
    assert models["tracing-bkt"]["aliases"] == []
    assert models["tracing-dkt"]["aliases"] == [{"alias": "estimator-champion", "version": "1"}]
    (version,) = models["tracing-dkt"]["versions"]
    tags = {t["key"]: t["value"] for t in version["tags"]}
    assert tags["learnloop.ref"] == str(NEW)
    assert tags["metric.auc"] == "0.75"


@pytest.mark.slow
def test_a_local_database_of_mlflow_holds_it_all(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    url = f"sqlite:///{tmp_path}/mlflow.db"
    tracker = MlflowTracker(url, tmp_path, patience_s=120.0)
    fit(tracker)
    mirror(tracker)
    tracker.close()
    assert left(tmp_path) == []
    assert tracker.n_failures == 0

    client = MlflowClient(url, url)
    experiment = client.get_experiment_by_name("tracing")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.params == {"n_hidden": "64", "cell": "gru"}
    assert run.data.metrics == {"loss": 1 / N_EPOCHS, "auc": 0.5 + N_EPOCHS / 100}
    assert len(client.get_metric_history(run.info.run_id, "loss")) == N_EPOCHS
    assert run.info.status == "FINISHED"
    (file,) = (tmp_path / "files").rglob("loss.png")
    assert file.read_bytes() == b"a picture"
    assert client.get_model_version_by_alias("tracing-dkt", "estimator-champion").version == 1
    assert client.get_registered_model("tracing-bkt").aliases == {}


def test_no_tracker_keeps_nothing() -> None:
    tracker = open_tracker("none", "", Path())
    assert isinstance(tracker, NoTracker)
    assert fit(tracker) < 0.1
    mirror(tracker)
    tracker.close()


def test_a_kind_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="neither none nor mlflow"):
        open_tracker("paper", "", tmp_path)


def test_without_mlflow_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InvalidInput, match=r"pip install 'learnloop\[mlflow\]'"):
        open_tracker("mlflow", "http://127.0.0.1:9", tmp_path)


def test_a_password_is_not_told(tmp_path: Path) -> None:
    url = f"http://ada:secret@127.0.0.1:{a_free_port()}"
    tracker = MlflowTracker(url, tmp_path, patience_s=PATIENCE_S)
    with structlog.testing.capture_logs() as logs:
        fit(tracker)
        tracker.close()
    assert "secret" not in str(logs)
