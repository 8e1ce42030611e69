"""What is remembered of one learner? The last events as bytes, and a record of a few numbers.

An event is all that the network reads of one answer or study row. The older ones are forgotten, so
the state does not grow with the history; what they said is left in the record (`record`).
"""

from math import log1p
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from learnloop.models.tracing.attentive import record
from learnloop.models.tracing.attentive.items import N_SKILLS, ItemFacts
from learnloop.models.tracing.attentive.record import LearnerTrace, SkillTrace, minutes

WRONG, RIGHT, STUDIED = 0, 1, 2
KEPT: Final = 200
"""Events in a state."""
EVENT: Final = np.dtype(
    [
        ("at_us", "<i8"),
        ("item", "<i4"),
        ("key", "<i4"),
        ("set_key", "<i4"),
        ("easiness", "<f2"),
        ("reliability", "<f2"),
        ("skills", "<u2", (N_SKILLS,)),
        ("result", "u1"),
    ]
)
"""One event; `result` is WRONG, RIGHT or STUDIED, the rest is as in `ItemFacts`."""

RECALL: Final = (
    "met", "ln_n", "last", "average", "ln_gap", "ln_steps", "ln_studied",
    "just_right", "just_wrong",
)  # fmt: skip
ABOUT: Final = ("easiness", "skill_easiness", "reliability")
FEATURES: Final = (*record.SEEN, *RECALL, *ABOUT)
"""What the network reads of the record and the item, in order."""
NOT_MET: Final = (0.0,) * len(RECALL)
RESULT = 0.4  # weight of the newest result in an item's average


class AttentiveState(NamedTuple):
    """All that the model knows of one learner.

    Attributes:
        events: The last ones as `EVENT`s, oldest first.
        learner: The record of the learner.
        skills: The record of each practised skill, by id.
    """

    events: bytes
    learner: LearnerTrace
    skills: dict[str, SkillTrace]


START: Final = AttentiveState(b"", record.NEW_LEARNER, {})


def event_of(facts: ItemFacts, result: int, at_us: int) -> bytes:
    """One event as bytes."""
    row = (at_us, facts.code, facts.key, facts.set_key, facts.easiness, facts.reliability)
    return np.array((*row, facts.skills, result), EVENT).tobytes()


def advanced(
    state: AttentiveState, facts: ItemFacts, mu: float, result: int, at_us: int
) -> AttentiveState:
    """The state after one more event, with the last `KEPT`."""
    _, learner, skills = state
    if result == STUDIED:
        learner, skills = record.studied(learner, skills, facts, at_us)
    else:
        learner, skills = record.answered(learner, skills, facts, mu, result == RIGHT, at_us)
    kept = state.events[-(KEPT - 1) * EVENT.itemsize :]
    return AttentiveState(kept + event_of(facts, result, at_us), learner, skills)


def events_of(state: AttentiveState) -> NDArray[np.void]:
    """(n,) the events as a structured array."""
    return np.frombuffer(state.events, EVENT)


def features(
    state: AttentiveState, keys: NDArray[np.int32], facts: ItemFacts, at_us: int
) -> tuple[float, ...]:
    """What the network reads of the record, and of the item: (len(FEATURES),) floats.

    Args:
        keys: `events_of(state)["key"]`.
    """
    return (
        *record.seen(state.learner, state.skills, facts.names, facts.set_key, at_us),
        *recall(state, keys, facts.key, at_us),
        facts.easiness,
        facts.skill_easiness,
        facts.reliability,
    )


def recall(
    state: AttentiveState, keys: NDArray[np.int32], key: int, at_us: int
) -> tuple[float, ...]:
    """What the meetings with one item among the last events say: (len(RECALL),) floats."""
    places = (keys == key).nonzero()[0]
    if not len(places):
        return NOT_MET
    met = events_of(state)[places]
    n_studied, last, average, n = 0, 0, 0.0, 0
    for result in met["result"].tolist():
        if result == STUDIED:
            n_studied += 1
            continue
        last = 1 if result == RIGHT else -1
        average, n = average + RESULT * (last - average), n + 1
    gap = minutes(int(met["at_us"][-1]), at_us)
    steps = len(keys) - 1 - int(places[-1])
    just = float(last) if steps == 0 and met["result"][-1] != STUDIED else 0.0
    return (
        1.0,
        log1p(n),
        last,
        average,
        log1p(gap),
        log1p(steps),
        log1p(n_studied),
        max(just, 0.0),
        max(-just, 0.0),
    )
