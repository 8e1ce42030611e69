"""The server as it is run: several processes on one port, one SQLite file, keys, stop and start."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from learnloop.accounts import create_key
from learnloop.api.server import bind
from learnloop.catalog.course import seeded_course
from learnloop.core.errors import InvalidInput
from learnloop.core.records import Role
from learnloop.journeys.engine import PersonalizationEngine

RUN = """
import sys
from learnloop.api.server import serve
from learnloop.journeys.engine import Settings
if __name__ == "__main__":
    serve(Settings(database_url=sys.argv[1]), port=int(sys.argv[2]), workers=int(sys.argv[3]))
"""
WAIT_S = 60


@contextmanager
def server(url, workers, tmp_path):
    with bind("127.0.0.1", 0) as probe:
        port = probe.getsockname()[1]
    script = tmp_path / "run_server.py"  # workers are spawned, so it has to be a file
    script.write_text(RUN)
    process = subprocess.Popen([sys.executable, script, url, str(port), str(workers)])
    try:
        until = time.monotonic() + WAIT_S
        while True:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server did not start in time"
            try:
                if httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_S)


@pytest.fixture
def prepared(tmp_path):
    """A database with a course and a service's key."""
    url = f"sqlite:///{tmp_path}/served.db"
    with PersonalizationEngine.open(url) as engine:
        engine.put_catalog(seeded_course())
        text, key = create_key(Role.SERVICE, engine.clock.now())
        with engine.store.begin() as tx:
            tx.accounts.add_key(key)
    return url, {"Authorization": f"Bearer {text}"}


def answer(learner, number):
    return {
        "interaction_id": f"{learner}-{number}",
        "learner_id": learner,
        "item_id": f"add-subtract-exercise-{number % 20 + 1:02d}",
        "occurred_at": f"2026-01-05T09:{number:02d}:00Z",
        "correct": number % 3 > 0,
    }


def test_two_processes_serve_one_database(prepared, tmp_path):
    url, key = prepared
    learners = [f"l{i}" for i in range(6)]
    with server(url, 2, tmp_path) as address, httpx.Client(base_url=address, headers=key) as client:

        def study(learner):
            path = f"/api/users/{learner}"
            assert client.put(f"{path}/profile", json={}).status_code == 201
            sent = [answer(learner, n) for n in range(12)]
            for start in range(0, 12, 3):
                part = sent[start : start + 3]
                for _ in range(2):  # everything is sent twice
                    reply = client.post("/api/interactions", json=part)
                    assert reply.status_code == 200, reply.text
                    assert not reply.json()["rejected"]
            assert client.get(f"{path}/recommendations").status_code == 200
            return client.get(f"{path}/profile").json()["n_interactions"]

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(study, learners)) == [12] * 6
    with PersonalizationEngine.open(url) as engine, engine.store.begin(write=False) as tx:
        assert tx.interactions.count() == 72


def test_what_was_acknowledged_is_there_after_a_restart(prepared, tmp_path):
    url, key = prepared
    with server(url, 1, tmp_path) as address:
        httpx.put(f"{address}/api/users/ada/profile", json={}, headers=key)
        reply = httpx.post(f"{address}/api/interactions", json=answer("ada", 1), headers=key)
        assert reply.json()["accepted"] == 1
        before = httpx.get(f"{address}/api/users/ada/profile", headers=key).json()
    with server(url, 1, tmp_path) as address:
        after = httpx.get(f"{address}/api/users/ada/profile", headers=key).json()
        assert after["n_interactions"] == before["n_interactions"] == 1
        assert after["skillProfile"].keys() == before["skillProfile"].keys()
        reply = httpx.post(f"{address}/api/interactions", json=answer("ada", 1), headers=key)
        assert reply.json() == {"accepted": 0, "duplicates": 1, "rejected": []}


def test_a_taken_port_is_said_so():
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(InvalidInput, match="choose another port") as caught:
            bind("127.0.0.1", taken.getsockname()[1])
    assert caught.value.field == "port"


def test_a_foreign_address_is_said_so():
    with pytest.raises(InvalidInput, match=r"can't listen on 192\.0\.2\.1"):
        bind("192.0.2.1", 0)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_request_under_way_is_answered_before_the_end(prepared, tmp_path):
    url, key = prepared
    with server(url, 1, tmp_path) as address, ThreadPoolExecutor(1) as pool:
        httpx.put(f"{address}/api/users/ada/profile", json={}, headers=key)
        batch = [answer("ada", 1) | {"interaction_id": f"b{i}"} for i in range(1000)]
        under_way = pool.submit(
            httpx.post, f"{address}/api/interactions", json=batch, headers=key, timeout=30
        )
        time.sleep(0.1)
    assert under_way.result().json()["accepted"] == 1000
