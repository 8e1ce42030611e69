"""Each msgspec twin and its pydantic schema: the same verdict and value for the same bytes."""

import json
from datetime import UTC

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from learnloop.api import twins
from learnloop.api.schemas.interactions import InteractionIn, ReceiptOut
from learnloop.api.schemas.recommendations import FeedbackIn, FeedbackOut, RecommendationsOut
from learnloop.core.errors import InvalidInput, Rejection
from learnloop.core.time import to_utc
from learnloop.core.types import InteractionKind, ItemKind, Metric
from learnloop.events import native

anything = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5), st.lists(st.integers(), max_size=2), st.dictionaries(st.text(), st.none()),
)  # fmt: skip
ids = st.one_of(st.text(max_size=3), st.text("aé \u0085\t", min_size=1, max_size=201), anything)
times = st.one_of(
    st.datetimes().map(lambda t: t.isoformat()),
    st.datetimes().map(lambda t: t.isoformat() + "Z"),
    st.datetimes(timezones=st.just(None)).map(lambda t: f"{t.isoformat(' ')}+05:30"),
    st.from_regex(
        r"\A20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d(\.\d{1,9})?(Z|z|[+-]\d\d:\d\d)\Z"
    ),
    anything,
)


def mostly(good, odd=anything):
    return st.one_of(good, good, good, odd)


interactions = st.fixed_dictionaries(
    {
        "interaction_id": mostly(st.just("a1"), ids),
        "learner_id": mostly(st.just("ada"), ids),
        "item_id": mostly(st.just("add-01"), ids),
        "occurred_at": mostly(st.just("2026-01-05T09:30:00Z"), times),
    },
    optional={
        "kind": mostly(st.sampled_from(list(InteractionKind)).map(str)),
        "sequence": mostly(st.integers(0, 2**53)),
        "correct": mostly(st.booleans()),
        "score": mostly(st.floats(0, 1)),
        "response_time_ms": mostly(st.integers(0, 86_400_000)),
        "hints": mostly(st.integers(0, 1000)),
        "decision_id": mostly(st.just("d1"), ids),
        "answer": mostly(st.text(max_size=10)),
        "other": anything,
    },
)


def by_schema(schema, body):
    try:
        return schema.model_validate_json(body)
    except ValidationError:
        return None


def by_native(body):
    try:
        given = native.decode_one(body)
        return given, native.to_interaction(given)
    except InvalidInput:
        return None


@given(interactions)
def test_an_interaction_is_read_alike(value):
    body = json.dumps(value).encode()
    checked, quick = by_schema(InteractionIn, body), by_native(body)
    assert (checked is None) == (quick is None), (checked, quick)
    if checked is not None:
        sent, interaction = quick
        expected = checked.model_dump() | {"occurred_at": interaction.occurred_at}
        assert msgspec.structs.asdict(sent) | {"occurred_at": to_utc(sent.occurred_at)} == expected
        assert to_utc(checked.occurred_at) == interaction.occurred_at


@given(
    st.dictionaries(
        st.sampled_from(["action", "rating", "other"]),
        mostly(
            st.one_of(
                st.sampled_from(["accepted", "dismissed", "completed", "rating"]),
                st.integers(0, 6),
                st.none(),
            )
        ),
        max_size=3,
    )
)
def test_feedback_is_read_alike(value):
    body = json.dumps(value).encode()
    checked = by_schema(FeedbackIn, body)
    try:
        quick = twins.read_feedback(body)
    except ValidationError:
        quick = None
    expected = None if checked is None else (
        None if checked.action is None else Metric(checked.action), checked.rating
    )  # fmt: skip
    assert quick == expected


def test_the_quick_reader_does_the_reading(monkeypatch):
    monkeypatch.setattr(FeedbackIn, "model_validate_json", None)
    assert twins.read_feedback(b'{"action": "accepted", "rating": 4}') == (Metric.ACCEPTED, 4)


PAIRS = [
    (twins.ReceiptTwin, ReceiptOut),
    (twins.RecommendationsTwin, RecommendationsOut),
    (twins.FeedbackOutTwin, FeedbackOut),
]


def names(schema):
    """Field names, nested, of a JSON schema."""
    defs = schema.get("$defs", {})

    def of(node):
        if "$ref" in node:
            return of(defs[node["$ref"].rpartition("/")[2]])
        if "items" in node:
            return of(node["items"])
        return {key: of(value) for key, value in node.get("properties", {}).items()}

    return of(schema)


@pytest.mark.parametrize(("twin", "schema"), PAIRS, ids=lambda x: x.__name__)
def test_replies_have_the_same_fields(twin, schema):
    quick = msgspec.json.schema(twin)
    assert names(quick) == names(schema.model_json_schema(mode="serialization"))


words = st.text(st.characters(codec="utf-8"), max_size=5)
shares = st.floats(0, 1)
moments = st.datetimes(timezones=st.just(UTC))
reasons = st.builds(
    twins.ReasonTwin, words, st.floats(-9, 9),
    st.dictionaries(words, st.one_of(words, st.integers(-(2**53), 2**53)), max_size=2), words,
)  # fmt: skip
items = st.builds(
    twins.ItemTwin, words, st.sampled_from(list(ItemKind)), words, words,
    st.lists(words, max_size=2), st.tuples(words), st.integers(0, 9),
    st.one_of(st.none(), st.floats(0, 1e6)),
)  # fmt: skip
decisions = st.builds(
    twins.RecommendationsTwin, words, words, moments, words, st.lists(words, max_size=2),
    st.lists(st.builds(twins.RecommendationTwin, words, items, st.floats(-9, 9),
                       st.one_of(st.none(), shares), st.lists(reasons, max_size=2)), max_size=2),
)  # fmt: skip
receipts = st.builds(
    twins.ReceiptTwin, st.integers(0, 9), st.integers(0, 9),
    st.lists(st.builds(twins.RejectionTwin, st.integers(0, 9), words, words,
                       st.one_of(st.none(), words)), max_size=2),
)  # fmt: skip
outcomes = st.builds(
    twins.FeedbackOutTwin, words,
    st.lists(st.builds(twins.OutcomeTwin, st.sampled_from(list(Metric)), st.floats(0, 5), moments),
             max_size=2),
)  # fmt: skip


@given(st.one_of(decisions, receipts, outcomes))
def test_replies_are_written_alike(twin):
    schema = dict(PAIRS)[type(twin)]
    body = twins.encode(twin)
    checked = TypeAdapter(schema).validate_json(body)
    assert json.loads(checked.model_dump_json()) == json.loads(body)


def test_a_receipt_is_in_the_order_of_the_batch():
    from learnloop.journeys.results import Receipt

    late, early = Rejection(4, "c", "m"), Rejection(1, "c", "m")
    made = twins.receipt_out(Receipt(1, 0, (late,)), [early])
    assert [r.index for r in made.rejected] == [1, 4]
