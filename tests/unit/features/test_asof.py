"""Does a training set know only what was known? Planted futures, late events, strangers."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.features.test_parity import FOLD, ITEMS, STATISTICS, logs, same

from learnloop.core.errors import DataError
from learnloop.core.ids import LearnerId
from learnloop.core.time import from_us, to_us
from learnloop.core.types import Interaction
from learnloop.features.asof import vectors
from learnloop.features.definitions import FEATURES
from learnloop.features.log import frame_of

BY_ID = {x.item_id: x for x in ITEMS}
NAMES = [x.name for x in FEATURES]


def by_hand(
    log: list[Interaction], at_us: int, item_id: str | None, *, received: bool = False
) -> np.ndarray:
    """Fold what was known, one event after another."""
    state = FOLD.start(LearnerId("x"))
    for x in sorted(log, key=lambda x: x.order):
        arrived = not received or (x.received_at is not None and to_us(x.received_at) <= at_us)
        if to_us(x.occurred_at) < at_us and arrived:
            state = FOLD.update(state, x, BY_ID[x.item_id])
    return FOLD.vector(state, from_us(at_us), BY_ID.get(item_id or ""))


@settings(max_examples=60, deadline=None)
@given(logs(n_learners=4), st.data())
def test_any_question_equals_the_fold(
    learners: list[list[Interaction]], data: st.DataObject
) -> None:
    received = data.draw(st.booleans())
    delays = st.sampled_from((0, 0, 0, 3_600_000_000, 10 * 86_400_000_000))
    learners = [
        [
            replace(x, received_at=x.occurred_at + timedelta(microseconds=data.draw(delays)))
            for x in log
        ]
        for log in learners
    ]
    times = [to_us(x.occurred_at) for log in learners for x in log] or [1_700_000_000_000_000]
    asked = data.draw(
        st.lists(
            st.tuples(
                st.integers(-1, len(learners)),
                st.sampled_from(times),
                st.integers(-1, 10**12),
                st.sampled_from([None, *(x.item_id for x in ITEMS)]),
            ),
            min_size=1,
            max_size=12,
        )
    )
    questions = pl.DataFrame(
        [(f"l{who}", time + later, item, k) for k, (who, time, later, item) in enumerate(asked)],
        schema={
            "learner_id": pl.String,
            "at_us": pl.Int64,
            "item_id": pl.String,
            "label": pl.Int64,
        },
        orient="row",
    )
    log = frame_of(x for log in learners for x in log)
    known_by = "received" if received else "occurred"
    found = vectors(questions, log, ITEMS, STATISTICS, FEATURES, known_by=known_by)
    assert found["label"].to_list() == list(range(len(asked)))
    for row, (who, time, later, item) in zip(found.select(NAMES).rows(), asked, strict=True):
        own = learners[who] if 0 <= who < len(learners) else []
        expected = by_hand(own, time + later, item, received=received)
        wrong = ~same(np.array(row, dtype=float), expected)
        assert not wrong.any(), [NAMES[j] for j in np.flatnonzero(wrong)]


def test_a_strange_item_is_named() -> None:
    questions = pl.DataFrame({"learner_id": ["ada"], "at_us": [1], "item_id": ["nowhere"]})
    with pytest.raises(DataError, match="nowhere"):
        vectors(questions, frame_of([]), ITEMS, STATISTICS, FEATURES)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="at_us"):
        vectors(pl.DataFrame({"learner_id": ["ada"]}), frame_of([]), ITEMS, STATISTICS, FEATURES)
