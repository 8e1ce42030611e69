"""Do two processes on one database share the same rows out exactly, each new to one of them?"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from learnloop.core.ids import LearnerId
from learnloop.storage import migrate, open_store
from learnloop.testing import builders as make

N_ROWS, N_PROCESSES = 300, 2

APPEND = f"""import sys
from learnloop.storage import open_store
from learnloop.testing import builders as make
store = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for n in range({N_ROWS}):
    with store.begin() as tx:
        (new,) = tx.interactions.append([make.an_answer(n)])
        tx.learners.lock(["ana"])
        tx.learners.put(make.a_learner(version=tx.learners.get("ana").version + 1))
    print(int(new))
store.close()"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/shared.db"
        migrate(url)
        return url
    new_url: Callable[[], str] = request.getfixturevalue("new_postgres_url")
    return new_url()


def test_processes_share_rows_out_and_lose_no_update(url: str) -> None:
    store = open_store(url)
    with store.begin() as tx:
        tx.learners.put(make.a_learner(version=0))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", APPEND, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(N_PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * N_PROCESSES
    assert [sorted(row) for row in zip(*told, strict=True)] == [["0", "1"]] * N_ROWS
    with store.begin(write=False) as tx:
        assert tx.interactions.history(LearnerId("ana")) == [
            make.an_answer(n) for n in range(N_ROWS)
        ]
        assert tx.learners.get(LearnerId("ana")) == make.a_learner(version=N_ROWS * N_PROCESSES)
    store.close()
