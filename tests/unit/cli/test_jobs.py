"""Do the commands for jobs, schedules and the worker do what they say?"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from learnloop.catalog.course import seeded_course
from learnloop.cli.demo_folder import DemoFolder
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.jobs import add_schedule

Learnloop = Callable[..., Any]


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def school(elsewhere: Path) -> Path:
    """An empty school in the present folder."""
    with PersonalizationEngine.open("sqlite:///learnloop.db") as engine:
        engine.put_catalog(seeded_course())
    return elsewhere


def test_a_job_is_added_done_and_shown(
    demo: DemoFolder, tmp_path: Path, learnloop: Learnloop
) -> None:
    own = tmp_path / "own.db"
    own.write_bytes((demo.path / "learnloop.db").read_bytes())
    database = ("--database", f"sqlite:///{own}")
    added = learnloop("jobs", "add", "fit", *database, "--json").json
    assert (added["kind"], added["status"]) == ("fit", "queued")
    worked = learnloop("worker", "--once", *database)
    assert worked.code == 0
    events = [json.loads(line)["event"] for line in worked.err.splitlines()]
    assert events == ["job_started", "job_done"]
    shown = learnloop("jobs", "show", added["job_id"], *database, "--json").json
    assert shown["status"] == "done"
    assert (
        shown["result"]["model"] == learnloop("models", "list", *database, "--json").json[0]["ref"]
    )
    text = learnloop("jobs", "show", added["job_id"], *database).out
    assert shown["result"]["model"] in text
    assert "done" in learnloop("jobs", "list", *database).out


def test_a_failed_job_is_told_of_and_can_be_retried(school: Path, learnloop: Learnloop) -> None:
    job_id = learnloop("jobs", "add", "fit", "--json").json["job_id"]
    worked = learnloop("worker", "--once")
    assert worked.code == 1
    assert "data_error" in worked.err
    assert "data_error" in learnloop("jobs", "list", "--status", "failed").out
    assert "200 are needed" in learnloop("jobs", "show", job_id).out
    assert "queued" in learnloop("jobs", "retry", job_id).err
    assert "failed: cancelled" in learnloop("jobs", "cancel", job_id).err
    assert "failed already" in learnloop("jobs", "cancel", job_id).err
    assert learnloop("worker", "--once").code == 0


def test_a_key_adds_a_job_once(school: Path, learnloop: Learnloop) -> None:
    add = ("jobs", "add", "tidy", "--payload", '{"job_days": 7}', "--key", "weekly", "--json")
    first, second = learnloop(*add).json, learnloop(*add).json
    assert first == second
    assert (first["payload"]["job_days"], first["payload"]["reply_days"]) == (7, 1)
    assert len(learnloop("jobs", "list", "--json").json) == 1
    assert learnloop("jobs", "list", "--kind", "fit", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["jobs", "add", "dance"], "no kind of job 'dance'; there are"),
        (["jobs", "add", "fit", "--payload", "{"], "not JSON"),
        (["jobs", "add", "fit", "--payload", "[]"], "JSON object"),
        (["jobs", "add", "fit", "--payload", '{"a": 1}'], "payload.a"),
        (["jobs", "show", "none"], "no job 'none'"),
        (["worker", "--once", "--kind", "dance"], "no kind of job 'dance'; there are"),
        (["schedule", "add", "a", "--kind", "fit", "--every", "often"], "every"),
        (["schedule", "add", "a", "--kind", "fit", "--every", "0s"], "every"),
        (
            ["schedule", "add", "a", "--kind", "dance", "--every", "7d"],
            "no kind of job 'dance'; there are",
        ),
        (["schedule", "add", "a", "--kind", "fit", "--every", "7d", "--first", "soon"], "first"),
        (
            ["schedule", "add", "a", "--kind", "fit", "--every", "7d", "--first", "2026-01-01"],
            "first",
        ),
        (["schedule", "remove", "a"], "no schedule 'a'"),
    ],
)
def test_what_is_wrong_is_refused(
    arguments: list[str], problem: str, school: Path, learnloop: Learnloop
) -> None:
    done = learnloop(*arguments)
    assert done.code == 1
    assert problem in done.err
    assert learnloop("jobs", "list", "--json").json == []
    assert learnloop("schedule", "list", "--json").json == []


def test_schedules_are_added_listed_and_removed(school: Path, learnloop: Learnloop) -> None:
    said = learnloop("schedule", "add", "weekly-fit", "--kind", "fit", "--every", "7d")
    assert "fit every 7d" in said.err
    first = "2026-01-06T03:00:00+01:00"
    add = ("schedule", "add", "a", "--kind", "tidy", "--every", "36h", "--first", first, "--json")
    added = learnloop(*add).json
    assert (added["every_seconds"], added["next_at"]) == (129600, "2026-01-06T02:00:00Z")
    listed = learnloop("schedule", "list", "--json").json
    assert [schedule["name"] for schedule in listed] == ["a", "weekly-fit"]
    assert "7 days" in learnloop("schedule", "list").out
    assert learnloop("schedule", "remove", "a").code == 0
    assert len(learnloop("schedule", "list", "--json").json) == 1


def test_a_worker_enqueues_what_is_scheduled(school: Path, learnloop: Learnloop) -> None:
    now = datetime.now(UTC)
    with (
        PersonalizationEngine.open("sqlite:///learnloop.db") as engine,
        engine.store.begin() as tx,
    ):
        add_schedule(tx, now, "tidy", "tidy", {}, timedelta(days=1), first_at=now)
    worked = learnloop("worker", "--once", "--kind", "tidy")
    assert worked.code == 0
    assert "job_scheduled" in worked.err
    (job,) = learnloop("jobs", "list", "--json").json
    assert job["status"] == "done"


def test_a_worker_ends_on_sigterm(school: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", "from learnloop.cli import main; main()", "worker"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert worker.stderr is not None
    assert "worker_started" in worker.stderr.readline()
    time.sleep(0.1)
    os.kill(worker.pid, signal.SIGTERM)
    _, said = worker.communicate(timeout=20)
    assert worker.returncode == 0
    assert "worker_stopped" in said
