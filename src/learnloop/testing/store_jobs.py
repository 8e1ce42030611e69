"""Is each job done by one worker at a time, kept exactly, and its schedule advanced once?"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import ConflictingDuplicate, InvalidInput
from learnloop.core.ids import JobId
from learnloop.core.jobs import LOST, Job, JobError, JobStatus, Schedule
from learnloop.core.protocols import Store, Transaction
from learnloop.testing import builders as make
from learnloop.testing import strategies as odd_
from learnloop.testing.store_fixture import OnAStore, odd

LEASE = timedelta(minutes=1)
OOPS = JobError("oops", "it did not work")
KINDS = ("fit", "tidy")
MOVES = ("claim", "late", "finish", "fail", "back", "cancel")
_fresh = count()


def _at(minutes: float) -> datetime:
    return make.NOON + timedelta(minutes=minutes)


def _claim(tx: Transaction, minutes: float, worker: str = "w", kinds: Sequence[str] = KINDS) -> Job:
    job = tx.jobs.claim(_at(minutes), worker, kinds, LEASE)
    assert job is not None
    return job


def _finish(tx: Transaction, job: Job, minutes: float) -> bool:
    return tx.jobs.change(job.finished(_at(minutes), {"by": job.worker}), job)


def _moved(job: Job, move: str, now: datetime) -> Job:
    match move:
        case "finish":
            return job.finished(now, {})
        case "fail":
            return job.failed(now, OOPS, again=True)
        case "back":
            return job.given_back(now)
        case _:
            return job.cancelled(now)


class JobPromises(OnAStore):
    """What the queue and the schedules must keep."""

    # --- kept as they are -----------------------------------------------------------------------

    @odd
    @given(job=odd_.jobs)
    def test_a_job_comes_back_exactly(self, store: Store, job: Job) -> None:
        n = next(_fresh)
        key = None if job.key is None else f"{job.key} {n}"
        job = replace(job, job_id=JobId(f"{job.job_id} {n}"), key=key)
        with store.begin() as tx:
            assert tx.jobs.enqueue(job) == job
        with store.begin(write=False) as tx:
            assert tx.jobs.get(job.job_id) == job
            assert job in tx.jobs.page(10_000, status=job.status, kind=job.kind)

    @odd
    @given(schedule=odd_.schedules)
    def test_a_schedule_comes_back_exactly(self, store: Store, schedule: Schedule) -> None:
        with store.begin() as tx:
            tx.schedules.put(schedule)
        with store.begin(write=False) as tx:
            assert schedule in tx.schedules.list()

    @pytest.mark.parametrize(
        "wrong", [float("nan"), float("inf"), np.float64(1), (1, 2), {1: 2}, 2**63, b"x", object()]
    )
    def test_what_json_would_change_is_refused(self, store: Store, wrong: object) -> None:
        for bad in ({"a": wrong}, {"a": [{"b": wrong}]}):
            with pytest.raises(InvalidInput), store.begin() as tx:
                tx.jobs.enqueue(replace(make.a_job(), payload=bad))
            with pytest.raises(InvalidInput), store.begin() as tx:
                tx.schedules.put(replace(make.a_schedule(), payload=bad))

    def test_the_same_key_enqueues_once(self, store: Store) -> None:
        with store.begin() as tx:
            first = tx.jobs.enqueue(make.a_job("j1", key="weekly"))
            assert tx.jobs.enqueue(make.a_job("j2", key="weekly", minutes=5)) == first
            tx.jobs.enqueue(make.a_job("j3", key="monthly"))
            tx.jobs.enqueue(make.a_job("j4"))
            tx.jobs.enqueue(make.a_job("j5"))
        with store.begin() as tx:
            assert tx.jobs.enqueue(make.a_job("j6", key="weekly")) == first
            assert {job.job_id for job in tx.jobs.page(9)} == {"j1", "j3", "j4", "j5"}

    def test_an_id_that_is_there_is_refused(self, store: Store) -> None:
        with store.begin() as tx:
            tx.jobs.enqueue(make.a_job("j1"))
        for key in (None, "k"):
            with pytest.raises(ConflictingDuplicate), store.begin() as tx:
                tx.jobs.enqueue(make.a_job("j1", key=key))

    def test_pages_walk_all_jobs_newest_first(self, store: Store) -> None:
        with store.begin() as tx:
            for n in (3, 0, 1, 4, 2):
                kind = KINDS[n % 2]
                tx.jobs.enqueue(make.a_job(f"j{n}", kind=kind, minutes=n // 2))
        with store.begin(write=False) as tx:
            assert tx.jobs.get(JobId("j9")) is None
            first = tx.jobs.page(3)
            assert [job.job_id for job in first] == ["j4", "j3", "j2"]
            assert [job.job_id for job in tx.jobs.page(3, after=first[-1])] == ["j1", "j0"]
            assert [job.job_id for job in tx.jobs.page(9, kind="tidy")] == ["j3", "j1"]
            queued = tx.jobs.page(9, kind="fit", status=JobStatus.QUEUED)
            assert [job.job_id for job in queued] == ["j4", "j2", "j0"]
            assert tx.jobs.page(9, status=JobStatus.DONE) == []

    def test_what_was_over_long_ago_is_dropped(self, store: Store) -> None:
        with store.begin() as tx:
            for n in range(3):
                tx.jobs.enqueue(make.a_job(f"j{n}", minutes=n, key=f"k{n}"))
            for n in range(2):
                assert _finish(tx, _claim(tx, 10), 10 + n)
            assert tx.jobs.purge(_at(11)) == 1
            assert [job.job_id for job in tx.jobs.page(9)] == ["j2", "j1"]
            again = make.a_job("j9", key="k0")
            assert tx.jobs.enqueue(again) == again

    # --- one worker at a time -------------------------------------------------------------------

    def test_a_claim_takes_what_has_been_due_longest(self, store: Store) -> None:
        with store.begin() as tx:
            tx.jobs.enqueue(make.a_job("later", minutes=0, run_at=_at(9)))
            tx.jobs.enqueue(make.a_job("second", minutes=1))
            tx.jobs.enqueue(make.a_job("first", minutes=2, run_at=_at(0)))
            tx.jobs.enqueue(make.a_job("other", kind="unknown"))
            assert tx.jobs.is_due(_at(2), KINDS)
            assert not tx.jobs.is_due(_at(-1), KINDS)
            assert not tx.jobs.is_due(_at(2), ())
            taken = [_claim(tx, 2), _claim(tx, 2)]
            assert [job.job_id for job in taken] == ["first", "second"]
            assert tx.jobs.claim(_at(2), "w", KINDS, LEASE) is None
            assert not tx.jobs.is_due(_at(2), KINDS)
            job = taken[0]
            assert (job.status, job.n_attempts, job.worker) == (JobStatus.RUNNING, 1, "w")
            assert (job.started_at, job.lease_until) == (_at(2), _at(3))
            assert tx.jobs.get(job.job_id) == job

    def test_a_lease_that_ran_out_is_taken_over_and_its_worker_refused(self, store: Store) -> None:
        with store.begin() as tx:
            tx.jobs.enqueue(make.a_job())
            lost = _claim(tx, 0, "lost")
            assert not tx.jobs.is_due(_at(0.9), KINDS)
        with store.begin() as tx:
            second = _claim(tx, 1, "second")
            assert (second.job_id, second.n_attempts) == (lost.job_id, 2)
            assert not tx.jobs.change(lost.going_on(_at(9), 0.9, "late"), lost)
            assert not _finish(tx, lost, 2)
            assert not tx.jobs.change(lost.failed(_at(2), OOPS, again=True), lost)
            assert tx.jobs.get(lost.job_id) == second
            assert _finish(tx, second, 2)
            assert not _finish(tx, second, 3)  # only once

    def test_a_worker_that_reports_keeps_its_job(self, store: Store) -> None:
        with store.begin() as tx:
            tx.jobs.enqueue(make.a_job())
            job = _claim(tx, 0)
            for n in range(1, 4):
                going_on = job.going_on(_at(n) + LEASE, n / 4, f"part {n}")
                assert tx.jobs.change(going_on, job)
                job = going_on
                assert tx.jobs.claim(_at(n), "w2", KINDS, LEASE) is None
            assert tx.jobs.get(job.job_id) == job

    def test_a_cancelled_job_is_nobodys(self, store: Store) -> None:
        with store.begin() as tx:
            tx.jobs.enqueue(make.a_job())
            job = _claim(tx, 0)
            assert tx.jobs.change(job.cancelled(_at(0)), job)
            assert not tx.jobs.change(job.going_on(_at(9), 0.5, ""), job)
            assert tx.jobs.claim(_at(99), "w", KINDS, LEASE) is None

    def test_a_failed_job_is_tried_again_and_then_no_more(self, store: Store) -> None:
        with store.begin() as tx:
            tx.jobs.enqueue(make.a_job(max_attempts=2))
            job = _claim(tx, 0)
            assert tx.jobs.change(job.failed(_at(0), OOPS, again=True), job)
            assert tx.jobs.claim(_at(0), "w", KINDS, LEASE) is None  # it waits a little
            job = _claim(tx, 1)
            assert (job.n_attempts, job.error) == (2, OOPS)
            assert tx.jobs.change(job.failed(_at(1), OOPS, again=True), job)
            stored = tx.jobs.get(job.job_id)
            assert stored is not None
            assert (stored.status, stored.error) == (JobStatus.FAILED, OOPS)
            assert tx.jobs.claim(_at(99), "w", KINDS, LEASE) is None

    def test_a_job_that_loses_every_worker_has_failed(self, store: Store) -> None:
        with store.begin() as tx:
            tx.jobs.enqueue(make.a_job("bad", max_attempts=1))
            tx.jobs.enqueue(make.a_job("good", minutes=5))
            _claim(tx, 0)
            assert _claim(tx, 6).job_id == "good"  # what is lost stands in nobody's way
            stored = tx.jobs.get(JobId("bad"))
            assert stored is not None
            assert (stored.status, stored.error) == (JobStatus.FAILED, LOST)

    @odd
    @given(moves=st.lists(st.sampled_from(MOVES)))
    def test_the_fence_holds_whatever_happens(self, store: Store, moves: list[str]) -> None:
        """Every attempt ends at most once, and only the latest can end."""
        job_id = JobId(f"fenced {next(_fresh)}")
        kind = f"kind {job_id}"
        ended: set[int] = set()
        taken: list[Job] = []
        now = 0.0
        with store.begin() as tx:
            tx.jobs.enqueue(replace(make.a_job(job_id, kind=kind), max_attempts=5))
            for n, move in enumerate(moves):
                now += 120 if move == "late" else 1 / 3600
                if move in ("claim", "late"):
                    job = tx.jobs.claim(_at(now), "w", [kind], LEASE)
                    taken += [job] if job else []
                elif taken:
                    mine = taken[n % len(taken)]
                    if tx.jobs.change(_moved(mine, move, _at(now)), mine):
                        assert mine is taken[-1]
                        assert mine.n_attempts not in ended
                        ended.add(mine.n_attempts)
            assert [job.n_attempts for job in taken] == list(range(1, len(taken) + 1))
            last = tx.jobs.get(job_id)
            if last is not None and last.status is JobStatus.DONE:
                assert tx.jobs.claim(_at(now + 9999), "w", [kind], LEASE) is None

    def test_workers_at_once_take_each_job_once(self, store: Store) -> None:
        n_jobs, n_workers = 40, 4
        with store.begin() as tx:
            for n in range(n_jobs):
                tx.jobs.enqueue(make.a_job(f"j{n:02}"))
        taken: list[list[str]] = [[] for _ in range(n_workers)]

        def work(mine: list[str]) -> None:
            while True:
                with store.begin() as tx:
                    job = tx.jobs.claim(_at(0), f"w{id(mine)}", KINDS, LEASE)
                    if job is None:
                        return
                    mine.append(job.job_id)

        _at_once([partial(work, mine) for mine in taken])
        assert sorted(name for mine in taken for name in mine) == [
            f"j{n:02}" for n in range(n_jobs)
        ]

    def test_one_key_at_once_is_one_job(self, store: Store) -> None:
        given: list[str] = []

        def enqueue(n: int) -> None:
            with store.begin() as tx:
                given.append(tx.jobs.enqueue(make.a_job(f"j{n}", key="once")).job_id)

        _at_once([partial(enqueue, n) for n in range(6)])
        assert len(given) == 6
        assert len(set(given)) == 1

    # --- schedules ------------------------------------------------------------------------------

    def test_schedules_are_listed_replaced_and_removed(self, store: Store) -> None:
        with store.begin() as tx:
            for name in ("b", "a", "c"):
                tx.schedules.put(make.a_schedule(name))
            tx.schedules.put(make.a_schedule("b", minutes=7))
            assert tx.schedules.remove("c")
            assert not tx.schedules.remove("c")
            assert tx.schedules.list() == [make.a_schedule("a"), make.a_schedule("b", minutes=7)]

    def test_a_rhythm_that_stands_still_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidInput), store.begin() as tx:
            tx.schedules.put(replace(make.a_schedule(), every=timedelta(0)))

    def test_an_instant_of_a_schedule_is_taken_once(self, store: Store) -> None:
        schedule = make.a_schedule()
        with store.begin() as tx:
            tx.schedules.put(schedule)
        told: list[bool] = []

        def advance() -> None:
            with store.begin() as tx:
                told.append(tx.schedules.advance(schedule, _at(1440), JobId("j1")))

        _at_once([advance] * 4)
        assert sorted(told) == [False, False, False, True]
        with store.begin() as tx:
            (stored,) = tx.schedules.list()
            assert stored == replace(schedule, next_at=_at(1440), last_job_id=JobId("j1"))
            tx.schedules.remove(schedule.name)
            assert not tx.schedules.advance(stored, _at(9999), None)


def _at_once(works: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
