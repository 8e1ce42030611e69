"""How does an interaction arrive in learnloop's own JSON? As one object, or an array of them.

    {"interaction_id": "a1", "learner_id": "ada", "item_id": "add-01", "kind": "answered",
     "occurred_at": "2026-01-05T09:30:00Z", "correct": true}

`interaction_id` is the sender's and is the idempotency key: the same one sent twice counts once.
The whole body is decoded in one pass; only where that fails is every element looked at alone, so
that one wrong element costs nobody else theirs.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from learnloop.core.errors import InvalidInput, LearnloopError, Rejection
from learnloop.core.ids import (
    MAX_ID_LENGTH,
    DecisionId,
    InteractionId,
    ItemId,
    LearnerId,
    id_problem,
)
from learnloop.core.time import to_utc
from learnloop.core.types import Interaction, InteractionKind
from learnloop.events.ingest import (
    MAX_HINTS,
    MAX_POSITION_S,
    MAX_RESPONSE_TIME_MS,
    MAX_SEQUENCE,
)

MAX_BATCH = 1_000
MAX_ANSWER_LENGTH = 1_000

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID_LENGTH)]


class InteractionIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One interaction as sent; `core.types.Interaction` explains the fields.

    Attributes:
        answer: What the learner typed or chose, so that it can be graded here where neither
            `correct` nor `score` is given, or may be. Never stored.
    """

    interaction_id: Id
    learner_id: Id
    item_id: Id
    occurred_at: datetime
    kind: InteractionKind = InteractionKind.ANSWERED
    sequence: Annotated[int, Meta(ge=0, le=MAX_SEQUENCE)] = 0
    correct: bool | None = None
    score: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None
    response_time_ms: Annotated[int, Meta(ge=0, le=MAX_RESPONSE_TIME_MS)] | None = None
    hints: Annotated[int, Meta(ge=0, le=MAX_HINTS)] = 0
    decision_id: Id | None = None
    position_s: Annotated[float, Meta(ge=0.0, le=MAX_POSITION_S)] | None = None
    moved_s: Annotated[float, Meta(ge=-MAX_POSITION_S, le=MAX_POSITION_S)] | None = None
    answer: Annotated[str, Meta(max_length=MAX_ANSWER_LENGTH)] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A decoded body: every element is either given or rejected.

    Attributes:
        given: The well-formed elements.
        indices: Where in the body each of them stood, 0-based.
        rejected: The others; `line` is the 0-based index.
        single: The body was one object, not an array.
    """

    given: tuple[InteractionIn, ...]
    indices: tuple[int, ...]
    rejected: tuple[Rejection, ...]
    single: bool


_Wire = InteractionIn | list[InteractionIn]
_whole: msgspec.json.Decoder[_Wire] = msgspec.json.Decoder(_Wire)
_single = msgspec.json.Decoder(InteractionIn)
_pieces = msgspec.json.Decoder(list[msgspec.Raw])
T = TypeVar("T")


def decode(body: bytes, *, limit: int = MAX_BATCH) -> Batch:
    """The elements of a body; wrong ones are rejected one by one.

    Args:
        body: One JSON object or an array of them.
        limit: The most elements that an array may have.

    Raises:
        InvalidInput: The body is not JSON, is neither object nor array, is nested too deep, or has
            more than `limit` elements.
    """
    try:
        wire = _read(_whole, body)
    except InvalidInput:
        if body.lstrip()[:1] != b"[":
            raise
        return _decode_pieces(body, limit)
    if isinstance(wire, InteractionIn):
        return Batch((wire,), (0,), (), single=True)
    _check_size(wire, limit)
    return Batch(tuple(wire), tuple(range(len(wire))), (), single=False)


def decode_one(body: bytes) -> InteractionIn:
    """One object.

    Raises:
        InvalidInput: Which field is wrong, and what to send instead.
    """
    return _read(_single, body)


def to_interaction(given: InteractionIn, received_at: datetime | None = None) -> Interaction:
    """The interaction that was sent, its time in UTC.

    Raises:
        NaiveTime: `occurred_at` has no time zone.
        InvalidInput: An id begins with a space or has control characters.
    """
    _check_ids(given)
    return Interaction(
        InteractionId(given.interaction_id),
        LearnerId(given.learner_id),
        ItemId(given.item_id),
        given.kind,
        _instant(given.occurred_at),
        given.sequence,
        given.correct,
        given.score,
        given.response_time_ms,
        given.hints,
        None if given.decision_id is None else DecisionId(given.decision_id),
        given.position_s,
        given.moved_s,
        received_at,
    )


def to_interactions(
    batch: Batch, received_at: datetime | None = None
) -> tuple[list[tuple[int, Interaction]], list[Rejection]]:
    """The batch's interactions, each with its index, and everything that was rejected so far."""
    good: list[tuple[int, Interaction]] = []
    rejected = list(batch.rejected)
    for index, given in zip(batch.indices, batch.given, strict=True):
        try:
            good.append((index, to_interaction(given, received_at)))
        except InvalidInput as error:
            rejected.append(rejection(index, error))
    return good, rejected


def rejection(line: int, error: LearnloopError) -> Rejection:
    """The error as what became of one line or element."""
    return Rejection(line, error.code, error.message, error.field)


def _decode_pieces(body: bytes, limit: int) -> Batch:
    pieces = _read(_pieces, body)
    _check_size(pieces, limit)
    given, indices, rejected = [], [], []
    for index, piece in enumerate(pieces):
        try:
            given.append(decode_one(bytes(piece)))
            indices.append(index)
        except InvalidInput as error:
            text = bytes(piece).decode(errors="replace")
            rejected.append(replace(rejection(index, error), row=text))
    return Batch(tuple(given), tuple(indices), tuple(rejected), single=False)


def _check_size(elements: Sequence[object], limit: int) -> None:
    if len(elements) > limit:
        raise InvalidInput(f"body: {len(elements)} interactions; send at most {limit} at once")


def _check_ids(given: InteractionIn) -> None:
    ids: Iterable[tuple[str, str | None]] = (
        ("interaction_id", given.interaction_id),
        ("learner_id", given.learner_id),
        ("item_id", given.item_id),
        ("decision_id", given.decision_id),
    )
    for field, value in ids:
        if value is not None and (problem := id_problem(value)):
            raise InvalidInput(f"{field}: {problem}", field=field)


def _instant(at: datetime) -> datetime:
    try:
        return to_utc(at)
    except OverflowError as error:
        message = f"occurred_at: {at.isoformat()} is outside the calendar; check the time"
        raise InvalidInput(message, field="occurred_at") from error


# --- msgspec's words into ours --------------------------------------------------------------------

_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_NAMED = re.compile(r"(?P<what>required|unknown) field `(?P<field>.*)`$", re.DOTALL)


def _read(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _in_our_words(str(error)) from error
    except msgspec.DecodeError as error:
        raise InvalidInput(f"body: not valid JSON ({error}); send UTF-8 JSON") from error
    except RecursionError as error:
        raise InvalidInput("body: nested too deep; an interaction is a flat object") from error


def located(text: str) -> tuple[str, str]:
    """Where msgspec found something wrong, empty for the whole, and what."""
    path = _PATH.search(text)
    problem = text[: path.start()] if path else text
    return path["path"].lstrip(".") if path else "", problem[:1].lower() + problem[1:]


def _in_our_words(text: str) -> InvalidInput:
    field, problem = located(text)
    named = _NAMED.search(problem)
    if named:
        field = named["field"][:MAX_ID_LENGTH]
        problem = "is missing; add it" if named["what"] == "required" else _unknown_field()
    elif problem.startswith("invalid RFC3339"):
        problem = "must be a time with its zone (RFC 3339), e.g. 2026-01-05T09:30:00Z"
    elif problem.startswith("invalid enum value"):
        problem = "must be one of " + ", ".join(InteractionKind)
    return InvalidInput(f"{field or 'body'}: {problem}", field=field or None)


def _unknown_field() -> str:
    return "is not known; leave it out. Known: " + ", ".join(InteractionIn.__struct_fields__)
