"""How is a fold's state kept, so that any order of arrival gives the same bytes?

    state(log) = update(... update(update(start, e1), e2) ..., en),   e1 < e2 < ... < en

with `<` the total order. A new event behind everything seen so far is folded on, in constant time;
an earlier one (late, shuffled) forces a replay of the whole history. Both end in the same fold over
the same sequence, hence in the same bytes: floats go as their 64 bits, and dicts keep their
insertion order, which only the total order decides. (A `set` in a state would break that: its order
is arbitrary.)

Decoding costs more than folding, so the `KEPT` latest decoded states stay in memory, each beside
the bytes it belongs to. A kept state is used only where the stored bytes are the same ones: what
another process, a replay or an undone transaction did is never overlooked. States are never changed
in place, so sharing them is safe.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Any, TypeVar, cast

import msgspec

from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Fold
from learnloop.core.records import StoredState
from learnloop.core.types import Interaction, Item, OrderKey, Ref

S = TypeVar("S")

Events = Iterable[tuple[Interaction, Item]]

BEFORE_ALL = OrderKey(-(2**63), 0, "")
"""The `as_of` of a state that has seen nothing."""

KEPT = 2_000
"""Decoded states in memory; the largest take about 50 kB each, 100 MB in all."""

_kept: OrderedDict[tuple[Ref, LearnerId], tuple[bytes, Any]] = OrderedDict()
_keeping = Lock()

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODERS: dict[type, msgspec.msgpack.Decoder[Any]] = {}


def encode(state: object) -> bytes:
    """The state as MessagePack, bit exact; any type that msgspec knows, except sets."""
    return _ENCODE(state)


def decode(blob: bytes, state_type: type[S]) -> S:
    """The state that `encode` wrote.

    Raises:
        msgspec.DecodeError: The blob is not a `state_type`.
    """
    decoder = _DECODERS.get(state_type)
    if decoder is None:
        decoder = _DECODERS[state_type] = msgspec.msgpack.Decoder(state_type)
    return cast(S, decoder.decode(blob))


def current(fold: Fold[S], stored: StoredState | None, learner_id: LearnerId) -> S:
    """What the fold knows now; the start state for a learner without a stored one."""
    if stored is None:
        return fold.start(learner_id)
    kept = _kept.get((fold.ref, learner_id))
    if kept is not None and kept[0] == stored.blob:
        return cast(S, kept[1])
    state = decode(stored.blob, fold.state_type)
    _keep(fold.ref, learner_id, stored.blob, state)
    return state


def _keep(ref: Ref, learner_id: LearnerId, blob: bytes, state: object) -> None:
    with _keeping:
        _kept[ref, learner_id] = (blob, state)
        _kept.move_to_end((ref, learner_id))
        if len(_kept) > KEPT:
            _kept.popitem(last=False)


def advance(
    fold: Fold[S],
    stored: StoredState | None,
    learner_id: LearnerId,
    new: Sequence[tuple[Interaction, Item]],
    history: Callable[[], Events],
) -> StoredState:
    """The stored state after `new`.

    Args:
        fold: Whose state it is.
        stored: What is kept now; None (a new learner, a new version of the fold) replays.
        learner_id: Whose log it is.
        new: Events that were not in the log before, in the total order.
        history: The learner's whole log in the total order, `new` included; read only for a
            replay.
    """
    if stored is None or (new and new[0][0].order <= stored.as_of):
        return fold_on(fold, fold.start(learner_id), (learner_id, BEFORE_ALL, 0), history())
    if not new:
        return stored
    state = current(fold, stored, learner_id)
    return fold_on(fold, state, (learner_id, stored.as_of, stored.n), new)


def fold_on(
    fold: Fold[S], state: S, start: tuple[LearnerId, OrderKey, int], events: Events
) -> StoredState:
    """The stored state after `events`.

    Args:
        state: What the fold knew before them.
        start: Of whom, as of which event, and of how many.
    """
    learner_id, as_of, n = start
    last: Interaction | None = None
    for interaction, item in events:
        state = fold.update(state, interaction, item)
        last = interaction
        n += 1
    blob = encode(state)
    _keep(fold.ref, learner_id, blob, state)
    return StoredState(learner_id, fold.ref, last.order if last else as_of, n, blob)
