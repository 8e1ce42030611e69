"""What does the store keep beside the nouns? Keys, states, paths, replies, audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from learnloop.core.ids import ItemId, KeyId, LearnerId, SkillId
from learnloop.core.types import OrderKey, Ref


class Role(StrEnum):
    """What kind of caller a key belongs to."""

    LEARNER = "learner"
    TEACHER = "teacher"
    SERVICE = "service"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as stored: the secret itself is never kept.

    Attributes:
        digest: SHA-256 of the whole key text, hex. The secret has 256 random bits, so a slow
            password hash would add nothing.
        learner_id: The one learner that a learner's key sees.
        class_id: The class whose learners a teacher's key sees.
        scopes: What the key may do, e.g. `interactions:write`.
    """

    key_id: KeyId
    digest: str
    role: Role
    scopes: frozenset[str]
    created_at: datetime
    learner_id: LearnerId | None = None
    class_id: str | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredState:
    """A fold's state for one learner, as of the last interaction it has seen.

    Attributes:
        as_of: Order key of that interaction; an event before it forces a replay.
        n: How many interactions went in.
        blob: The encoded state.
    """

    learner_id: LearnerId
    ref: Ref
    as_of: OrderKey
    n: int
    blob: bytes


class StepStatus(StrEnum):
    """Where a step of a learning path stands."""

    DONE = "done"
    NOW = "now"
    NEXT = "next"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class PathStep:
    """One skill of a learning path.

    Attributes:
        mastery: The estimate when the path was made, [0, 1].
        minutes: Time it is expected to take from here.
        waits_for: Prerequisites that are not known yet.
    """

    skill_id: SkillId
    status: StepStatus
    mastery: float
    minutes: float
    item_ids: tuple[ItemId, ...] = ()
    waits_for: tuple[SkillId, ...] = ()


@dataclass(frozen=True, slots=True)
class PathChange:
    """Why and when a path was re-planned."""

    changed_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class LearningPath:
    """The steps to a learner's goal, in prerequisite order.

    Attributes:
        position: Index of the first step that is not done; `len(steps)` when all are.
        minutes_low: With `minutes_high`, the range of the time that is left.
        history: The latest changes, oldest first.
    """

    learner_id: LearnerId
    created_at: datetime
    updated_at: datetime
    steps: tuple[PathStep, ...]
    position: int
    minutes_low: float
    minutes_high: float
    history: tuple[PathChange, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True)
class StoredReply:
    """The first reply to an idempotency key, given again to every repetition."""

    request_digest: str
    status: int
    body: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to whom; never a text, a name or an e-mail."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, str | int | float]
