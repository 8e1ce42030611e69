"""What must an interaction satisfy, wherever it came from, before it may enter the log?

    ids           1-200 characters, no control characters; the item is in the catalog
    occurred_at   aware, not before 1970, at most 5 minutes ahead of the clock
    answered      says `correct` or `score`; only answered and completed may say either
    score         finite, 0-1      response_time_ms 0-86,400,000 (a day)
    hints         0-1,000          sequence         0-2^53
    position_s    0-86,400 (a day) moved_s          -86,400 to 86,400; only `seeked` moves

Whether the learner exists is the store's to say, so the journey asks it.
"""

import math
from datetime import datetime, timedelta

from learnloop.core.errors import InvalidInput, NaiveTime, Rejection
from learnloop.core.ids import id_problem
from learnloop.core.items import ItemTable
from learnloop.core.time import EPOCH
from learnloop.core.types import Interaction, InteractionKind

MAX_AHEAD = timedelta(minutes=5)
MAX_RESPONSE_TIME_MS = 86_400_000
MAX_HINTS = 1_000
MAX_POSITION_S = 86_400.0
MAX_SEQUENCE = 2**53

_JUDGED = frozenset({InteractionKind.ANSWERED, InteractionKind.COMPLETED})


def check(interaction: Interaction, now: datetime, items: ItemTable) -> Rejection | None:
    """Why the interaction may not enter the log; None where it may.

    Args:
        interaction: From any source, also built by hand.
        now: The clock's instant, aware UTC.
        items: The catalog as it stands.

    Returns:
        A rejection with `line` 0 (the caller knows the line or index), or None.
    """
    return (
        _bad_ids(interaction, items)
        or _bad_time(interaction.occurred_at, now)
        or _bad_result(interaction)
        or _bad_counts(interaction)
        or _bad_place(interaction)
    )


def _bad_ids(x: Interaction, items: ItemTable) -> Rejection | None:
    if problem := id_problem(x.interaction_id):
        return _rejected("interaction_id", problem)
    if problem := id_problem(x.learner_id):
        return _rejected("learner_id", problem)
    if x.decision_id is not None and (problem := id_problem(x.decision_id)):
        return _rejected("decision_id", problem)
    if x.item_id not in items.row_of:
        problem = id_problem(x.item_id)
        if problem:
            return _rejected("item_id", problem)
        message = f"no item {x.item_id!r} in the catalog; import the item first"
        return _rejected("item_id", message, "unknown_item")
    return None


def _bad_time(at: datetime, now: datetime) -> Rejection | None:
    if at.tzinfo is None:
        message = f"{at.isoformat()} has no time zone; write it with one, e.g. {at.isoformat()}Z"
        return _rejected("occurred_at", message, NaiveTime.code)
    if at > now + MAX_AHEAD:
        message = f"{at.isoformat()} is more than 5 minutes after now; check the sender's clock"
        return _rejected("occurred_at", message, "future_time")
    if at < EPOCH:
        message = f"{at.isoformat()} is before 1970; check the unit of the time"
        return _rejected("occurred_at", message)
    return None


def _bad_result(x: Interaction) -> Rejection | None:
    if x.score is not None and not (math.isfinite(x.score) and 0.0 <= x.score <= 1.0):
        return _rejected("score", f"must be a number from 0 to 1, not {x.score}")
    judged = x.correct is not None or x.score is not None
    if x.kind is InteractionKind.ANSWERED and not judged:
        return _rejected("correct", "an answer needs correct (true or false) or score (0 to 1)")
    if judged and x.kind not in _JUDGED:
        field = "correct" if x.correct is not None else "score"
        return _rejected(
            field, f"does not go with kind '{x.kind}'; send 'answered' or leave it out"
        )
    return None


def _bad_counts(x: Interaction) -> Rejection | None:
    time_ms = x.response_time_ms
    if time_ms is not None and not 0 <= time_ms <= MAX_RESPONSE_TIME_MS:
        return _rejected("response_time_ms", _range(MAX_RESPONSE_TIME_MS, time_ms))
    if not 0 <= x.hints <= MAX_HINTS:
        return _rejected("hints", _range(MAX_HINTS, x.hints))
    if not 0 <= x.sequence <= MAX_SEQUENCE:
        return _rejected("sequence", _range(MAX_SEQUENCE, x.sequence))
    return None


def _bad_place(x: Interaction) -> Rejection | None:
    if x.position_s is not None and not 0.0 <= x.position_s <= MAX_POSITION_S:
        return _rejected(
            "position_s", f"must be 0 to {MAX_POSITION_S:g} seconds, not {x.position_s}"
        )
    if x.moved_s is None:
        return None
    if x.kind is not InteractionKind.SEEKED:
        return _rejected("moved_s", f"does not go with kind '{x.kind}'; only 'seeked' moves")
    if not abs(x.moved_s) <= MAX_POSITION_S:
        return _rejected("moved_s", f"must be at most {MAX_POSITION_S:g} seconds, not {x.moved_s}")
    return None


def _range(high: int, given: int) -> str:
    return f"must be a whole number from 0 to {high}, not {given}"


def _rejected(field: str, problem: str, code: str = InvalidInput.code) -> Rejection:
    return Rejection(0, code, f"{field}: {problem}", field)
