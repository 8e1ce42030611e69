"""What becomes of a job: enqueued, cancelled, retried, scheduled, each as its rules say?"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import InvalidInput, NotFound
from learnloop.core.ids import JobId
from learnloop.core.jobs import JobError, JobStatus, Schedule, wait_after
from learnloop.core.time import EPOCH
from learnloop.journeys import jobs
from learnloop.storage import open_store
from learnloop.testing import builders as make

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
DAY = timedelta(days=1)
seconds = st.integers(0, 10**7).map(lambda s: timedelta(seconds=s))


@pytest.fixture
def tx():
    with open_store("memory://").begin() as tx:
        yield tx


def test_a_job_is_checked_when_it_is_enqueued(tx):
    with pytest.raises(InvalidInput, match="no kind of job 'dance'; there are"):
        jobs.enqueue(tx, NOW, "dance", {})
    with pytest.raises(InvalidInput, match=r"payload\.job_days") as refused:
        jobs.enqueue(tx, NOW, "tidy", {"job_days": "many"})
    assert refused.value.field == "payload.job_days"
    job = jobs.enqueue(tx, NOW, "tidy", {"job_days": 7})
    assert (job.payload["job_days"], job.payload["reply_days"]) == (7, 1)  # with the defaults
    assert tx.jobs.page(9) == [job]


def test_a_job_is_there_only_if_its_transaction_is():
    store = open_store("memory://")
    with pytest.raises(KeyError), store.begin() as tx:  # noqa: PT012
        jobs.enqueue(tx, NOW, "fit", {})
        raise KeyError
    with store.begin(write=False) as tx:
        assert tx.jobs.page(9) == []


def test_what_waits_can_be_cancelled_and_then_retried(tx):
    job = jobs.enqueue(tx, NOW, "fit", {})
    gone = jobs.cancel(tx, NOW, job.job_id)
    assert (gone.status, gone.error.code) == (JobStatus.FAILED, "cancelled")
    with pytest.raises(InvalidInput, match="already"):
        jobs.cancel(tx, NOW, job.job_id)
    back = jobs.retry(tx, NOW, job.job_id)
    assert (back.status, back.run_at, back.finished_at) == (JobStatus.QUEUED, NOW, None)
    with pytest.raises(InvalidInput, match="only one that failed"):
        jobs.retry(tx, NOW, job.job_id)
    with pytest.raises(NotFound):
        jobs.cancel(tx, NOW, JobId("nobody's"))


def test_a_retried_job_has_an_attempt_left_and_a_new_number(tx):
    tx.jobs.enqueue(make.a_job(max_attempts=1))
    job = tx.jobs.claim(make.NOON, "w", ["fit"], DAY)
    tx.jobs.change(job.failed(make.NOON, JobError("oops", ""), again=True), job)
    jobs.retry(tx, make.NOON, job.job_id)
    again = tx.jobs.claim(make.NOON, "w", ["fit"], DAY)
    assert (again.n_attempts, again.max_attempts) == (2, 2)


def test_waits_get_longer_up_to_an_hour():
    waits = [wait_after(n).total_seconds() for n in range(1, 12)]
    assert waits[:3] == [10, 20, 40]
    assert waits == sorted(waits)
    assert waits[-1] == wait_after(10**6).total_seconds() == 3600


# --- schedules ----------------------------------------------------------------------------------


@given(every=seconds.filter(bool), late=seconds)
def test_a_schedule_keeps_its_rhythm_and_leaves_out_what_it_missed(every, late):
    schedule = Schedule("s", "fit", {}, every, EPOCH)
    following = schedule.after(EPOCH + late)
    assert (following - EPOCH) % every == timedelta(0)
    assert timedelta(0) < following - (EPOCH + late) <= every


def test_a_schedule_that_is_not_due_stays():
    schedule = make.a_schedule()
    assert schedule.after(make.NOON - DAY) == schedule.next_at


def test_what_is_scheduled_is_enqueued_once_for_each_instant(tx):
    jobs.add_schedule(tx, NOW, "nightly", "fit", {}, DAY)
    assert not jobs.is_anything_scheduled(tx, NOW)
    assert jobs.enqueue_scheduled(tx, NOW) == []
    assert jobs.is_anything_scheduled(tx, NOW + DAY)
    (first,) = jobs.enqueue_scheduled(tx, NOW + DAY)
    assert jobs.enqueue_scheduled(tx, NOW + DAY) == []
    tx.jobs.change(first.cancelled(NOW + DAY), first)
    (second,) = jobs.enqueue_scheduled(tx, NOW + 5 * DAY)  # nobody worked for three days
    (schedule,) = tx.schedules.list()
    assert (schedule.next_at, schedule.last_job_id) == (NOW + 6 * DAY, second.job_id)


def test_no_job_is_put_behind_one_that_still_waits(tx):
    jobs.add_schedule(tx, NOW, "often", "fit", {}, timedelta(minutes=1), first_at=NOW)
    (first,) = jobs.enqueue_scheduled(tx, NOW)
    assert jobs.enqueue_scheduled(tx, NOW + DAY) == []
    running = tx.jobs.claim(NOW + DAY, "w", ["fit"], DAY)
    assert running.job_id == first.job_id
    assert len(jobs.enqueue_scheduled(tx, NOW + 2 * DAY)) == 1


@pytest.mark.parametrize(
    ("name", "kind", "every"),
    [
        ("", "fit", DAY),
        ("a", "dance", DAY),
        ("a", "fit", timedelta(0)),
        ("a", "fit", timedelta(days=9999)),
    ],
)
def test_a_wrong_schedule_is_refused(tx, name, kind, every):
    with pytest.raises(InvalidInput):
        jobs.add_schedule(tx, NOW, name, kind, {}, every)
    assert tx.schedules.list() == []


def test_a_schedule_is_removed(tx):
    jobs.add_schedule(tx, NOW, "nightly", "fit", {}, DAY)
    jobs.remove_schedule(tx, "nightly")
    with pytest.raises(NotFound, match="schedule list"):
        jobs.remove_schedule(tx, "nightly")
