"""Do two processes on one queue take each job once, also where a lease runs out under them?"""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from learnloop.core.jobs import JobStatus
from learnloop.storage import migrate, open_store
from learnloop.testing import builders as make

N_JOBS, N_PROCESSES = 60, 2

WORK = """import sys
from datetime import timedelta
from learnloop.core.jobs import JobStatus
from learnloop.storage import open_store
from learnloop.testing import builders as make
store = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
n = 0
while True:
    # Every third job is left lying; the clock moves on, so its lease runs out.
    now = make.NOON + timedelta(seconds=n)
    with store.begin() as tx:
        job = tx.jobs.claim(now, sys.argv[2], ["fit"], timedelta(seconds=1))
    if job is None:
        break
    print(job.job_id, job.n_attempts)
    n += 1
    if n % 3 or job.n_attempts > 1:
        with store.begin() as tx:
            if tx.jobs.change(job.finished(now, {"by": sys.argv[2]}), job):
                print(job.job_id, "done")
store.close()"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/shared.db"
        migrate(url)
        return url
    new_url: Callable[[], str] = request.getfixturevalue("new_postgres_url")
    return new_url()


def test_processes_share_a_queue_out(url: str) -> None:
    store = open_store(url)
    with store.begin() as tx:
        for n in range(N_JOBS):
            tx.jobs.enqueue(make.a_job(f"j{n:02}", max_attempts=9))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORK, url, f"w{k}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for k in range(N_PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=60)[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0] * N_PROCESSES
    lines = Counter(line for said in told for line in said)
    assert set(lines.values()) == {1}, "an attempt was given, or ended, twice"
    done = {line.split()[0] for line in lines if line.endswith("done")}
    with store.begin(write=False) as tx:
        jobs = tx.jobs.page(N_JOBS)
    assert {job.job_id for job in jobs if job.status is JobStatus.DONE} == done
    left = [job for job in jobs if job.status is not JobStatus.DONE]
    assert len(left) <= N_PROCESSES, "only what was taken last, and left lying, may still wait"
    store.close()
