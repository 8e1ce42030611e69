"""Does nothing acknowledged get lost when servers die behind a proxy, and do all of them follow?

Three servers on one PostgreSQL behind nginx, then behind HAProxy, each with the configuration that
`deploy/` ships; only its addresses are replaced. While answers come in, one server after the other
is killed and started again, and then the model is replaced.
"""

import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import numpy as np
import pytest

from learnloop.accounts import create_key
from learnloop.catalog.course import seeded_course
from learnloop.core.ids import LearnerId
from learnloop.core.records import Role
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.profiles import ProfileChange
from learnloop.testing.postgres import PostgresServer
from tests import toy_models

pytestmark = pytest.mark.faults

DEPLOY = Path(__file__).parents[2] / "deploy"
PROXIES = {"nginx": "nginx.conf", "haproxy": "haproxy.cfg"}
SERVE = "from learnloop.cli import main; main()"
LEARNERS = tuple(f"learner-{k}" for k in range(6))
N_SERVERS, N_KILLS = 3, 4
WAIT_S = 180.0
PAUSE_S = 0.01
QUESTION = [1.0, 2.0, 3.0]
PREDICT = f"/api/ml/models/{toy_models.TOY}/predict"


class LearnloopServer:
    """`learnloop serve` on a port of its own, to be killed."""

    def __init__(self, url: str) -> None:
        self.url, self.port = url, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        given = ("serve", "--port", str(self.port), "--database", self.url)
        self.process = subprocess.Popen([sys.executable, "-c", SERVE, *given])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def wait(self) -> None:
        wait_for(self.address, lambda: self.process.poll() is None)


class Client(threading.Thread):
    """Sends answers and questions through the proxy, and notes what was acknowledged."""

    def __init__(
        self, learner: str, address: str, headers: dict[str, str], stop: threading.Event
    ) -> None:
        super().__init__()
        self.learner, self.address, self.headers, self.stop = learner, address, headers, stop
        self.acknowledged: list[str] = []
        self.failed: Counter[str] = Counter()
        self.models: Counter[str] = Counter()
        self.wrong: list[object] = []
        self.slowest_s = 0.0

    def run(self) -> None:
        n = 0
        with httpx.Client(base_url=self.address, headers=self.headers, timeout=WAIT_S) as client:
            while not self.stop.is_set():
                n += 1
                began = time.monotonic()
                with self.counted("answer"):
                    if self.ask(client, "POST", "/api/interactions", self.answer(n)):
                        self.acknowledged.append(f"{self.learner}-{n}")
                with self.counted("profile"):
                    self.ask(client, "GET", f"/api/users/{self.learner}/profile")
                with self.counted("prediction"):
                    found = self.ask(
                        client, "POST", PREDICT, {"inputs": {toy_models.X: [QUESTION]}}
                    )
                    self.check(found)
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                time.sleep(PAUSE_S)

    @contextmanager
    def counted(self, what: str) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            status = getattr(getattr(error, "response", None), "status_code", type(error).__name__)
            self.failed[f"{what}: {status}"] += 1

    def ask(self, client: httpx.Client, method: str, path: str, body: object = None) -> dict:
        reply = client.request(method, path, json=body)
        reply.raise_for_status()
        return reply.json()

    def answer(self, n: int) -> dict[str, object]:
        return {
            "interaction_id": f"{self.learner}-{n}",
            "learner_id": self.learner,
            "item_id": f"add-subtract-exercise-{n % 20 + 1:02d}",
            "occurred_at": f"2026-01-05T{n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z",
            "correct": n % 3 > 0,
        }

    def check(self, found: dict) -> None:
        """An answer is whole: what it says is what the version that it names says."""
        version = found["model"].rpartition("@")[2]
        self.models[version] += 1
        said = toy_models.says(version, np.array([QUESTION], np.float32))
        if not np.allclose(found["outputs"][toy_models.P], said, atol=1e-5):
            self.wrong.append(found)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, runs: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_S
    while True:
        assert runs(), "it ended"
        assert time.monotonic() < until, "it did not start in time"
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/health/ready").status_code == 200:
                return
        time.sleep(0.05)


@pytest.fixture
def database(postgres_is_installed: None) -> Iterator[str]:
    """The URL of a prepared database on a PostgreSQL of its own."""
    postgres = PostgresServer(fsync="off")
    url = postgres.new_database()
    with PersonalizationEngine.open(url) as engine:
        engine.put_catalog(seeded_course())
        for learner in LEARNERS:
            engine.put_profile(LearnerId(learner), ProfileChange())
        toy_models.put(engine, toy_models.artifact("1"))
    yield url
    postgres.remove()


@pytest.fixture
def headers(database: str) -> dict[str, str]:
    with PersonalizationEngine.open(database) as engine:
        text, key = create_key(Role.SERVICE, engine.clock.now())
        with engine.store.begin() as tx:
            tx.accounts.add_key(key)
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def servers(database: str) -> Iterator[list[LearnloopServer]]:
    started = [LearnloopServer(database) for _ in range(N_SERVERS)]
    try:
        for server in started:
            server.wait()
        yield started
    finally:
        for server in started:
            server.kill()


@pytest.fixture(params=PROXIES)
def proxy(
    request: pytest.FixtureRequest, servers: list[LearnloopServer], tmp_path: Path
) -> Iterator[str]:
    """The address of a proxy before the servers."""
    name: str = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install {name})")
    port = free_port()
    command = configured(name, port, [server.port for server in servers], tmp_path)
    process = subprocess.Popen(command)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, lambda: process.poll() is None)
        yield address
    finally:
        process.terminate()
        process.wait(WAIT_S)


def configured(name: str, port: int, ports: list[int], folder: Path) -> list[str]:
    """The command that starts the proxy with the shipped configuration and these addresses."""
    text = (DEPLOY / PROXIES[name]).read_text()
    listed = r"( +server \w+ )10\.0\.0\.11:8000.*\n +server \w+ 10.*\n"
    if name == "nginx":
        listed, form = r"( +server )10\.0\.0\.11:8000(.*)\n.*\n", "    server 127.0.0.1:{}{};\n"
        options = re.search(listed, text)[2].rstrip(";")  # type: ignore[index]
        each = [form.format(own, options) for own in ports]
        text = text.replace("listen 8080", f"listen 127.0.0.1:{port}")
    else:
        each = [f"    server s{own} 127.0.0.1:{own}\n" for own in ports]
        text = text.replace("bind :8080", f"bind 127.0.0.1:{port}")
    text, n = re.subn(listed, "".join(each), text)
    assert n == 1
    (folder / PROXIES[name]).write_text(text)
    if name == "haproxy":
        return ["haproxy", "-f", str(folder / PROXIES[name])]
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    around = f"""daemon off; pid {folder}/pid; error_log {folder}/errors;
        events {{ worker_connections 4096; }}
        http {{ access_log off; {temporary} include {folder}/{PROXIES[name]}; }}"""
    (folder / "main.conf").write_text(around)
    return ["nginx", "-p", str(folder), "-e", f"{folder}/errors", "-c", f"{folder}/main.conf"]


@contextmanager
def traffic(address: str, headers: dict[str, str]) -> Iterator[list[Client]]:
    stop = threading.Event()
    clients = [Client(learner, address, headers, stop) for learner in LEARNERS]
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        stop.set()
        for client in clients:
            client.join()


def more(clients: list[Client], n: int) -> None:
    """Wait until each client has had so many more answers acknowledged."""
    wanted = [len(client.acknowledged) + n for client in clients]
    until = time.monotonic() + WAIT_S
    while any(len(c.acknowledged) < w for c, w in zip(clients, wanted, strict=True)):
        assert time.monotonic() < until, [dict(client.failed) for client in clients]
        time.sleep(0.01)


def promote(database: str, version: str) -> float:
    with PersonalizationEngine.open(database) as engine:
        made = toy_models.artifact(version)
        toy_models.put(engine, made)
        return time.monotonic()


def followed(server: LearnloopServer, headers: dict[str, str], version: str) -> float:
    """When the server first answered with that version."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        body = {"inputs": {toy_models.X: [QUESTION]}}
        found = httpx.post(server.address + PREDICT, headers=headers, json=body).json()
        if found["model"].endswith(f"@{version}"):
            return time.monotonic()
        time.sleep(0.01)
    raise AssertionError(f"{server.address} did not follow")


def test_servers_die_and_nothing_acknowledged_is_lost(
    proxy: str, servers: list[LearnloopServer], database: str, headers: dict[str, str]
) -> None:
    with traffic(proxy, headers) as clients:
        for n in range(N_KILLS):
            more(clients, 10)
            victim = servers[n % N_SERVERS]
            victim.kill()
            more(clients, 10)
            victim.start()
            victim.wait()
        more(clients, 10)
        at = promote(database, "2")
        waits = [followed(server, headers, "2") - at for server in servers]
        more(clients, 10)
    failed = sum((client.failed for client in clients), Counter())
    n_acknowledged = sum(len(client.acknowledged) for client in clients)
    print(
        f"{N_KILLS} kills, {n_acknowledged} answers acknowledged, failed {dict(failed)}, "
        f"slowest turn {max(client.slowest_s for client in clients):.2f} s, "
        f"promotion followed after {max(waits):.2f} s"
    )
    with PersonalizationEngine.open(database) as engine, engine.store.begin(write=False) as tx:
        for client in clients:
            kept = [i.interaction_id for i in tx.interactions.history(LearnerId(client.learner))]
            assert len(kept) == len(set(kept))
            assert set(client.acknowledged) <= set(kept)
            assert not client.wrong
            assert set(client.models) == {"1", "2"}
    # What may be sent again is; nothing here may not.
    assert not failed
