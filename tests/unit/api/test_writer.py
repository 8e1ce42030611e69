"""One commit for many requests, and yet each request stands alone."""

import asyncio
from contextlib import contextmanager

import pytest
from tests.school import NOW, answer, check_problem

from learnloop.api.writer import Writer
from learnloop.core.errors import InvalidInput, Overloaded, StoreUnavailable
from learnloop.core.ids import LearnerId
from learnloop.core.types import Learner
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.storage import open_store


class Seen:
    """Something real, with a few attributes exchanged."""

    def __init__(self, real, **exchanged):
        self._real = real
        self.__dict__.update(exchanged)

    def __getattr__(self, name):
        return getattr(self._real, name)


class Counting:
    """A store that counts its commits, and can be told to fail or to wait."""

    def __init__(self, store):
        self.store = store
        self.n_commits = 0
        self.n_writing = 0
        self.fail = None
        self.locked = []

    @contextmanager
    def begin(self, *, write=True):
        with self.store.begin(write=write) as tx:
            self.n_writing += write
            yield Seen(tx, learners=Seen(tx.learners, lock=self.locked.append))
            if self.fail is not None:
                raise self.fail
        self.n_commits += write
        self.n_writing -= write

    def close(self):
        self.store.close()


@pytest.fixture(params=["memory://", "sqlite"])
def store(request, tmp_path):
    url = request.param if "//" in request.param else f"sqlite:///{tmp_path}/w.db"
    store = Counting(open_store(url))
    yield store
    store.close()


def run(store, jobs, **kwargs):
    """The outcomes of jobs that were all waiting when the writer began."""

    async def main():
        writer = Writer(PersonalizationEngine(store), **kwargs)
        writer._loop = asyncio.get_running_loop()
        waiting = [asyncio.ensure_future(writer.run(work, who)) for work, who in jobs]
        await asyncio.sleep(0)
        writer.start(asyncio.get_running_loop())
        done = await asyncio.gather(*waiting, return_exceptions=True)
        await writer.stop()
        return done

    return asyncio.run(main())


def put(name):
    def work(live, tx):
        tx.learners.put(Learner(LearnerId(name), NOW))
        return name

    return work, [LearnerId(name)]


def put_then_fail(name, error):
    def work(live, tx):
        put(name)[0](live, tx)
        raise error

    return work, [LearnerId(name)]


def stored(store):
    with store.begin(write=False) as tx:
        return [x.learner_id for x in tx.learners.page(None, 100)]


def test_what_waits_shares_one_commit(store):
    assert run(store, [put(f"l{i}") for i in range(20)]) == [f"l{i}" for i in range(20)]
    assert store.n_commits == 1
    assert len(stored(store)) == 20


@pytest.mark.parametrize("error", [InvalidInput("no"), ZeroDivisionError()])
def test_a_job_that_fails_is_undone_alone(store, error):
    done = run(store, [put("a"), put_then_fail("b", error), put("c")])
    assert done == ["a", error, "c"]
    assert stored(store) == ["a", "c"]
    assert store.n_commits == 1


def test_a_failed_commit_fails_every_job(store):
    store.fail = StoreUnavailable("the disk is full")
    done = run(store, [put("a"), put("b")])
    assert done == [store.fail, store.fail]
    store.fail = None
    assert stored(store) == []


def test_a_lost_database_fails_every_job(store):
    lost = StoreUnavailable("the server went away")
    done = run(store, [put("a"), put_then_fail("b", lost), put("c")])
    assert done == [lost, lost, lost]
    assert stored(store) == []


def test_the_group_locks_its_learners_once_in_order(store):
    run(store, [put("c"), put("a"), put("b"), put("a")])
    assert store.locked[0] == ["a", "b", "c"]


def test_a_full_queue_refuses_at_once(store):
    done = run(store, [put(f"l{i}") for i in range(5)], capacity=3)
    assert done[:3] == ["l0", "l1", "l2"]
    assert [type(x) for x in done[3:]] == [Overloaded, Overloaded]


def test_heavy_jobs_make_small_groups(store):
    async def main():
        writer = Writer(PersonalizationEngine(store))
        writer._loop = asyncio.get_running_loop()
        waiting = [
            asyncio.ensure_future(writer.run(work, who, weight=200))
            for work, who in (put(f"l{i}") for i in range(4))
        ]
        await asyncio.sleep(0)
        writer.start(asyncio.get_running_loop())
        await asyncio.gather(*waiting)
        await writer.stop()

    asyncio.run(main())
    assert store.n_commits == 2


def test_a_caller_who_went_away_hurts_nobody(store):
    async def main():
        writer = Writer(PersonalizationEngine(store))
        writer._loop = asyncio.get_running_loop()
        gone = asyncio.ensure_future(writer.run(*put("a")))
        stays = asyncio.ensure_future(writer.run(*put("b")))
        await asyncio.sleep(0)
        gone.cancel()
        writer.start(asyncio.get_running_loop())
        assert await stays == "b"
        await writer.stop()

    asyncio.run(main())


def test_a_job_sees_what_the_jobs_before_it_did(store):
    def look(live, tx):
        return tx.learners.get(LearnerId("a")) is not None

    assert run(store, [put("a"), (look, [])]) == ["a", True]


def looking(store, *looks):
    """The outcomes of jobs that look first, all waiting when the writer began."""

    async def main():
        writer = Writer(PersonalizationEngine(store))
        writer._loop = asyncio.get_running_loop()
        waiting = [asyncio.ensure_future(writer.look_then_run(look)) for look in looks]
        await asyncio.sleep(0)
        writer.start(asyncio.get_running_loop())
        done = await asyncio.gather(*waiting, return_exceptions=True)
        await writer.stop()
        return done

    return asyncio.run(main())


def test_all_looking_is_done_before_the_lock_is_taken(store):
    def look(live, tx):
        assert store.n_writing == 0
        return lambda live, tx: store.n_writing

    assert looking(store, look, look) == [1, 1]
    assert store.n_commits == 1


def test_a_look_that_fails_leaves_the_others(store):
    error = InvalidInput("no")

    def fails(live, tx):
        raise error

    assert looking(store, fails, lambda live, tx: put("a")[0]) == [error, "a"]
    assert stored(store) == ["a"]


def test_a_look_without_a_database_fails_the_group(store):
    lost = StoreUnavailable("away")

    def fails(live, tx):
        raise lost

    assert looking(store, fails, lambda live, tx: put("a")[0]) == [lost, lost]
    assert stored(store) == []


def test_a_choice_is_made_ahead_and_logged(school):
    decided = []
    append = school.engine.store.begin

    @contextmanager
    def watched(*, write=True):
        with append(write=write) as tx:
            yield Seen(tx, decisions=Seen(tx.decisions, append=lambda d: log(write, tx, d)))

    def log(write, tx, decision):
        decided.append(write)
        tx.decisions.append(decision)

    school.engine.store.begin = watched
    made = school.ask("GET", "/api/users/ada/recommendations").json()
    assert decided == [True]  # collected while reading, stored while writing
    with append(write=False) as tx:
        assert tx.decisions.latest("ada", 1)[0].decision_id == made["decision_id"]


def test_a_choice_that_must_rebuild_a_state_is_made_where_it_can(school):
    school.ask("POST", "/api/interactions", json=answer())
    begin = school.engine.store.begin
    kept = []

    class Forgetful(Seen):
        def get(self, learner_id, refs):
            return {} if not kept else self._real.get(learner_id, refs)

    @contextmanager
    def forgetting(*, write=True):
        with begin(write=write) as tx:
            states = Forgetful(tx.states, put=lambda s: (kept.extend(s), tx.states.put(s)))
            yield Seen(tx, states=states)

    school.engine.store.begin = forgetting
    assert school.ask("GET", "/api/users/ada/recommendations").status_code == 200
    assert len(kept) == 2
    school.engine.store.begin = begin
    with begin(write=False) as tx:
        assert len(tx.decisions.latest("ada", 10)) == 1


def test_over_http_one_bad_request_of_a_group_is_refused_alone(school):
    good = {"method": "POST", "url": "/api/interactions"}
    replies = school.ask_at_once(
        {**good, "json": answer(1)},
        {**good, "json": answer(2, item_id="nothing")},
        {**good, "json": answer(3, learner="ben")},
        {**good, "json": [answer(4), answer(5, learner="nobody")]},
        {"method": "PUT", "url": "/api/users/cleo/profile", "json": {}},
        {"method": "POST", "url": "/api/users/nobody/goals", "json": {}},
    )
    assert [r.status_code for r in replies] == [200, 404, 200, 200, 201, 404]
    with school.engine.store.begin(write=False) as tx:
        assert tx.interactions.count() == 3


def test_over_http_a_lost_database_is_503(school):
    begin = school.engine.store.begin

    @contextmanager
    def away(*, write=True):
        with begin(write=write) as tx:
            yield tx
            if write:
                raise StoreUnavailable("the database can't take the work now: locked")

    school.engine.store.begin = away
    replies = school.ask_at_once(
        {"method": "POST", "url": "/api/interactions", "json": answer(1)},
        {"method": "POST", "url": "/api/users/ada/goals", "json": {}},
        {"method": "GET", "url": "/api/users/ada/recommendations"},
        {"method": "GET", "url": "/api/users/ada/profile"},
    )
    for reply in replies[:3]:
        check_problem(reply, 503, "store_unavailable")
        assert reply.headers["retry-after"] == "1"
        assert "locked" not in reply.text  # the driver's words stay inside
    assert replies[3].status_code == 200  # reads go on
    school.engine.store.begin = begin
    assert school.ask("POST", "/api/interactions", json=answer(1)).json()["accepted"] == 1


def test_a_mistake_of_ours_is_500_and_says_nothing_of_the_inside(school, capsys):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("secret")

    school.engine.live = broken
    for path in ("/api/users/ada/profile", "/api/users/ada/recommendations"):
        reply = school.ask("GET", path)
        check_problem(reply, 500, "internal_error")
        assert "secret" not in reply.text
    logged = capsys.readouterr().out
    assert "ZeroDivisionError" in logged
    assert school.keys["service"] not in logged
