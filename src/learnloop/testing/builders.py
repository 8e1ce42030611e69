"""What does a plain, valid noun look like? Small builders; override what the test is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from learnloop.core.ids import (
    CourseId,
    DecisionId,
    InteractionId,
    ItemId,
    JobId,
    KeyId,
    LearnerId,
    OutcomeId,
    PredictionId,
    SkillId,
)
from learnloop.core.jobs import Job, Schedule
from learnloop.core.predictions import PredictionRecord
from learnloop.core.records import (
    ApiKey,
    AuditEntry,
    LearningPath,
    PathChange,
    PathStep,
    Role,
    StepStatus,
    StoredReply,
    StoredState,
)
from learnloop.core.registry import AliasChange, ModelRecord, ModelRole
from learnloop.core.types import (
    Choice,
    Course,
    Decision,
    Interaction,
    InteractionKind,
    Item,
    Learner,
    Metric,
    OrderKey,
    Outcome,
    Reason,
    Ref,
    ShowItem,
    Skill,
)
from learnloop.core.watch import Alert, AlertState, Change, PeriodFigures, Severity, Watched

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""The instant at which the builders' world begins."""

MODEL = Ref("ability", "2026-01-05")
POLICY = Ref("recommend/zpd", "1")


def a_learner(learner_id: str = "ana", *, version: int = 1) -> Learner:
    """A learner of whom nothing is known."""
    return Learner(LearnerId(learner_id), NOON, version=version)


def a_skill(skill_id: str = "addition", *needs: str) -> Skill:
    """A skill, with the prerequisites named."""
    return Skill(SkillId(skill_id), skill_id.title(), tuple(map(SkillId, needs)))


def an_item(item_id: str = "add-1", *skills: str) -> Item:
    """An exercise that practises the skills named."""
    return Item(ItemId(item_id), tuple(map(SkillId, skills)), title=item_id, answer="2")


def a_course(course_id: str = "arithmetic") -> Course:
    """A course without items."""
    return Course(CourseId(course_id), course_id.title())


def an_answer(
    n: int = 0,
    learner_id: str = "ana",
    *,
    item_id: str = "add-1",
    correct: bool = True,
    minutes: float | None = None,
) -> Interaction:
    """The learner's n-th answer, n minutes past noon unless other minutes are given."""
    at = NOON + timedelta(minutes=n if minutes is None else minutes)
    return Interaction(
        InteractionId(f"i{n}"),
        LearnerId(learner_id),
        ItemId(item_id),
        InteractionKind.ANSWERED,
        at,
        correct=correct,
        response_time_ms=4000,
    )


def a_state(
    learner_id: str = "ana", ref: Ref = MODEL, *, n: int = 1, blob: bytes = b"\x00\xff state"
) -> StoredState:
    """A fold's state after n interactions."""
    return StoredState(LearnerId(learner_id), ref, OrderKey(1_000_000 * n, 0, f"i{n}"), n, blob)


def a_decision(decision_id: str = "d1", learner_id: str = "ana", *, minutes: float = 0) -> Decision:
    """A slate of one item, with a reason."""
    reason = Reason("review_due", 0.5, {"days": 3, "p": 0.25, "skill": "addition"})
    choice = Choice(ShowItem(ItemId("add-1")), 1.5, 0.3, (reason,), 0.7)
    return Decision(
        DecisionId(decision_id),
        LearnerId(learner_id),
        NOON + timedelta(minutes=minutes),
        POLICY,
        (MODEL,),
        (choice,),
    )


def an_outcome(outcome_id: str = "o1", decision_id: str = "d1", *, minutes: float = 0) -> Outcome:
    """The first choice of a decision was accepted."""
    return Outcome(
        OutcomeId(outcome_id),
        DecisionId(decision_id),
        0,
        LearnerId("ana"),
        Metric.ACCEPTED,
        1.0,
        NOON + timedelta(minutes=minutes),
    )


def a_path(learner_id: str = "ana", *, version: int = 1) -> LearningPath:
    """A path of two steps, planned once."""
    steps = (
        PathStep(SkillId("addition"), StepStatus.NOW, 0.4, 12.5, (ItemId("add-1"),)),
        PathStep(SkillId("division"), StepStatus.LOCKED, 0.1, 30.0, (), (SkillId("addition"),)),
    )
    changes = (PathChange(NOON, "first plan"),)
    return LearningPath(LearnerId(learner_id), NOON, NOON, steps, 0, 30.0, 60.0, changes, version)


def a_key(key_id: str = "k1", *, digest: str | None = None) -> ApiKey:
    """A learner's key."""
    return ApiKey(
        KeyId(key_id),
        digest or f"digest of {key_id}",
        Role.LEARNER,
        frozenset({"profile:read", "interactions:write"}),
        NOON,
        LearnerId("ana"),
    )


def a_model(ref: Ref = MODEL, *, minutes: float = 0) -> ModelRecord:
    """A fitted model."""
    at = NOON + timedelta(minutes=minutes)
    return ModelRecord(ref, at, b"\x00manifest\xff", "0" * 64, {"auc": 0.75, "n": 1000.0})


def a_change(
    ref: Ref | None = MODEL, role: ModelRole = ModelRole.CHAMPION, *, slot: str = "slot"
) -> AliasChange:
    """A version that gets a role."""
    return AliasChange(NOON, slot, role, ref, "cli", "it is better")


def a_reply(*, minutes: float = 0, body: bytes = b'{"accepted":1}') -> StoredReply:
    """The first reply to a request."""
    return StoredReply("digest of the request", 200, body, NOON + timedelta(minutes=minutes))


def an_entry(subject: str = "learner:ana", *, minutes: float = 0) -> AuditEntry:
    """An audit entry."""
    at = NOON + timedelta(minutes=minutes)
    return AuditEntry(at, "key:k1", "profile.update", subject, {"fields": 2, "share": 0.5})


def a_job(job_id: str = "j1", *, kind: str = "fit", minutes: float = 0, **more: Any) -> Job:
    """A job that is due as soon as it is made."""
    at = NOON + timedelta(minutes=minutes)
    return Job(JobId(job_id), kind, {"n": 1}, at, **{"run_at": at, **more})


def a_schedule(name: str = "nightly", *, minutes: float = 0) -> Schedule:
    """A fit every day."""
    return Schedule(name, "fit", {}, timedelta(days=1), NOON + timedelta(minutes=minutes))


def a_prediction(name: str = "p1", *, minutes: float = 0, **more: Any) -> PredictionRecord:
    """What a champion said of nobody in particular."""
    at = NOON + timedelta(minutes=minutes)
    record = PredictionRecord(PredictionId(name), at, "answers", MODEL, "champion", 0.5, 250)
    return replace(record, **more)


def an_alert(alert_id: str = "a1", *, minutes: float = 0, **more: Any) -> Alert:
    """A raised one."""
    at = NOON + timedelta(minutes=minutes)
    alert = Alert(alert_id, "ece", "answers", Severity.WARNING, Change.RAISED, at, 0.09, 0.05)
    return replace(alert, **more)


def a_watched(rule: str = "ece", subject: str = "answers") -> Watched:
    """A rule with an alert up."""
    return Watched(rule, subject, NOON, AlertState((True, True), 0, 0, "a1"))


def some_figures(slot: str = "answers", *, days: float = 0, **figures: Any) -> PeriodFigures:
    """Those of a day."""
    start = NOON + timedelta(days=days)
    return PeriodFigures(slot, MODEL, start, start + timedelta(days=1), figures)
