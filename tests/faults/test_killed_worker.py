"""Is every job done, and recorded as done once, when its workers are killed at random?"""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from learnloop.core.jobs import Job, JobStatus
from learnloop.core.protocols import Store
from learnloop.journeys.jobs import enqueue
from learnloop.storage import migrate, open_store
from learnloop.testing import builders as make
from tests.faults.work_and_tell import KINDS, N_STEPS, STEP_S

ROOT = Path(__file__).parents[2]
LEASE_S = 1.0
PATIENCE_S = 60


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/jobs.db"
        migrate(url)
        return url
    new_url: Callable[[], str] = request.getfixturevalue("new_postgres_url")
    return new_url()


def _worker(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.work_and_tell", url, str(LEASE_S)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def _kill_in_the_middle(worker: subprocess.Popen[str], rng: random.Random) -> None:
    assert worker.stdout is not None
    while not (line := worker.stdout.readline()).startswith("0"):
        assert line, "the worker ended by itself"
    time.sleep(rng.uniform(0, N_STEPS * STEP_S))
    worker.kill()
    worker.communicate()


def _jobs(store: Store) -> list[Job]:
    with store.begin(write=False) as tx:
        return tx.jobs.page(100)


@pytest.mark.faults
def test_a_killed_workers_job_is_done_again_and_no_job_is_lost(url: str) -> None:
    """Kill a worker in the middle of a job, again and again; then let one finish."""
    rng, n_jobs, n_kills = random.Random(4), 6, 12
    store = open_store(url)
    with store.begin() as tx:
        for _ in range(n_jobs):
            job = enqueue(tx, make.NOON, "count", {}, kinds=KINDS)
            # A kill costs an attempt; there are more of both than any job may need.
            assert tx.jobs.change(replace(job, max_attempts=n_kills + 1), job)
    for _ in range(n_kills):
        worker = _worker(url)
        _kill_in_the_middle(worker, rng)
        if all(job.status is JobStatus.DONE for job in _jobs(store)):
            break
    give_up = time.monotonic() + PATIENCE_S
    last = _worker(url)
    try:
        while not all(job.status is JobStatus.DONE for job in _jobs(store)):
            assert time.monotonic() < give_up, [job.status for job in _jobs(store)]
            time.sleep(0.05)
    finally:
        last.kill()
        last.communicate()
    found = _jobs(store)
    n_attempts = sum(job.n_attempts for job in found)
    assert n_attempts <= n_jobs + n_kills, "more attempts than kills account for"
    with store.begin(write=False) as tx:
        for job in found:
            assert job.result is not None
            kept = tx.interactions.history(f"attempt-{job.result['attempt']}")  # type: ignore[arg-type]
            assert len(kept) == N_STEPS, "an attempt that was recorded as done left something out"
    assert len({job.result["attempt"] for job in found if job.result}) == n_jobs
    store.close()
    print(f"{n_attempts} attempts at {n_jobs} jobs, all done")
