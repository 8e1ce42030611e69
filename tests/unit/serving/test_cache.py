"""Asked once, kept for a while, forgotten when its owner does something."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.serving.models import Ticks

from learnloop.serving.cache import Cache


def done(value):
    future = Future()
    future.set_result(value)
    return future


def test_of_many_at_once_one_computes_and_all_get_it():
    cache, go, n = Cache(), threading.Barrier(16), []
    pool = ThreadPoolExecutor(1)

    def start():
        n.append(1)
        return pool.submit(lambda: "value")

    def ask(_):
        go.wait()
        return cache.claim("key", start)[0].result(5)

    with ThreadPoolExecutor(16) as askers, pool:
        assert list(askers.map(ask, range(16))) == ["value"] * 16
    assert len(n) == 1


def test_an_entry_ends_after_its_time():
    clock = Ticks()
    cache = Cache(ttl_s=2.0, clock=clock)
    assert cache.claim("key", lambda: done(1))[1] is False
    clock.now = 1.99
    assert cache.claim("key", lambda: done(2))[0].result() == 1
    clock.now = 2.0
    assert cache.claim("key", lambda: done(2))[0].result() == 2


def test_the_least_recently_used_goes_first():
    cache = Cache(max_entries=2)
    for key in "abac":
        cache.claim(key, lambda: done("old"))
    assert cache.claim("a", lambda: done("new"))[1] is True
    assert cache.claim("b", lambda: done("new"))[1] is False
    assert len(cache) == 2


def test_what_fails_is_not_kept():
    cache = Cache()
    failed = Future()
    found, _ = cache.claim("key", lambda: failed)
    failed.set_exception(RuntimeError())
    with pytest.raises(RuntimeError):
        found.result()
    assert cache.claim("key", lambda: done(1))[0].result() == 1


def test_what_can_not_be_started_is_not_kept():
    cache = Cache()

    def start():
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cache.claim("key", start)
    assert len(cache) == 0


def test_what_began_before_an_event_is_not_given_to_who_asks_after_it():
    cache = Cache()
    slow = Future()
    waiting, _ = cache.claim("key", lambda: slow, "ada")
    cache.invalidate("ada")
    after, was_there = cache.claim("key", lambda: done("after"), "ada")
    slow.set_result("before")
    assert (waiting.result(), after.result(), was_there) == ("before", "after", False)
    assert cache.claim("key", lambda: done("late"), "ada")[0].result() == "after"


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("ask"), st.sampled_from("ab"), st.integers(0, 3)),
            st.tuples(st.just("event"), st.sampled_from("ab")),
            st.tuples(st.just("wait"), st.floats(0.1, 3.0)),
        ),
        max_size=50,
    )
)
def test_nobody_gets_what_is_older_than_an_event_or_than_its_time(steps):
    clock = Ticks()
    cache = Cache(max_entries=5, ttl_s=2.0, clock=clock)
    n_events = {"a": 0, "b": 0}
    for step in steps:
        if step[0] == "event":
            n_events[step[1]] += 1
            cache.invalidate(step[1])
        elif step[0] == "wait":
            clock.now += step[1]
        else:
            _, owner, item = step
            made = (n_events[owner], clock.now)
            seen, at = cache.claim((owner, item), lambda made=made: done(made), owner)[0].result()
            assert seen == n_events[owner]
            assert clock.now - at < 2.0
        assert len(cache) <= 5
    assert {k for keys in cache._of_owner.values() for k in keys} == set(cache._entries)
