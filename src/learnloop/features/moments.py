"""How does an interaction become a moment? Its fields as numbers, in one fixed order.

Rules, the same for one event and for whole logs: times are milliseconds and unknown (NaN) in logs
without times; response times are clamped to 600 s and rounded to 1/128 s, hints to 50, positions
and seeks to 1/128 s and a day. Only an answer is right or wrong, has a time and hints.
"""

from math import nan

from learnloop.core.time import to_us
from learnloop.core.types import Interaction, InteractionKind, Item, ItemKind
from learnloop.features.fields import MAX_SECONDS
from learnloop.features.statistics import ItemFacts

Moment = tuple[int | float | str, ...]

EXERCISES = (ItemKind.EXERCISE, ItemKind.ASSESSMENT)
KINDS = (
    InteractionKind.ANSWERED, InteractionKind.STUDIED, InteractionKind.STARTED,
    InteractionKind.VIEWED, InteractionKind.COMPLETED, InteractionKind.SKIPPED,
    InteractionKind.HINT, InteractionKind.PLAYED, InteractionKind.PAUSED, InteractionKind.SEEKED,
)  # fmt: skip
FLAGS = {kind: tuple(kind is x for x in KINDS) for kind in InteractionKind}
MOST_HINTS = 50
LONGEST_S = 86_400.0


def item_part(item: Item, facts: ItemFacts) -> Moment:
    """The fields that a question about the item has too, but for the time."""
    return (
        item.item_id,
        item.skills[0] if item.skills else "",
        *facts,
        len(item.skills),
        item.kind in EXERCISES,
        item.kind is ItemKind.VIDEO,
        item.kind is ItemKind.READING,
    )


NO_ITEM: Moment = ("", "", nan, nan, nan, 0.0, 0.0, 0.0, 0.0, 0.0, False, False, False)
"""Of a question that names no item."""


def event_part(x: Interaction) -> Moment:
    """The fields that only an event has."""
    return (
        *FLAGS[x.kind],
        x.decision_id is not None,
        *(_answer(x) if x.kind is InteractionKind.ANSWERED else NO_ANSWER),
        nan if x.position_s is None else in_steps(x.position_s, 128.0, LONGEST_S),
        nan if x.moved_s is None else in_steps(x.moved_s, 128.0, LONGEST_S),
    )


NO_ANSWER: Moment = (nan, nan, nan, 0)


def _answer(x: Interaction) -> Moment:
    return (
        nan if x.correct is None else int(x.correct),
        nan if x.score is None else in_steps(x.score, 1024.0, 1.0),
        answer_seconds(x),
        min(x.hints, MOST_HINTS),
    )


def answer_seconds(x: Interaction) -> float:
    """How long an answer took, s; unknown where the log does not say."""
    time = x.response_time_ms
    return nan if time is None else in_steps(time / 1000.0, 128.0, MAX_SECONDS)


def at_ms(us: int) -> float:
    """A time in milliseconds; unknown where the log has none."""
    return us // 1000 if us else nan


def time_of(x: Interaction) -> float:
    """When it happened, ms."""
    return at_ms(to_us(x.occurred_at))


def in_steps(x: float, per_one: float, most: float) -> float:
    """X rounded to multiples of 1 / per_one, within [-most, most]."""
    x = (x * per_one + 0.5) // 1.0 / per_one
    return most if x > most else -most if x < -most else x
