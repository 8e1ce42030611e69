"""The law of the state: any order of arrival gives the same bytes as one replay in order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.core.ids import InteractionId, ItemId, LearnerId, SkillId
from learnloop.core.types import Interaction, InteractionKind, Item, Ref
from learnloop.features import state as state_module
from learnloop.features.profile import ProfileFold, ProfileState
from learnloop.features.state import BEFORE_ALL, advance, current, decode, encode

ANNA = LearnerId("anna")
FOLD = ProfileFold()
START = datetime(2026, 3, 1, 23, 50, tzinfo=UTC)
ITEMS = {
    ItemId(f"q{i}"): Item(ItemId(f"q{i}"), tuple(SkillId(f"s{j}") for j in range(i % 3)))
    for i in range(12)
}


class FloatFold:
    """A fold of floats, to show that the law does not rest on integers."""

    ref = Ref("test/float", "1")
    state_type = dict[str, float]

    def start(self, learner_id):
        return {}

    def update(self, state, interaction, item):
        value = 0.9 * state.get(item.item_id, 0.0) + 0.1 / 3.0 + bool(interaction.correct) / 7.0
        return {**state, item.item_id: value}


class Log:
    """What a store does for one learner: keeps what is new, answers in the total order."""

    def __init__(self):
        self.rows, self.reads = {}, 0

    def append(self, batch):
        new = {e.interaction_id: e for e in batch if e.interaction_id not in self.rows}
        self.rows |= new
        return [(e, ITEMS[e.item_id]) for e in sorted(new.values(), key=lambda e: e.order)]

    def history(self):
        self.reads += 1
        rows = sorted(self.rows.values(), key=lambda e: e.order)
        return [(e, ITEMS[e.item_id]) for e in rows]


def event(number, seconds, item, kind, correct, response_ms, sequence=0):
    return Interaction(
        InteractionId(f"e{number}"),
        ANNA,
        ItemId(f"q{item}"),
        kind,
        START + timedelta(seconds=seconds),
        sequence=sequence,
        correct=correct if kind is InteractionKind.ANSWERED else None,
        response_time_ms=response_ms,
    )


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 40, 3600, 90_000, 600_000]),
        st.integers(0, 11),
        st.sampled_from(list(InteractionKind)),
        st.sampled_from([True, False, None]),
        st.sampled_from([None, 0, 1234, 10**8]),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=40,
)


def deliver(fold, log, batches):
    stored = None
    for batch in batches:
        stored = advance(fold, stored, ANNA, log.append(batch), log.history)
    return stored


@pytest.mark.parametrize("fold", [FOLD, FloatFold()], ids=["profile", "floats"])
@given(rows=EVENTS, data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_order_any_batches_and_resends_give_the_same_bytes(fold, rows, data):
    events, seconds = [], 0
    for number, (gap, item, kind, correct, ms, sequence) in enumerate(rows):
        seconds += gap
        events.append(event(number, seconds, item, kind, correct, ms, sequence))
    resent = data.draw(st.lists(st.sampled_from(events), max_size=10))
    arrival = data.draw(st.permutations(events + resent))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(arrival)), max_size=6)))
    edges = [0, *cuts, len(arrival)]
    batches = [arrival[a:b] for a, b in pairwise(edges)]

    in_order = deliver(fold, Log(), [events])
    assert deliver(fold, Log(), batches) == in_order
    assert deliver(fold, Log(), [[e] for e in sorted(events, key=lambda e: e.order)]) == in_order
    assert in_order.n == len(events)
    assert in_order.as_of == max(e.order for e in events)


def test_events_in_order_never_read_the_history_again():
    log = Log()
    answers = [event(i, 60 * i, i % 12, InteractionKind.ANSWERED, True, 900) for i in range(50)]
    stored = deliver(FOLD, log, [[e] for e in answers])
    assert log.reads == 1  # the very first event of a learner without a state
    late = event(99, 5, 3, InteractionKind.ANSWERED, False, 900)
    stored = advance(FOLD, stored, ANNA, log.append([late]), log.history)
    assert (log.reads, stored.n) == (2, 51)


def test_a_new_version_of_a_fold_is_replayed_and_nothing_new_changes_nothing():
    log = Log()
    stored = deliver(FOLD, log, [[event(0, 0, 1, InteractionKind.ANSWERED, True, 5)]])
    assert advance(FOLD, stored, ANNA, [], log.history) is stored
    assert advance(FOLD, None, ANNA, [], log.history) == stored
    assert advance(FOLD, None, ANNA, [], list).as_of == BEFORE_ALL
    assert current(FOLD, None, ANNA) == FOLD.start(ANNA)
    assert current(FOLD, stored, ANNA).n_interactions == 1


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20))
def test_floats_come_back_bit_for_bit(values):
    back = decode(encode(values), list[float])
    assert np.array(back).tobytes() == np.array(values, dtype=float).tobytes()


@given(rows=EVENTS)
@settings(max_examples=40, deadline=None)
def test_update_is_pure_and_a_decoded_state_goes_on_as_the_live_one(rows):
    state, seconds = FOLD.start(ANNA), 0
    for number, (gap, item, kind, correct, ms, _) in enumerate(rows):
        seconds += gap
        e = event(number, seconds, item, kind, correct, ms)
        before = encode(state)
        after = FOLD.update(state, e, ITEMS[e.item_id])
        assert encode(state) == before
        again = FOLD.update(decode(before, ProfileState), e, ITEMS[e.item_id])
        assert encode(again) == encode(after)
        state = after


def test_a_kept_state_is_used_for_its_own_bytes_alone(monkeypatch):
    monkeypatch.setattr(state_module, "KEPT", 2)
    log = Log()
    first = deliver(FOLD, log, [[event(0, 0, 1, InteractionKind.ANSWERED, True, 5)]])
    kept = current(FOLD, first, ANNA)
    assert current(FOLD, first, ANNA) is kept
    other = replace(first, blob=encode(ProfileState(n_answers=7)))
    assert current(FOLD, other, ANNA).n_answers == 7
    assert current(FOLD, first, ANNA) == kept
    for name in ("bob", "cleo"):
        advance(FOLD, None, LearnerId(name), [], list)
    assert current(FOLD, first, ANNA) == kept
    assert current(FOLD, first, ANNA) is not kept
