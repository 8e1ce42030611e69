"""Does a worker do each job, keep it while it works, and let go of it when it must?"""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from learnloop.catalog.course import seeded_course
from learnloop.core.errors import DataError, StoreUnavailable
from learnloop.core.jobs import CANCELLED, LOST, JobStatus
from learnloop.core.time import ManualClock
from learnloop.journeys import attempt, jobs
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.job_kinds import JobKind, Nothing
from learnloop.journeys.worker import LEASE, Worker

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def engine(request, fresh_url):
    with PersonalizationEngine.open(fresh_url(request.param), clock=ManualClock(NOW)) as engine:
        yield engine


@pytest.fixture
def alone():
    """An engine where the database does not matter."""
    with PersonalizationEngine.open("memory://", clock=ManualClock(NOW)) as engine:
        yield engine


def kinds(**runs):
    return {name: JobKind(name, Nothing, run) for name, run in runs.items()}


def enqueue(engine, kind, known):
    with engine.store.begin() as tx:
        return jobs.enqueue(tx, engine.clock.now(), kind, {}, kinds=known)


def stored(engine, job):
    with engine.store.begin(write=False) as tx:
        return tx.jobs.get(job.job_id)


def work(engine, run, **worker):
    """What a worker leaves of one job that does this."""
    known = kinds(it=run)
    enqueue(engine, "it", known)
    return Worker(engine, kinds=known, **worker).step()


def test_a_job_is_done_and_its_result_kept(engine):
    def run(_engine, _payload, report):
        report(0.5, "half")
        return {"n": 3, "nested": [{"a": None}]}

    job = work(engine, run)
    assert (job.status, job.progress, job.stage) == (JobStatus.DONE, 1.0, "half")
    assert job.result == {"n": 3, "nested": [{"a": None}]}
    assert (job.started_at, job.finished_at, job.error) == (NOW, NOW, None)


def test_nothing_to_do_is_no_job(engine):
    assert Worker(engine).step() is None
    assert Worker(engine).run_due() == []


def test_an_error_that_would_come_back_ends_the_job(alone):
    def run(*_):
        raise DataError("too little to fit from")

    job = work(alone, run)
    assert job.status is JobStatus.FAILED
    assert (job.error.code, job.error.message) == ("data_error", "too little to fit from")


@pytest.mark.parametrize("error", [ValueError("secret"), StoreUnavailable("host=secret")])
def test_any_other_error_is_tried_three_times_and_says_nothing_of_the_inside(alone, error):
    def run(*_):
        raise error

    known = kinds(it=run)
    job = enqueue(alone, "it", known)
    worker, statuses = Worker(alone, kinds=known), []
    for _ in range(5):
        statuses.append(getattr(worker.step(), "status", None))
        alone.clock.advance(hours=1)
    assert statuses == [JobStatus.QUEUED, JobStatus.QUEUED, JobStatus.FAILED, None, None]
    assert "secret" not in stored(alone, job).error.message


def test_a_result_that_is_no_json_fails(alone):
    job = work(alone, lambda *_: {"a": object()})
    assert (job.status, job.error.code) == (JobStatus.FAILED, "invalid_input")


@pytest.mark.parametrize(
    ("said", "kept"),
    [(float("nan"), 0.0), (-1.0, 0.0), (7, 1.0), (float("inf"), 1.0), (0.25, 0.25)],
)
def test_strange_reports_do_no_harm(engine, said, kept):
    def run(_engine, _payload, report):
        report(said, "a\x00b\ud800" + "c" * 300)
        raise DataError("no \ud800 data")

    job = work(engine, run)
    assert (job.progress, job.stage) == (kept, "ab" + "c" * 196)
    assert (job.status, job.error.message) == (JobStatus.FAILED, "no ? data")


def test_a_worker_takes_only_kinds_that_it_knows(alone):
    known = kinds(a=lambda *_: {}, b=lambda *_: {})
    enqueue(alone, "a", known)
    assert Worker(alone, kinds={"b": known["b"]}).step() is None
    assert Worker(alone, kinds=known).step().kind == "a"


def test_a_job_of_a_killed_worker_is_done_again_after_its_lease(engine):
    done = []

    def run(*_):
        done.append(engine.clock.now())
        return {}

    known = kinds(it=run)
    job = enqueue(engine, "it", known)
    with engine.store.begin() as tx:
        killed = tx.jobs.claim(engine.clock.now(), "killed", ["it"], LEASE)
    worker = Worker(engine, kinds=known)
    engine.clock.advance(seconds=LEASE.total_seconds() - 1)
    assert worker.step() is None
    engine.clock.advance(seconds=1)
    assert worker.step().status is JobStatus.DONE
    assert worker.step() is None
    assert len(done) == 1
    assert stored(engine, job).n_attempts == 2
    with engine.store.begin() as tx:  # it was only asleep, and wakes up
        assert not tx.jobs.change(killed.finished(engine.clock.now(), {"late": True}), killed)
    assert stored(engine, job).result == {}


def test_a_job_that_kills_every_worker_ends(alone):
    known = kinds(it=lambda *_: {})
    job = enqueue(alone, "it", known)
    for _ in range(4):
        with alone.store.begin() as tx:
            tx.jobs.claim(alone.clock.now(), "killed", ["it"], LEASE)
        alone.clock.advance(hours=1)
    assert Worker(alone, kinds=known).step() is None
    assert stored(alone, job).error == LOST


def test_the_lease_is_extended_and_progress_written_while_it_works(engine, monkeypatch):
    monkeypatch.setattr(attempt, "BEAT_S", 0.01)
    seen = []

    def run(_engine, _payload, report):
        for n in range(1, 4):
            report(n / 4, f"part {n}")
            engine.clock.advance(seconds=20)
            until = time.monotonic() + 10
            while time.monotonic() < until:
                with engine.store.begin(write=False) as tx:
                    (job,) = tx.jobs.page(9)
                if job.stage == f"part {n}" and job.lease_until > engine.clock.now():
                    break
                time.sleep(0.005)
            seen.append((job.progress, job.stage))
        return {}

    assert work(engine, run).status is JobStatus.DONE  # after twice its lease
    assert seen == [(0.25, "part 1"), (0.5, "part 2"), (0.75, "part 3")]


def test_a_cancelled_job_ends_at_its_next_report(alone, monkeypatch):
    monkeypatch.setattr(attempt, "BEAT_S", 0.01)

    def run(engine, _payload, report):
        with engine.store.begin() as tx:
            (job,) = tx.jobs.page(9)
            jobs.cancel(tx, NOW, job.job_id)
        for n in range(1000):
            try:
                report(n / 1000, "on and on")
            except Exception:
                pytest.fail("work that catches every Exception would never end")
            time.sleep(0.01)
        pytest.fail("nobody said that the job was cancelled")

    job = work(alone, run)
    assert (job.status, job.error) == (JobStatus.FAILED, CANCELLED)


def test_a_worker_that_must_stop_gives_the_job_back_at_its_next_report(alone):
    known = {}

    def run(_engine, _payload, report):
        worker.stop()
        report(0.5, "half")
        pytest.fail("it was told to stop")

    known |= kinds(it=run)
    enqueue(alone, "it", known)
    worker = Worker(alone, kinds=known, grace_s=-1)
    job = worker.step()
    assert (job.status, job.n_attempts, job.max_attempts) == (JobStatus.QUEUED, 1, 4)
    known |= kinds(it=lambda *_: {})
    assert Worker(alone, kinds=known).step().status is JobStatus.DONE


def test_within_its_grace_a_job_is_finished(alone):
    def run(_engine, _payload, report):
        worker.stop()
        report(0.5, "half")
        return {}

    known = kinds(it=run)
    for _ in range(2):
        enqueue(alone, "it", known)
    worker = Worker(alone, kinds=known, grace_s=60)
    assert [job.status for job in worker.run_due()] == [JobStatus.DONE]


def test_an_interrupted_job_is_given_back_at_once(alone):
    def run(*_):
        raise KeyboardInterrupt

    known = kinds(it=run)
    job = enqueue(alone, "it", known)
    with pytest.raises(KeyboardInterrupt):
        Worker(alone, kinds=known).step()
    assert stored(alone, job).status is JobStatus.QUEUED


def test_a_result_waits_for_a_database_that_is_away(alone, monkeypatch):
    monkeypatch.setattr(attempt, "ASK_AGAIN_S", 0.001)
    begin, failures = alone.store.begin, []

    def away(**kwargs):
        if len(failures) < 5:
            failures.append(1)
            raise StoreUnavailable("away")
        return begin(**kwargs)

    def run(*_):
        monkeypatch.setattr(alone.store, "begin", away)
        return {}

    assert work(alone, run).status is JobStatus.DONE
    assert len(failures) == 5


def test_workers_at_once_do_each_job_once(engine):
    done = []

    def run(*_):
        done.append(1)
        return {}

    known = kinds(it=run)
    for _ in range(12):
        enqueue(engine, "it", known)
    workers = [Worker(engine, kinds=known, name=f"w{n}") for n in range(3)]
    threads = [threading.Thread(target=worker.run_due) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 12


def test_it_runs_until_it_is_told_to_stop_and_enqueues_what_is_scheduled(alone, monkeypatch):
    def run(*_):
        worker.stop()
        return {}

    worker = Worker(alone, kinds=kinds(fit=run))
    with alone.store.begin() as tx:
        jobs.add_schedule(tx, NOW, "now", "fit", {}, DAY, first_at=NOW)
    begin, away = alone.store.begin, [StoreUnavailable("away")]

    def once_away(**kwargs):
        if away:
            raise away.pop()
        return begin(**kwargs)

    monkeypatch.setattr(alone.store, "begin", once_away)
    worker.run()
    with alone.store.begin(write=False) as tx:
        (job,), (schedule,) = tx.jobs.page(9), tx.schedules.list()
    assert job.status is JobStatus.DONE
    assert (schedule.next_at, schedule.last_job_id) == (NOW + DAY, job.job_id)


def test_the_kinds_that_are_there_do_what_they_say(alone):
    alone.put_catalog(seeded_course())
    with alone.store.begin() as tx:
        jobs.enqueue(tx, NOW, "fit", {})
    (fitted,) = Worker(alone).run_due()
    assert fitted.error.code == "data_error"  # there are no answers yet
    alone.clock.advance(days=8)
    with alone.store.begin() as tx:
        jobs.enqueue(tx, alone.clock.now(), "tidy", {"job_days": 7})
    (tidied,) = Worker(alone).run_due()
    assert tidied.result == {"n_jobs": 1, "n_replies": 0, "n_predictions": 0}
    assert stored(alone, fitted) is None
