"""A state that is stored in steps: its bytes depend on the log alone, and nothing is overlooked."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.features.test_parity import FOLD, ITEMS, logs

from learnloop.core.ids import LearnerId
from learnloop.core.records import StoredState
from learnloop.core.types import Interaction, OrderKey
from learnloop.features import steps
from learnloop.features.profile import ProfileFold
from learnloop.features.state import advance as advance_always
from learnloop.features.state import encode
from learnloop.features.steps import STEP

WHO = LearnerId("anna")
PROFILE = ProfileFold()
BY_ID = {x.item_id: x for x in ITEMS}


class Log:
    """What a store does for one learner, and for two folds of theirs."""

    def __init__(self) -> None:
        self.rows: dict[str, Interaction] = {}
        self.stored: StoredState | None = None
        self.profile: StoredState | None = None
        self.reads = 0

    def behind(self, after: OrderKey | None = None) -> steps.Rows:
        self.reads += 1
        rows = sorted(self.rows.values(), key=lambda x: x.order)
        return [(x, BY_ID[x.item_id]) for x in rows if after is None or x.order > after]

    def take(self, batch: Sequence[Interaction], *, keep: bool = True) -> None:
        new = {x.interaction_id: x for x in batch if x.interaction_id not in self.rows}
        if not new:
            return
        self.rows |= new
        rows = [(x, BY_ID[x.item_id]) for x in sorted(new.values(), key=lambda x: x.order)]
        before, n = self.profile, len(self.rows)
        self.profile = advance_always(PROFILE, before, WHO, rows, self.behind)
        if keep and not steps.stands(before, rows, n):
            advanced = steps.advance(FOLD, self.stored, WHO, n, self.behind)
            self.stored = advanced or self.stored

    def now(self) -> tuple[bytes, OrderKey]:
        state, as_of = steps.current(FOLD, self.stored, WHO, len(self.rows), self.behind)
        return encode(state), as_of


def replayed(log: Sequence[Interaction], n: int) -> bytes:
    state = FOLD.start(WHO)
    for x in sorted(log, key=lambda x: x.order)[:n]:
        state = FOLD.update(state, x, BY_ID[x.item_id])
    return encode(state)


@given(made=logs(n_learners=1), data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_order_any_batches_and_gaps_in_keeping_end_in_the_replay(
    made: list[list[Interaction]], data: st.DataObject
) -> None:
    events = made[0]
    arrival = data.draw(st.permutations(events)) if events else []
    log, at = Log(), 0
    while at < len(arrival):
        size = data.draw(st.integers(1, 12))
        log.take(arrival[at : at + size], keep=data.draw(st.integers(0, 3)) > 0)
        at += size
        seen = arrival[:at]
        assert log.now() == (
            replayed(seen, len(seen)),
            max(x.order for x in seen),
        )


@given(made=logs(n_learners=1), data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_stored_bytes_depend_on_the_log_alone(
    made: list[list[Interaction]], data: st.DataObject
) -> None:
    events = made[0]
    arrival = data.draw(st.permutations(events)) if events else []
    log, at = Log(), 0
    while at < len(arrival):
        size = data.draw(st.integers(1, 12))
        log.take(arrival[at : at + size])
        at += size
        whole = at - at % STEP if at < len(arrival) else len(arrival) - len(arrival) % STEP
        assert (log.stored.n if log.stored else 0) == whole
        if log.stored:
            assert log.stored.blob == replayed(arrival[:at], whole)
            assert log.stored.as_of == sorted(x.order for x in arrival[:at])[whole - 1]
