"""Shuffled, late, duplicated, re-sent, split into any batches: bit-equal state, on every store."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learnloop.core.types import Interaction
from tests.journeys.worlds import ADA, BO, SKILLS, answer, in_batches, small_world, stored_states

rows = st.lists(
    st.builds(
        answer,
        st.sampled_from((ADA, BO)),
        st.integers(0, 30),
        st.builds("{}-{}".format, st.sampled_from(SKILLS), st.integers(0, 5)),
        st.booleans(),
        st.integers(0, 12),  # few instants, so that bundles occur
        sequence=st.integers(0, 2),
        hints=st.integers(0, 1),
        response_time_ms=st.none() | st.integers(0, 90_000),
    ),
    min_size=1,
    max_size=25,
    unique_by=lambda x: (x.learner_id, x.interaction_id),
)


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres"])
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(log=rows, data=st.data())
def test_any_arrival_gives_the_same_state(
    fresh_url: Callable[[str], str], kind: str, log: list[Interaction], data: st.DataObject
) -> None:
    in_order = small_world("memory://")
    in_order.record(sorted(log, key=lambda x: x.order))

    arrived = data.draw(st.permutations(log)) + data.draw(st.lists(st.sampled_from(log)))
    cuts = data.draw(st.lists(st.integers(0, 100), max_size=6))
    with small_world(fresh_url(kind)) as engine:
        receipts = [engine.record(batch) for batch in in_batches(arrived, cuts)]
        assert sum(r.accepted for r in receipts) == len(log)
        assert sum(r.duplicates for r in receipts) == len(arrived) - len(log)
        assert stored_states(engine) == stored_states(in_order)


def test_analyze_computes_the_same_state_again() -> None:
    engine = small_world("memory://")
    engine.record([answer(ADA, k, f"add-{k % 6}", k % 3 > 0) for k in range(40)])
    before = stored_states(engine)
    engine.analyze(ADA)
    assert stored_states(engine) == before
