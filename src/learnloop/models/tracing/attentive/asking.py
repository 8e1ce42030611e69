"""What goes into the graph? The last events once, and any number of items that are asked about.

The events are the same for all items, so keys and values are worked out once for a whole catalog.
What the record says of an item depends on it only through its skills, and is worked out once for
each set of skills; what the meetings with an item say, only for the items that were met.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from learnloop.core.arrays import Arrays
from learnloop.core.artifact import TensorSpec
from learnloop.models.tracing.attentive import record
from learnloop.models.tracing.attentive.items import N_SKILLS, ItemFacts
from learnloop.models.tracing.attentive.record import SEEN, US_PER_MINUTE
from learnloop.models.tracing.attentive.state import (
    EVENT,
    FEATURES,
    NOT_MET,
    AttentiveState,
    events_of,
    recall,
)

NOTHING: Final = 3
"""The result of an event that never was: it fills a short past up, and is not read."""
_AFTER_SEEN = len(SEEN)
_AFTER_RECALL = _AFTER_SEEN + len(NOT_MET)


def specs(length: int) -> tuple[TensorSpec, ...]:
    """Inputs of the graph: the last `length` events (1, length), then what is asked (1, m)."""
    return (
        TensorSpec("skills", "int64", (None, length, N_SKILLS)),
        TensorSpec("key", "int64", (None, length)),
        TensorSpec("set_key", "int64", (None, length)),
        TensorSpec("easiness", "float32", (None, length)),
        TensorSpec("reliability", "float32", (None, length)),
        TensorSpec("result", "int64", (None, length)),
        TensorSpec("ln_minutes", "float32", (None, length)),
        TensorSpec("asked_skills", "int64", (None, None, N_SKILLS)),
        TensorSpec("asked_key", "int64", (None, None)),
        TensorSpec("asked_set_key", "int64", (None, None)),
        TensorSpec("features", "float32", (None, None, len(FEATURES))),
    )


ASKED: Final = ("asked_skills", "asked_key", "asked_set_key", "features")
"""The inputs with any number of places; there are always as many events, so that the runtime can
tell the two lengths apart."""
OUTPUTS: Final = (TensorSpec("logit", "float32", (None, None)),)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Items as the graph needs them, made once for a table.

    Attributes:
        facts: Of each item.
        skills: (1, m, N_SKILLS) codes.
        key: (1, m).
        set_key: (1, m).
        about: (m, 3) easiness, skill easiness, reliability.
        sets: The distinct sets of skills: names and key.
        set_of: (m,) which of them an item has.
        rows_of: Rows of the items of each key.
    """

    facts: Sequence[ItemFacts]
    skills: NDArray[np.int64]
    key: NDArray[np.int64]
    set_key: NDArray[np.int64]
    about: NDArray[np.float32]
    sets: Sequence[tuple[tuple[str, ...], int]]
    set_of: NDArray[np.int64]
    rows_of: dict[int, list[int]]


def asked_of(facts: Sequence[ItemFacts]) -> Asked:
    """The arrays of some items."""
    sets: dict[tuple[tuple[str, ...], int], int] = {}
    set_of = [sets.setdefault((f.names, f.set_key), len(sets)) for f in facts]
    rows_of: dict[int, list[int]] = {}
    for row, f in enumerate(facts):
        rows_of.setdefault(f.key, []).append(row)
    return Asked(
        facts,
        np.array([f.skills for f in facts], dtype=np.int64).reshape(1, -1, N_SKILLS),
        np.array([[f.key for f in facts]], dtype=np.int64),
        np.array([[f.set_key for f in facts]], dtype=np.int64),
        np.array([(f.easiness, f.skill_easiness, f.reliability) for f in facts], dtype=np.float32),
        list(sets),
        np.array(set_of, dtype=np.int64),
        rows_of,
    )


def inputs(state: AttentiveState, asked: Asked, at_us: int, length: int) -> Arrays:
    """All inputs of the graph.

    Args:
        at_us: When the items are asked.
        length: How many events are looked at.
    """
    return {
        **past(events_of(state), at_us, length),
        "asked_skills": asked.skills,
        "asked_key": asked.key,
        "asked_set_key": asked.set_key,
        "features": features_of(state, asked, at_us)[None],
    }


def past(events: NDArray[np.void], at_us: int, length: int) -> dict[str, NDArray[Any]]:
    """The inputs that are about events, (1, length), the newest last."""
    if len(events) < length:
        missing = np.zeros(length - len(events), EVENT)
        missing["result"] = NOTHING
        events = np.concatenate((missing, events))
    events = events[-length:]
    at, now = events["at_us"], np.int64(at_us)
    elapsed = np.where((at != 0) & (now > at), now - at, 0) / US_PER_MINUTE
    return {
        "skills": events["skills"].astype(np.int64)[None],
        "key": events["key"].astype(np.int64)[None],
        "set_key": events["set_key"].astype(np.int64)[None],
        "easiness": events["easiness"].astype(np.float32)[None],
        "reliability": events["reliability"].astype(np.float32)[None],
        "result": events["result"].astype(np.int64)[None],
        "ln_minutes": np.log1p(elapsed).astype(np.float32)[None],
    }


def features_of(state: AttentiveState, asked: Asked, at_us: int) -> NDArray[np.float32]:
    """(m, len(FEATURES)) `state.features` of each item."""
    learner, skills = state.learner, state.skills
    seen = [record.seen(learner, skills, names, key, at_us) for names, key in asked.sets]
    found = np.zeros((len(asked.facts), len(FEATURES)), dtype=np.float32)
    found[:, :_AFTER_SEEN] = np.array(seen, dtype=np.float32)[asked.set_of]
    found[:, _AFTER_RECALL:] = asked.about
    keys = events_of(state)["key"]
    for key in np.unique(keys).tolist() if len(asked.facts) > 1 else asked.rows_of:
        rows = asked.rows_of.get(key)
        if rows is not None:
            found[rows, _AFTER_SEEN:_AFTER_RECALL] = recall(state, keys, key, at_us)
    return found
