"""Do the online fold and the batch give the same numbers? On 1,000 random logs, at every event."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.core.ids import DecisionId, InteractionId, ItemId, LearnerId, SkillId
from learnloop.core.time import EPOCH, from_us
from learnloop.core.types import Interaction, InteractionKind, Item, ItemKind
from learnloop.features.batch import compute, each_event
from learnloop.features.definitions import FEATURES
from learnloop.features.fold import FeatureFold
from learnloop.features.log import ItemBook, frame_of, of_frame
from learnloop.features.statistics import ItemFacts, ItemStatistics

SKILLS = [SkillId(x) for x in "abcd"]
ITEMS = [
    Item(
        ItemId(f"i{n}"),
        tuple(SKILLS[: n % 4]),
        list(ItemKind)[n % len(ItemKind)],
        difficulty_logit=None if n % 3 else n / 4 - 1,
        expected_seconds=None if n % 2 else 5.0 + n,
    )
    for n in range(12)
]
STATISTICS = ItemStatistics(
    {
        f"i{n}": ItemFacts(n / 8 - 0.75, 4.0 + n, 0.5, 2.0, n / 8, n / 16, -0.25)
        for n in range(0, 12, 5)
    },
    "test",
)
FOLD = FeatureFold(STATISTICS)
NAMES = [x.name for x in FEATURES]

some = st.one_of
GAPS_US = some(
    st.just(0),
    st.integers(0, 3_000_000),
    st.integers(0, 40 * 60_000_000),
    st.integers(0, 40 * 86_400_000_000),
)


@st.composite
def logs(draw: st.DrawFn, n_learners: int = 10) -> list[list[Interaction]]:
    """One log per learner, each in its total order."""
    timed = draw(st.booleans())
    return [_log(draw, LearnerId(f"l{who}"), timed) for who in range(n_learners)]


def _log(draw: st.DrawFn, learner: LearnerId, timed: bool) -> list[Interaction]:
    events = draw(
        st.lists(
            st.tuples(
                GAPS_US,
                st.sampled_from(ITEMS),
                st.sampled_from(list(InteractionKind)),
                st.sampled_from((True, False, None)),
                some(st.none(), st.floats(0, 1)),
                some(st.none(), st.integers(0, 20_000), st.integers(0, 10**7)),
                st.integers(0, 3),
                st.booleans(),
                some(st.none(), st.floats(-1e4, 1e6)),
            ),
            max_size=25,
        )
    )
    at = 1_700_000_000_000_000
    found = []
    for n, (gap, item, kind, correct, score, ms, hints, chosen, moved) in enumerate(events):
        at += gap
        found.append(
            Interaction(
                InteractionId(f"e{n}"),
                learner,
                item.item_id,
                kind,
                from_us(at) if timed else EPOCH,
                n,
                correct,
                score,
                ms,
                hints,
                DecisionId("d") if chosen else None,
                None if moved is None else abs(moved),
                moved,
            )
        )
    return found


def same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Equal to 1e-9 of the larger of 1 and the value; unknown equals unknown."""
    close = np.abs(a - b) <= 1e-9 * np.maximum(1.0, np.abs(b))
    return close | (np.isnan(a) & np.isnan(b))


@settings(max_examples=100, deadline=None)
@given(logs())
def test_batch_equals_the_fold_before_every_event(learners: list[list[Interaction]]) -> None:
    by_id = {x.item_id: x for x in ITEMS}
    online = []
    for log in learners:
        states = [FOLD.start(LearnerId("x"))]
        for x in log:
            states.append(FOLD.update(states[-1], x, by_id[x.item_id]))
        for n, x in enumerate(log):
            # Events of one instant don't know of each other; without times each is its own.
            first = n
            while first and log[first - 1].occurred_at == x.occurred_at != EPOCH:
                first -= 1
            online.append(FOLD.vector(states[first], x.occurred_at, by_id[x.item_id]))
    events = of_frame(frame_of(x for log in learners for x in log), ItemBook(ITEMS, STATISTICS))
    values = [x.value for x in FEATURES]
    batch = [row for block in compute(values, events, each_event(events)) for row in block]
    assert len(batch) == len(online)
    if online:
        wrong = ~same(np.array(online), np.array(batch))
        assert not wrong.any(), [NAMES[j] for j in np.flatnonzero(wrong.any(0))]
