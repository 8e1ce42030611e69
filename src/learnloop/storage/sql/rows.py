"""How does a noun become a row, and a row the noun again? Exactly, in the schema's column order.

Instants are whole microseconds, nested values JSON text, floats the database's own 64-bit ones.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from learnloop.core.errors import InvalidInput
from learnloop.core.ids import (
    CourseId,
    DecisionId,
    InteractionId,
    ItemId,
    KeyId,
    LearnerId,
    OutcomeId,
    SkillId,
)
from learnloop.core.records import (
    ApiKey,
    AuditEntry,
    LearningPath,
    ModelRecord,
    PathChange,
    PathStep,
    Role,
    StoredReply,
    StoredState,
)
from learnloop.core.time import from_us, to_us
from learnloop.core.types import (
    Choice,
    Course,
    Decision,
    Goals,
    Interaction,
    InteractionKind,
    Item,
    ItemKind,
    Learner,
    Metric,
    OrderKey,
    Outcome,
    Preferences,
    Ref,
    Skill,
)
from learnloop.storage.checks import (
    check_audit,
    check_decision,
    check_interaction,
    check_item,
    check_learner,
    check_model,
    check_outcome,
    check_path,
    ref_text,
)

Row = tuple[Any, ...]

_encoder = msgspec.json.Encoder()
_texts: Callable[[str], tuple[str, ...]] = msgspec.json.Decoder(tuple[str, ...]).decode
_preferences = msgspec.json.Decoder(Preferences).decode
_goals = msgspec.json.Decoder(Goals).decode
_dismissed = msgspec.json.Decoder(dict[ItemId, datetime]).decode
_choices = msgspec.json.Decoder(tuple[Choice, ...]).decode
_steps = msgspec.json.Decoder(tuple[PathStep, ...]).decode
_changes = msgspec.json.Decoder(tuple[PathChange, ...]).decode
_metrics = msgspec.json.Decoder(dict[str, float]).decode
_details = msgspec.json.Decoder(dict[str, str | int | float]).decode

# The members by value: a dict look-up costs a fifth of calling the enumeration.
_INTERACTION_KINDS = {kind.value: kind for kind in InteractionKind}


def dumps(value: object) -> str:
    """JSON text.

    Raises:
        InvalidInput: The value holds text that is not Unicode (a lone surrogate).
    """
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"text is not valid Unicode: {error.reason}") from error


def _us_or_none(instant: datetime | None) -> int | None:
    return None if instant is None else to_us(instant)


def _instant_or_none(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


def _bool_or_none(value: object) -> bool | None:
    return None if value is None else bool(value)


def _ref_texts(refs: tuple[Ref, ...]) -> str:
    return dumps([ref_text(ref) for ref in refs])


def course_row(course: Course, position: int) -> Row:
    """The row of `courses`."""
    return course.course_id, course.name, course.description, position


def course_of(row: Row) -> Course:
    """The course that a row holds."""
    return Course(CourseId(row[0]), row[1], row[2])


def skill_row(skill: Skill, position: int) -> Row:
    """The row of `skills`."""
    return skill.skill_id, skill.name, dumps(skill.prerequisites), skill.description, position


def skill_of(row: Row) -> Skill:
    """The skill that a row holds."""
    return Skill(SkillId(row[0]), row[1], tuple(map(SkillId, _texts(row[2]))), row[3])


def item_row(item: Item, position: int) -> Row:
    """The row of `items`."""
    check_item(item)
    return (
        item.item_id,
        dumps(item.skills),
        item.kind.value,
        item.course_id,
        item.title,
        item.text,
        item.difficulty_logit,
        item.expected_seconds,
        dumps(item.choices),
        item.answer,
        dumps(item.hints),
        item.visible,
        position,
    )


def item_of(row: Row) -> Item:
    """The item that a row holds."""
    return Item(
        ItemId(row[0]),
        tuple(map(SkillId, _texts(row[1]))),
        ItemKind(row[2]),
        row[3],
        row[4],
        row[5],
        row[6],
        row[7],
        _texts(row[8]),
        row[9],
        _texts(row[10]),
        bool(row[11]),
    )


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


def interaction_row(interaction: Interaction) -> Row:
    """The row of `interactions`."""
    check_interaction(interaction)
    return (
        interaction.learner_id,
        interaction.interaction_id,
        interaction.item_id,
        interaction.kind.value,
        to_us(interaction.occurred_at),
        interaction.sequence,
        interaction.correct,
        interaction.score,
        interaction.response_time_ms,
        interaction.hints,
        interaction.decision_id,
        _us_or_none(interaction.received_at),
    )


def interaction_of(row: Row) -> Interaction:
    """The interaction that a row holds."""
    learner_id, interaction_id, item_id, kind, occurred, sequence = row[:6]
    correct, score, response_time_ms, hints, decision_id, received = row[6:]
    return Interaction(
        InteractionId(interaction_id),
        LearnerId(learner_id),
        item_id,
        _INTERACTION_KINDS[kind],
        from_us(occurred),
        sequence,
        _bool_or_none(correct),
        score,
        response_time_ms,
        hints,
        decision_id,
        _instant_or_none(received),
    )


def state_row(state: StoredState) -> Row:
    """The row of `learner_states`."""
    return state.learner_id, ref_text(state.ref), *state.as_of, state.n, state.blob


def state_of(row: Row, ref: Ref) -> StoredState:
    """The state that a row holds, of a fold that the caller named."""
    learner_id, _, us, sequence, interaction_id, n, blob = row
    return StoredState(learner_id, ref, OrderKey(us, sequence, interaction_id), n, blob)


def decision_row(decision: Decision) -> Row:
    """The row of `decisions`."""
    check_decision(decision)
    return (
        decision.decision_id,
        decision.learner_id,
        to_us(decision.decided_at),
        ref_text(decision.policy),
        _ref_texts(decision.models),
        dumps(decision.choices),
        decision.assignment,
    )


def decision_of(row: Row) -> Decision:
    """The decision that a row holds."""
    decision_id, learner_id, decided_us, policy, models, choices, assignment = row
    return Decision(
        DecisionId(decision_id),
        LearnerId(learner_id),
        from_us(decided_us),
        Ref.parse(policy),
        tuple(map(Ref.parse, _texts(models))),
        _choices(choices),
        assignment,
    )


def outcome_row(outcome: Outcome) -> Row:
    """The row of `outcomes`."""
    check_outcome(outcome)
    return (
        outcome.outcome_id,
        outcome.decision_id,
        outcome.position,
        outcome.learner_id,
        outcome.metric.value,
        outcome.value,
        to_us(outcome.observed_at),
    )


def outcome_of(row: Row) -> Outcome:
    """The outcome that a row holds."""
    outcome_id, decision_id, position, learner_id, metric, value, observed_us = row
    return Outcome(
        OutcomeId(outcome_id),
        DecisionId(decision_id),
        position,
        LearnerId(learner_id),
        Metric(metric),
        value,
        from_us(observed_us),
    )


def path_row(path: LearningPath) -> Row:
    """The row of `learning_paths`."""
    check_path(path)
    return (
        path.learner_id,
        to_us(path.created_at),
        to_us(path.updated_at),
        dumps(path.steps),
        path.position,
        path.minutes_low,
        path.minutes_high,
        dumps(path.history),
        path.version,
    )


def path_of(row: Row) -> LearningPath:
    """The learning path that a row holds."""
    learner_id, created_us, updated_us, steps, position, low, high, history, version = row
    return LearningPath(
        LearnerId(learner_id),
        from_us(created_us),
        from_us(updated_us),
        _steps(steps),
        position,
        low,
        high,
        _changes(history),
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
        _us_or_none(key.expires_at),
        _us_or_none(key.revoked_at),
    )


def key_of(row: Row) -> ApiKey:
    """The key that a row holds."""
    key_id, digest, role, scopes, created_us, learner_id, class_id, expires_us, revoked_us = row
    return ApiKey(
        KeyId(key_id),
        digest,
        Role(role),
        frozenset(_texts(scopes)),
        from_us(created_us),
        learner_id,
        class_id,
        _instant_or_none(expires_us),
        _instant_or_none(revoked_us),
    )


def model_row(record: ModelRecord) -> Row:
    """The row of `models`."""
    check_model(record)
    return (
        ref_text(record.ref),
        to_us(record.created_at),
        record.artifact,
        record.sha256,
        dumps(record.metrics),
    )


def model_of(row: Row) -> ModelRecord:
    """The fitted model that a row holds."""
    ref, created_us, artifact, sha256, metrics = row
    return ModelRecord(Ref.parse(ref), from_us(created_us), artifact, sha256, _metrics(metrics))


def reply_row(scope: str, key: str, reply: StoredReply) -> Row:
    """The row of `replies`."""
    return scope, key, reply.request_digest, reply.status, reply.body, to_us(reply.created_at)


def reply_of(row: Row) -> StoredReply:
    """The reply that a row holds."""
    _, _, digest, status, body, created_us = row
    return StoredReply(digest, status, body, from_us(created_us))


def audit_row(entry: AuditEntry) -> Row:
    """The row of `audit`, whose number the database gives."""
    check_audit(entry)
    return to_us(entry.at), entry.actor, entry.action, entry.subject, dumps(entry.detail)


def audit_of(row: Row) -> AuditEntry:
    """The entry that a row holds."""
    _, at_us, actor, action, subject, detail = row
    details: Mapping[str, str | int | float] = _details(detail)
    return AuditEntry(from_us(at_us), actor, action, subject, details)
