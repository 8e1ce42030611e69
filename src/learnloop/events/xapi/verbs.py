"""What does an xAPI statement say that a learner did?

An interaction is made of these:

    kind              the verb; a judged `attempted` is an answer, an answer without a judgement is
                      `studied`
    correct, score    result.success and score, of answers and completions: `scaled`, below 0 as 0,
                      else (raw - min) / (max - min), a missing min as 0
    occurred_at       timestamp, else stored; of an answer less its duration: when it was shown
    response_time_ms  result.duration of an answer; over a day can't be true and is left out
    position_s        the video profile's `time`; of a seek `time-from`, and moved_s to `time-to`
    interaction_id    the statement's; without one BLAKE2b-128(learner, verb, activity, time)
"""

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from learnloop.core.ids import InteractionId, ItemId, LearnerId
from learnloop.core.time import to_us
from learnloop.core.types import Interaction, InteractionKind
from learnloop.events.ingest import MAX_RESPONSE_TIME_MS
from learnloop.events.rows import fitted
from learnloop.events.xapi.agent import digest, learner_of
from learnloop.events.xapi.statement import ACTIVITY, Extensions, Score, Statement, wrong

_ADL = "http://adlnet.gov/expapi/verbs"
_VIDEO = "https://w3id.org/xapi/video/verbs"
_STREAMS = "http://activitystrea.ms/schema/1.0"
_TINCAN = "http://id.tincanapi.com/verb"

KINDS = {
    f"{_ADL}/answered": InteractionKind.ANSWERED,
    "https://w3id.org/xapi/acrossx/verbs/evaluated": InteractionKind.ANSWERED,  # Open edX
    f"{_ADL}/attempted": InteractionKind.STARTED,
    f"{_ADL}/initialized": InteractionKind.STARTED,
    f"{_STREAMS}/start": InteractionKind.STARTED,
    f"{_ADL}/completed": InteractionKind.COMPLETED,
    f"{_STREAMS}/complete": InteractionKind.COMPLETED,
    f"{_ADL}/terminated": InteractionKind.VIEWED,  # left: it was looked at, up to `time`
    f"{_ADL}/experienced": InteractionKind.VIEWED,
    f"{_TINCAN}/viewed": InteractionKind.VIEWED,
    f"{_VIDEO}/played": InteractionKind.PLAYED,
    f"{_STREAMS}/play": InteractionKind.PLAYED,
    f"{_VIDEO}/paused": InteractionKind.PAUSED,
    f"{_TINCAN}/paused": InteractionKind.PAUSED,
    f"{_VIDEO}/seeked": InteractionKind.SEEKED,
}
_ATTEMPTED = f"{_ADL}/attempted"
_N = r"(\d+(?:[.,]\d+)?)"
_DURATION = re.compile(
    rf"P(?=.)(?:{_N}W|(?:{_N}Y)?(?:{_N}M)?(?:{_N}D)?(?:T(?=\d)(?:{_N}H)?(?:{_N}M)?(?:{_N}S)?)?)",
    re.ASCII,
)
# Weeks, years, ...; years and months have no fixed length, but are longer than any answer takes.
_UNITS_S = (604_800.0, 31_536_000.0, 2_592_000.0, 86_400.0, 3_600.0, 60.0, 1.0)


class LeftOut(NamedTuple):
    """A well-formed statement that tells of no interaction.

    Attributes:
        why: The end of a sentence.
    """

    why: str


def interaction_of(statement: Statement) -> Interaction | LeftOut:
    """What the learner did.

    Raises:
        InvalidInput: Which field is wrong.
        NaiveTime: Its time has no zone.
    """
    kind = KINDS.get(statement.verb.id)
    if kind is None:
        return LeftOut(f"the verb {statement.verb.id} is not mapped")
    if statement.actor.object_type == "Group":
        return LeftOut("the actor is a group")
    if statement.object.object_type != ACTIVITY:
        return LeftOut(f"the object is no activity: {statement.object.object_type}")
    return _interaction(statement, kind)


def _interaction(statement: Statement, kind: InteractionKind) -> Interaction:
    result = statement.result
    learner_id, at = learner_of(statement.actor), statement.occurred_at
    correct, score = result.success, _score(result.score)
    if correct is None and score in {0.0, 1.0}:
        correct = score == 1.0
    judged = correct is not None or score is not None
    time_ms = None
    if kind is InteractionKind.ANSWERED or (judged and statement.verb.id == _ATTEMPTED):
        kind = InteractionKind.ANSWERED if judged else InteractionKind.STUDIED
        time_ms = _milliseconds(result.duration)
    elif kind is not InteractionKind.COMPLETED:
        correct = score = None
    position_s, moved_s = _place(kind, result.extensions)
    return Interaction(
        _identity(statement, learner_id, at),
        learner_id,
        ItemId(fitted(statement.object.id)),
        kind,
        _shown_at(at, time_ms or 0),
        # What is begun and answered in one instant was begun first.
        0 if kind is InteractionKind.STARTED else 1,
        correct,
        score,
        time_ms,
        position_s=position_s,
        moved_s=moved_s,
    )


def _identity(statement: Statement, learner_id: LearnerId, at: datetime) -> InteractionId:
    if statement.id is not None:
        return InteractionId(statement.id.lower())
    parts = learner_id, statement.verb.id, statement.object.id, f"{to_us(at)}"
    return InteractionId(digest(*parts))


def _shown_at(at: datetime, time_ms: int) -> datetime:
    try:
        return at - timedelta(milliseconds=time_ms)
    except OverflowError as error:
        raise wrong("timestamp", f"{at.isoformat()} is outside the calendar") from error


def _score(score: Score | None) -> float | None:
    """From 0 to 1; None where it can't be said."""
    if score is None:
        return None
    if score.scaled is not None:
        if not -1.0 <= score.scaled <= 1.0:
            raise wrong("result.score.scaled", f"must be -1 to 1, not {score.scaled}")
        return max(score.scaled, 0.0)
    if score.raw is None or score.max is None:
        return None
    low = 0.0 if score.min is None else score.min
    if score.raw > score.max or (score.min is not None and score.raw < score.min):
        problem = f"must be from min to max, {low} to {score.max}, not {score.raw}"
        raise wrong("result.score.raw", problem)
    return max((score.raw - low) / (score.max - low), 0.0) if score.max > low else None


def _milliseconds(duration: str | None) -> int | None:
    if duration is None:
        return None
    found = _DURATION.fullmatch(duration)
    if found is None:
        problem = f"{duration[:40]!r} is no ISO 8601 duration, e.g. PT1M30.5S"
        raise wrong("result.duration", problem)
    parts = zip(found.groups(), _UNITS_S, strict=True)
    seconds = sum(float(n.replace(",", ".")) * unit_s for n, unit_s in parts if n)
    return round(seconds * 1_000) if seconds * 1_000 <= MAX_RESPONSE_TIME_MS else None


def _place(kind: InteractionKind, said: Extensions) -> tuple[float | None, float | None]:
    if kind is not InteractionKind.SEEKED:
        return said.time, None
    if said.time_from is None or said.time_to is None:
        return said.time_from, None
    return said.time_from, said.time_to - said.time_from
