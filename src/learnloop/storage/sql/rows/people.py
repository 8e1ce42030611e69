"""How do learners and keys become rows, and rows learners and keys again?"""

from datetime import datetime

import msgspec

from learnloop.core.ids import ItemId, KeyId
from learnloop.core.records import ApiKey, Role
from learnloop.core.time import from_us, to_us
from learnloop.core.types import Goals, Learner, Preferences
from learnloop.storage.checks import check_learner
from learnloop.storage.sql.rows.cells import Row, dumps, instant_or_none, texts_of, us_or_none

_preferences = msgspec.json.Decoder(Preferences).decode
_goals = msgspec.json.Decoder(Goals).decode
_dismissed = msgspec.json.Decoder(dict[ItemId, datetime]).decode


def learner_row(learner: Learner) -> Row:
    """The row of `learners`."""
    check_learner(learner)
    return (
        learner.learner_id,
        to_us(learner.created_at),
        dumps(learner.preferences),
        dumps(learner.goals),
        learner.personalized,
        dumps(learner.dismissed),
        learner.is_demo,
        learner.version,
    )


def learner_of(row: Row) -> Learner:
    """The learner that a row holds."""
    learner_id, created_us, preferences, goals, personalized, dismissed, is_demo, version = row
    return Learner(
        learner_id,
        from_us(created_us),
        _preferences(preferences),
        _goals(goals),
        bool(personalized),
        {} if dismissed == "{}" else _dismissed(dismissed),
        bool(is_demo),
        version,
    )


def key_row(key: ApiKey) -> Row:
    """The row of `api_keys`."""
    return (
        key.key_id,
        key.digest,
        key.role.value,
        dumps(sorted(key.scopes)),
        to_us(key.created_at),
        key.learner_id,
        key.class_id,
        us_or_none(key.expires_at),
        us_or_none(key.revoked_at),
    )


def key_of(row: Row) -> ApiKey:
    """The key that a row holds."""
    key_id, digest, role, scopes, created_us, learner_id, class_id, expires_us, revoked_us = row
    return ApiKey(
        KeyId(key_id),
        digest,
        Role(role),
        frozenset(texts_of(scopes)),
        from_us(created_us),
        learner_id,
        class_id,
        instant_or_none(expires_us),
        instant_or_none(revoked_us),
    )
