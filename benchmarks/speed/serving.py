"""How many questions a second does a served model answer in time, beside what else serves models?

The same ONNX file behind every server, each with a worker per core, at rising rates (open_loop.py):
learnloop's `POST /api/ml/models/{name}/predict`; the bare ceiling, which is the same framework with
nothing but one ONNX run (peers/bare.py); BentoML, LitServe and Ray Serve, where the interpreter
that has them is named. Every server has to give the model's answer before it is measured. The load
shares the cores with the server.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import open_loop
import processes
from report import Report, Table
from served_model import Subject, subject

from learnloop.models import runtime
from learnloop.models.tracing import feature_net

CONNECTIONS = 1000
WORKERS = 2
RATES = (1000, 2000, 3000, 4000, 5000)
PEER_RATES = (100, 250, 500, 1000)
GOOD_MS, BAD_MS = 25.0, 100.0
HOPELESS_MS = 1000.0
FEW = 0.001  # of the requests may be refused or lost at a rate that counts as answered
IDLE_SHARE, SETTLE_S = 0.4, 30.0
SEED = 17
START_S = 180.0
PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class System:
    """One server, and how it is asked.

    Attributes:
        command: What starts it; `{port}` is filled in.
        install: What to install where it is missing.
        head: Further headers.
        environment: What it adds to the environment.
        bodies: In turn.
        wanted: What the first of them is answered, if that is known.
    """

    name: str
    command: Sequence[str]
    path: str
    rates: Sequence[int]
    bodies: Sequence[bytes]
    wanted: float | None
    head: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    install: str = ""

    @cached_property
    def requests(self) -> list[bytes]:
        """Whole, written once: the load has no time for it."""
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: localhost\r\n{self.head}"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        return [b"%b%d\r\n\r\n%b" % (head, len(body), body) for body in self.bodies]


def main() -> None:
    """Measure, print, and write the JSON where asked."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=5.0, help="length of each run")
    arguments.add_argument("--rates", type=int, nargs="+", default=RATES, help="requests/s")
    arguments.add_argument("--peer-rates", type=int, nargs="+", default=PEER_RATES)
    arguments.add_argument("--only", nargs="+", help="systems whose name begins like this")
    arguments.add_argument("--data", type=Path, default=_data(), help="the data folder")
    arguments.add_argument(
        "--database", type=Path, default=Path("serving-benchmark.db"), help="kept between runs"
    )
    arguments.add_argument("--json", type=Path, help="also write the figures here")
    asked = arguments.parse_args()
    if not asked.database.exists():
        _say("fitting the model, once")
    served = subject(asked.database, asked.data)
    report = Report(
        "speed/serving",
        [
            f"{served.artifact.ref}: {served.artifact.manifest.inputs[0].text} features, "
            f"{len(served.artifact.file(runtime.MODEL_FILE)):,} bytes of ONNX, one row a request, "
            f"{len(served.bodies)} questions of {len(served.bodies[0]):,} bytes and so on in turn",
            f"{CONNECTIONS} open connections, Poisson arrivals, latency from the due instant, "
            f"{asked.seconds:g} s per rate after 1 s, {WORKERS} workers each",
            "slow_share: not answered well within 100 ms; cpu_us: user + system time of the "
            "server's processes per answer; load_share: of one core, used by the load itself",
            "where it ends: the highest rate of those at which at most 1 request in 1,000 is "
            "refused or lost and the p99 of the others is below the bound",
        ],
    )
    climbs = report.table("Served models, open loop")
    verdicts = report.table("Where each of them ends")
    with _model_file(served) as model:
        for system in systems(served, model, asked):
            if not asked.only or system.name.startswith(tuple(asked.only)):
                _measure(system, climbs, verdicts, asked.seconds)
    report.finish(asked.json)


def systems(served: Subject, model: Path, asked: argparse.Namespace) -> Iterator[System]:
    """All that can be started, cheapest first."""
    common = (asked.peer_rates, served.bodies, served.p_correct[0])
    at, workers = str(model), str(WORKERS)
    serve = str(Path(__file__).with_name("served.py"))
    ours = (sys.executable, serve, "learnloop", "{port}", workers, served.url)
    key = f"Authorization: Bearer {served.key}\r\n"
    path = f"/api/ml/models/{feature_net.SLOT}/predict"
    given, looked_up = "learnloop, features given", "learnloop, features of a learner"
    yield System(given, ours, path, asked.rates, *common[1:], head=key)
    yield System(looked_up, ours, path, asked.rates, served.by_learner, None, head=key)
    bare = (sys.executable, str(PEERS / "bare.py"), at, "{port}", workers)
    yield System("bare ceiling", bare, "/predict", asked.rates, *common[1:])
    bento = os.environ.get("LEARNLOOP_BENTOML_PYTHON", "")
    yield System(
        "BentoML",
        (
            bento, "-m", "bentoml", "serve", "bentoml_service:Predict", "--working-dir", str(PEERS),
            "--host", "127.0.0.1", "--port", "{port}",
        ),
        "/predict",
        *common,
        environment={"MODEL": at, "WORKERS": workers, "BENTOML_DO_NOT_TRACK": "true"},
        install="bentoml==1.4.40 onnxruntime; name its Python in LEARNLOOP_BENTOML_PYTHON",
    )  # fmt: skip
    lit = os.environ.get("LEARNLOOP_LITSERVE_PYTHON", "")
    yield System(
        "LitServe",
        (lit, str(PEERS / "litserve_server.py"), at, "{port}", workers),
        "/predict",
        *common,
        install="litserve==0.2.19 onnxruntime; name its Python in LEARNLOOP_LITSERVE_PYTHON",
    )
    ray = os.environ.get("LEARNLOOP_RAY_PYTHON", "")
    yield System(
        "Ray Serve",
        (ray, str(PEERS / "ray_serve.py"), at, "{port}", workers),
        "/predict",
        *common,
        environment={
            "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
            "RAY_SERVE_ENABLE_HA_PROXY": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
        },
        install="'ray[serve]==2.60.0' onnxruntime; name its Python in LEARNLOOP_RAY_PYTHON",
    )


def _measure(system: System, climbs: Table, verdicts: Table, seconds: float) -> None:
    if not system.command[0]:
        _say(f"{system.name}: skipped; pip install {system.install}")
        verdicts.add(system=system.name, note=f"not installed: {system.install}")
        return
    try:
        with _started(system) as (process, port):
            verdicts.add(system=system.name, **_climb(system, process.pid, port, climbs, seconds))
    except (OSError, RuntimeError) as error:
        _say(f"{system.name}: {error}")
        verdicts.add(system=system.name, note=str(error))


def _climb(
    system: System, pid: int, port: int, climbs: Table, seconds: float
) -> dict[str, float | None]:
    good, bad = None, None
    for rate in system.rates:
        found = _run(system, pid, port, rate, seconds)
        climbs.add(system=system.name, offered_per_s=rate, **found)
        _say(
            f"{system.name}: {rate}/s: {found['ok_per_s']:.0f} answered, p50 "
            f"{found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms, CPU {found['cpu_us']:.0f} us"
        )
        n_not_ok = found["errors"] + found["refused_per_s"] * seconds
        is_whole = n_not_ok <= FEW * rate * seconds
        if is_whole and found["p99_ms"] < GOOD_MS:
            good = rate
        if is_whole and found["p99_ms"] < BAD_MS:
            bad = rate
        if not found["p99_ms"] <= HOPELESS_MS:
            break
    return {
        f"most_per_s_p99_below_{GOOD_MS:g}_ms": good,
        f"most_per_s_p99_below_{BAD_MS:g}_ms": bad,
        "memory_mb": processes.memory_mb(pid),
    }


def _run(system: System, pid: int, port: int, rate: float, seconds: float) -> dict[str, float]:
    before: list[float] = []
    requests = system.requests
    found = open_loop.run(
        port,
        lambda k: requests[k % len(requests)],
        rate=rate,
        seconds=seconds,
        connections=CONNECTIONS,
        rng=np.random.default_rng(SEED),
        measured=lambda: before.append(processes.cpu_s(pid)),
    )
    used = processes.cpu_s(pid) - before[0]
    return {
        "ok_per_s": found["ok_per_s"],
        "p50_ms": found["p50_ms"],
        "p99_ms": found["p99_ms"],
        "p99_9_ms": found["p99_9_ms"],
        "slow_share": found["slow_share"],
        "errors": found["other"] + found["lost"],
        "refused_per_s": found["refused_per_s"],
        "cpu_us": used / max(found["n"], 1.0) * 1e6,
        "load_share": found["load_cpu_share"],
    }


@contextmanager
def _started(system: System) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """The running server and its port, once it has given the right answer."""
    _say(f"{system.name}: starting")
    port = processes.free_port()
    process = subprocess.Popen(
        [part.format(port=port) for part in system.command],
        env=os.environ | system.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if system.install else None,
    )
    try:
        _wait(system, process, port)
        _settle(process.pid)
        yield process, port
    finally:
        processes.end(process)


def _wait(system: System, process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            found = _ask(system, port)
        except OSError as error:
            if time.monotonic() > until or process.poll() is not None:
                raise RuntimeError(f"did not start ({error})") from None
            time.sleep(0.2)
            continue
        if system.wanted is not None and abs(found - system.wanted) > runtime.TOLERANCE:
            raise RuntimeError(f"answers {found}, the model says {system.wanted}")
        return


def _settle(pid: int) -> None:
    """Wait until all of its processes have started: until they do next to nothing."""
    until = time.monotonic() + SETTLE_S
    while time.monotonic() < until:
        before = processes.cpu_s(pid)
        time.sleep(1.0)
        if processes.cpu_s(pid) - before < IDLE_SHARE:
            return


def _ask(system: System, port: int) -> float:
    headers = dict(line.split(": ", 1) for line in system.head.split("\r\n") if line)
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{system.path}",
        system.bodies[0],
        headers | {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as reply:
        outputs = json.load(reply)["outputs"]
    return float(np.ravel(outputs["p_correct"])[0])


@contextmanager
def _model_file(served: Subject) -> Iterator[Path]:
    """The ONNX file alone, as the peers want it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, runtime.MODEL_FILE)
        path.write_bytes(served.artifact.file(runtime.MODEL_FILE))
        yield path


def _data() -> Path:
    return Path(os.environ.get("LEARNLOOP_DATA", "../shared/data"))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
