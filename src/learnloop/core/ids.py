"""What identifies things? Distinct types: a learner's id and an item's id can't be swapped."""

import secrets
import time
from typing import NewType

LearnerId = NewType("LearnerId", str)
SkillId = NewType("SkillId", str)
ItemId = NewType("ItemId", str)
CourseId = NewType("CourseId", str)
InteractionId = NewType("InteractionId", str)
DecisionId = NewType("DecisionId", str)
OutcomeId = NewType("OutcomeId", str)
KeyId = NewType("KeyId", str)
JobId = NewType("JobId", str)
PredictionId = NewType("PredictionId", str)

MAX_ID_LENGTH = 200


def rising_id() -> str:
    """An id that was never used before and sorts behind earlier ones: 32 hexadecimal digits.

    48 bits of milliseconds since 1970, 80 of chance. A database appends what comes in order, and
    has to look for a place for everything else.
    """
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def id_problem(text: object) -> str | None:
    """What is wrong with an id, as the end of a sentence; None where nothing is."""
    if not isinstance(text, str):
        return f"must be text, not {type(text).__name__}"
    if not 0 < len(text) <= MAX_ID_LENGTH:
        return f"must have 1 to {MAX_ID_LENGTH} characters, not {len(text)}"
    if text[0].isspace():
        return "is blank or begins with a space; remove the space"
    if not text.isprintable() and any(is_control(c) for c in text):
        return "has a control character; remove it"
    return None


def is_control(char: str) -> bool:
    """Whether a character is a control character or half of a surrogate pair."""
    return char < " " or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff"
