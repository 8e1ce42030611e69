"""Every rule of `ingest.check`, at and around its limits."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from learnloop.core.ids import DecisionId, InteractionId, ItemId, LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.time import EPOCH
from learnloop.core.types import Interaction, InteractionKind, Item
from learnloop.events.ingest import MAX_AHEAD, check

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ITEMS = ItemTable("1", [Item(ItemId("i1"))], [])
GOOD = Interaction(
    InteractionId("a1"),
    LearnerId("ada"),
    ItemId("i1"),
    InteractionKind.ANSWERED,
    NOW,
    correct=True,
)


def refused(**changes: object) -> tuple[str, str | None]:
    rejection = check(replace(GOOD, **changes), NOW, ITEMS)  # type: ignore[arg-type]
    assert rejection is not None
    assert rejection.field is not None
    assert rejection.message.startswith(f"{rejection.field}: ")
    return rejection.code, rejection.field


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"occurred_at": NOW + MAX_AHEAD},
        {"occurred_at": EPOCH},
        {"correct": None, "score": 0.0},
        {"correct": None, "score": 1.0},
        {"kind": InteractionKind.STUDIED, "correct": None},
        {"kind": InteractionKind.COMPLETED, "score": 0.5, "correct": None},
        {"response_time_ms": 86_400_000, "hints": 1000, "sequence": 2**53},
        {"learner_id": LearnerId("<script>alert(1)</script>")},
        {"learner_id": LearnerId("Robert'); DROP TABLE learners;--")},
        {"learner_id": LearnerId("Zoë 한국어 👩‍🔬")},
        {"learner_id": LearnerId("x" * 200)},
    ],
)
def test_what_is_right_passes(changes: dict[str, object]) -> None:
    assert check(replace(GOOD, **changes), NOW, ITEMS) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["interaction_id", "learner_id", "item_id", "decision_id"])
@pytest.mark.parametrize("bad", ["", " ", "x" * 201, "a\x00b", "a\nb", "\x1b[31m", "\x85", 7])
def test_bad_ids_are_refused(field: str, bad: object) -> None:
    assert refused(**{field: bad}) == ("invalid_input", field)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"item_id": ItemId("nope")}, ("unknown_item", "item_id")),
        ({"occurred_at": datetime(2026, 1, 1)}, ("naive_time", "occurred_at")),  # noqa: DTZ001
        (
            {"occurred_at": NOW + MAX_AHEAD + timedelta(microseconds=1)},
            ("future_time", "occurred_at"),
        ),
        (
            {"occurred_at": EPOCH - timedelta(microseconds=1)},
            ("invalid_input", "occurred_at"),
        ),
        ({"correct": None}, ("invalid_input", "correct")),
        ({"score": math.nan}, ("invalid_input", "score")),
        ({"score": math.inf}, ("invalid_input", "score")),
        ({"score": -0.001}, ("invalid_input", "score")),
        ({"score": 1.001}, ("invalid_input", "score")),
        ({"kind": InteractionKind.VIEWED}, ("invalid_input", "correct")),
        (
            {"kind": InteractionKind.HINT, "correct": None, "score": 0.5},
            ("invalid_input", "score"),
        ),
        ({"response_time_ms": -1}, ("invalid_input", "response_time_ms")),
        ({"response_time_ms": 86_400_001}, ("invalid_input", "response_time_ms")),
        ({"hints": -1}, ("invalid_input", "hints")),
        ({"hints": 1001}, ("invalid_input", "hints")),
        ({"sequence": -1}, ("invalid_input", "sequence")),
        ({"sequence": 2**53 + 1}, ("invalid_input", "sequence")),
        ({"decision_id": DecisionId("")}, ("invalid_input", "decision_id")),
    ],
)
def test_what_is_wrong_names_its_field(
    changes: dict[str, object], expected: tuple[str, str]
) -> None:
    assert refused(**changes) == expected
