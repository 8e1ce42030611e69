"""The laws of the breaker, for any order of calls, results and waiting."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.unit.serving.models import Ticks

from learnloop.serving.breaker import REFUSED, Breaker, BreakerRule, BreakerState

RULE = BreakerRule(most=3, of=5, wait_s=10.0, longest_s=35.0, probes=2)


def opened(clock):
    breaker = Breaker(RULE, clock)
    for _ in range(RULE.most):
        breaker.failed(breaker.enter())
    return breaker


@given(st.lists(st.booleans(), max_size=60))
def test_it_opens_with_so_many_failures_among_the_last_calls_and_not_before(results):
    breaker = Breaker(RULE, Ticks())
    for n, failed in enumerate(results):
        ticket = breaker.enter()
        assert ticket != REFUSED
        (breaker.failed if failed else breaker.succeeded)(ticket)
        too_many = sum(results[max(0, n + 1 - RULE.of) : n + 1]) >= RULE.most
        assert breaker.state is (BreakerState.OPEN if too_many else BreakerState.CLOSED)
        if too_many:
            return


def test_while_open_nothing_goes_through_then_one_at_a_time():
    clock = Ticks()
    breaker = opened(clock)
    clock.now = 9.99
    assert breaker.enter() == REFUSED
    clock.now = 10.0
    assert breaker.state is BreakerState.HALF_OPEN
    probe = breaker.enter()
    assert probe != REFUSED
    assert breaker.enter() == REFUSED
    breaker.succeeded(probe)
    second = breaker.enter()
    assert second != REFUSED
    assert breaker.enter() == REFUSED
    breaker.succeeded(second)
    assert breaker.state is BreakerState.CLOSED


def test_each_failed_probe_doubles_the_wait_up_to_the_longest():
    clock = Ticks()
    breaker = opened(clock)
    clock.now += 10.0
    for wait in (20.0, 35.0, 35.0):
        breaker.failed(breaker.enter())
        clock.now += wait - 0.01
        assert breaker.enter() == REFUSED
        clock.now += 0.01
    for _ in range(RULE.probes):
        breaker.succeeded(breaker.enter())
    assert breaker.state is BreakerState.CLOSED
    for _ in range(RULE.most):  # closed again: the first wait is the short one again
        breaker.failed(breaker.enter())
    clock.now += 10.0
    assert breaker.enter() != REFUSED


def test_a_probe_that_never_comes_back_is_given_up():
    clock = Ticks()
    breaker = opened(clock)
    clock.now = 10.0
    lost = breaker.enter()
    clock.now = 20.0
    again = breaker.enter()
    assert again not in (REFUSED, lost)
    breaker.failed(lost)  # of another time: counts for nothing
    breaker.succeeded(again)
    assert breaker.enter() != REFUSED


def test_a_result_from_before_it_opened_counts_for_nothing():
    clock = Ticks()
    breaker = Breaker(RULE, clock)
    old = breaker.enter()
    for _ in range(RULE.most):
        breaker.failed(breaker.enter())
    clock.now = 10.0
    breaker.enter()
    for report in (breaker.succeeded, breaker.failed, breaker.succeeded):
        report(old)
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.enter() == REFUSED


class AnyOrder(RuleBasedStateMachine):
    """Calls that overlap, end in any order, or never; time goes by or not."""

    def __init__(self):
        super().__init__()
        self.clock = Ticks()
        self.breaker = Breaker(RULE, self.clock)
        self.under_way = []
        self.opened_at = None

    @rule()
    def call(self):
        before = self.breaker.state
        ticket = self.breaker.enter()
        if ticket != REFUSED:
            self.under_way.append((ticket, before))
        if before is BreakerState.CLOSED:
            assert ticket != REFUSED
        if before is BreakerState.OPEN:
            assert ticket == REFUSED

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), failed=st.booleans())
    def end(self, data, failed):
        k = data.draw(st.integers(0, len(self.under_way) - 1))
        ticket, begun = self.under_way.pop(k)
        before = self.breaker.state
        (self.breaker.failed if failed else self.breaker.succeeded)(ticket)
        after = self.breaker.state
        if before is BreakerState.HALF_OPEN and begun is BreakerState.CLOSED:
            assert after is before  # only a probe says something about it
        if after is BreakerState.CLOSED and before is not BreakerState.CLOSED:
            assert not failed
            assert begun is BreakerState.HALF_OPEN
        if after is BreakerState.OPEN and before is not BreakerState.OPEN:
            assert failed

    @rule(seconds=st.sampled_from([0.1, 5.0, 10.0, 40.0]))
    def wait(self, seconds):
        before = self.breaker.state
        self.clock.now += seconds
        if before is BreakerState.CLOSED:
            assert self.breaker.state is before

    @invariant()
    def time_alone_always_lets_a_call_through_in_the_end(self):
        if self.breaker.state is not BreakerState.CLOSED:
            assert self.breaker._until <= self.clock.now + RULE.longest_s


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=30)
