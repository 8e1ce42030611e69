"""Learnloop's own JSON: strict, fast, and every wrong element named."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.core.errors import InvalidInput, NaiveTime
from learnloop.core.time import EPOCH
from learnloop.core.types import InteractionKind
from learnloop.events import native

GOOD = {
    "interaction_id": "a1",
    "learner_id": "ada",
    "item_id": "add-01",
    "kind": "answered",
    "occurred_at": "2026-01-05T09:30:00+02:00",
    "correct": True,
    "response_time_ms": 4200,
}
AT = datetime(2026, 1, 5, 7, 30, tzinfo=UTC)


def body(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


def without(field: str) -> bytes:
    return json.dumps({k: v for k, v in GOOD.items() if k != field}).encode()


def test_one_object_becomes_an_interaction() -> None:
    batch = native.decode(body(answer="48"))
    assert (batch.single, batch.rejected, batch.given[0].answer) == (True, (), "48")
    interaction = native.to_interaction(batch.given[0], AT)
    assert (interaction.interaction_id, interaction.occurred_at) == ("a1", AT)
    assert interaction.occurred_at.tzinfo is UTC
    assert (interaction.kind, interaction.correct) == (InteractionKind.ANSWERED, True)
    assert (interaction.response_time_ms, interaction.received_at) == (4200, AT)
    assert "48" not in repr(interaction)


def test_wrong_elements_cost_nobody_else_theirs() -> None:
    elements = [GOOD, GOOD | {"score": 2}, 7, GOOD | {"interaction_id": "a2"}, {}, [[]], None]
    batch = native.decode(json.dumps(elements).encode())
    assert [x.interaction_id for x in batch.given] == ["a1", "a2"]
    assert batch.indices == (0, 3)
    assert [r.line for r in batch.rejected] == [1, 2, 4, 5, 6]
    assert batch.rejected[0].field == "score"
    assert not batch.single


def test_rejections_of_both_steps_come_together() -> None:
    naive, blank = GOOD | {"occurred_at": "2026-01-05T09:30:00"}, GOOD | {"learner_id": "  "}
    batch = native.decode(json.dumps([naive, GOOD, blank, {}]).encode())
    good, rejected = native.to_interactions(batch)
    assert [index for index, _ in good] == [1]
    assert {(r.line, r.code, r.field) for r in rejected} == {
        (0, "naive_time", "occurred_at"),
        (2, "invalid_input", "learner_id"),
        (3, "invalid_input", "interaction_id"),
    }


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (without("interaction_id"), "interaction_id"),
        (without("learner_id"), "learner_id"),
        (without("item_id"), "item_id"),
        (without("occurred_at"), "occurred_at"),
        (body(interaction_id=""), "interaction_id"),
        (body(interaction_id=5), "interaction_id"),
        (body(learner_id="x" * 201), "learner_id"),
        (body(learner_id="a\x00"), "learner_id"),
        (body(item_id=None), "item_id"),
        (body(kind="guessed"), "kind"),
        (body(correct=1), "correct"),
        (body(correct="true"), "correct"),
        (body(score=-0.1), "score"),
        (body(score="0.5"), "score"),
        (body().replace(b'"correct": true', b'"score": 1e999'), "score"),
        (body(response_time_ms=1.5), "response_time_ms"),
        (body(response_time_ms=86_400_001), "response_time_ms"),
        (body(hints=-1), "hints"),
        (body(sequence=2**60), "sequence"),
        (body(decision_id=""), "decision_id"),
        (body(occurred_at=1767600000), "occurred_at"),
        (body(occurred_at="yesterday"), "occurred_at"),
        (body(occurred_at="9999-12-31T23:59:59-05:00"), "occurred_at"),
        (body(answer="x" * 1001), "answer"),
        (body(corect=True), "corect"),
        (body(nested=[[[]]]), "nested"),
    ],
)
def test_what_is_wrong_names_its_field(sent: bytes, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        native.to_interaction(native.decode_one(sent))
    assert caught.value.field == field
    assert caught.value.message.startswith(f"{field}: ")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"   ",
        b"\xff\xfe",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"interaction_id": ' + b"[" * 100_000,
        b'"text"',
        b"5",
        b"null",
        b"[",
        body().replace(b'"correct": true', b'"score": NaN'),
        body().replace(b'"correct": true', b'"score": Infinity'),
        body() + b" and more",
        b'{"learner_id": "\\ud800"}',
    ],
)
def test_what_is_no_json_is_refused_whole(sent: bytes) -> None:
    with pytest.raises(InvalidInput):
        native.decode(sent)


def test_the_batch_has_a_limit() -> None:
    sent = json.dumps([GOOD] * 11).encode()
    with pytest.raises(InvalidInput, match="at most 10"):
        native.decode(sent, limit=10)
    with pytest.raises(InvalidInput, match="at most 10"):
        native.decode(json.dumps([{}] * 11).encode(), limit=10)
    assert len(native.decode(sent, limit=11).given) == 11


def test_naive_times_say_what_to_write() -> None:
    with pytest.raises(NaiveTime, match="2026-01-05T09:30:00Z"):
        native.to_interaction(native.decode_one(body(occurred_at="2026-01-05T09:30:00")))


def test_messages_say_what_is_known() -> None:
    with pytest.raises(InvalidInput, match="answered, studied"):
        native.decode_one(body(kind="x"))
    with pytest.raises(InvalidInput, match=r"Known: interaction_id, .*response_time_ms"):
        native.decode_one(body(responseTimeMs=5))


@given(st.integers(0, 2**41), st.integers(-23 * 60, 23 * 60))
@settings(deadline=None)
def test_every_zone_means_the_same_instant(ms: int, minutes: int) -> None:
    instant = EPOCH + timedelta(milliseconds=ms)
    local = instant.astimezone(timezone(timedelta(minutes=minutes))) if ms > 10**8 else instant
    sent = native.decode_one(body(occurred_at=local.isoformat()))
    assert native.to_interaction(sent).occurred_at == instant


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)) | st.text(), json_values, max_size=8))
@settings(deadline=None)
def test_any_json_object_is_taken_or_refused(changes: dict[str, object]) -> None:
    try:
        batch = native.decode(body(**changes))
    except InvalidInput:
        return
    good, rejected = native.to_interactions(batch)
    assert len(good) + len(rejected) == 1


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_are_taken_or_refused(sent: bytes) -> None:
    with pytest.raises(InvalidInput):
        native.decode_one(sent)
