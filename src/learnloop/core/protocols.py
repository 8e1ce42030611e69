"""Where may parts be exchanged? The only seams of the house; a new one needs a decision record.

The queue's part of the store is in `jobs.py`, beside the moves that a job may make.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeVar

import numpy as np

from learnloop.core.arrays import Arrays
from learnloop.core.artifact import TensorSpec
from learnloop.core.context import Context
from learnloop.core.embedding import Vectors
from learnloop.core.ids import DecisionId, InteractionId, KeyId, LearnerId, PredictionId
from learnloop.core.items import ItemTable
from learnloop.core.jobs import Jobs, Schedules
from learnloop.core.predictions import PredictionRecord
from learnloop.core.records import (
    ApiKey,
    AuditEntry,
    LearningPath,
    StoredReply,
    StoredState,
)
from learnloop.core.registry import Alias, AliasChange, ModelRecord, ModelRole
from learnloop.core.types import (
    Bools,
    Choice,
    Course,
    Decision,
    Estimate,
    Interaction,
    Item,
    Learner,
    OrderKey,
    Outcome,
    Ref,
    Skill,
    Target,
)
from learnloop.core.watch import Alert, PeriodFigures, Watched

S = TypeVar("S")


class Clock(Protocol):
    """Tells the time; injected everywhere."""

    def now(self) -> datetime:
        """The current instant, aware UTC."""
        ...


class Fold(Protocol[S]):
    """Something kept up to date by one learner's interactions, in their total order.

    `update` is pure: it returns a new state and leaves the old one as it was, its cost does not
    grow with the history, and it depends on nothing but its arguments and the fold's own frozen
    parameters. So replaying the log gives the same state, bit for bit.
    """

    ref: Ref
    state_type: type[S]

    def start(self, learner_id: LearnerId) -> S:
        """The state of a learner of whom nothing is known."""
        ...

    def update(self, state: S, interaction: Interaction, item: Item) -> S:
        """The state after one more interaction. Kinds that say nothing to the fold pass through."""
        ...


class Estimator(Fold[S], Protocol[S]):
    """A fold that predicts whether answers will be right."""

    def p_correct(self, state: S, item: Item, at: datetime) -> float:
        """P(the learner's answer to `item`, shown at `at`, is right), (0, 1)."""
        ...

    def predict(self, state: S, items: ItemTable, at: datetime) -> Estimate:
        """`p_correct` for every item of the table: CORRECT, values and stddev (n_items,)."""
        ...

    def mastery(self, state: S, items: ItemTable, at: datetime) -> Estimate:
        """MASTERY of every skill of the table, values and stddev (n_skills,)."""
        ...

    def export(self) -> bytes:
        """The frozen parameters as an artifact that the model module's `load` reads back."""
        ...


class Predictor(Protocol):
    """A fitted model without any learner's state: arrays in, arrays out.

    Attributes:
        inputs: What `predict` takes, by name; the first axis of each is the batch.
        outputs: What it gives.
    """

    ref: Ref
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def predict(self, inputs: Arrays) -> Arrays:
        """The outputs for arrays that fit `inputs`; rows do not know each other."""
        ...


class Policy(Protocol):
    """Chooses: a pure function of a context and a generator."""

    ref: Ref
    needs: frozenset[Target]

    def decide(self, context: Context, rng: np.random.Generator) -> tuple[Choice, ...]:
        """At most `context.n` choices among `context.candidates`, best first, with propensities."""
        ...


class Embedder(Protocol):
    """Turns a text into a vector; what is alike in meaning has a large inner product.

    A row depends on its own text and on what `fingerprint` stands for, on nothing else: not on the
    other texts of the call, the process or the day. Use `core.embedding.embed`, which keeps the
    vectors together with the name of who made them.

    Attributes:
        id: Name, e.g. `hashing-768`; the same name may have several fingerprints over time.
        dim: Length of a vector.
        fingerprint: Digest of the configuration and the weights.
    """

    id: str
    dim: int
    fingerprint: str

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32: rows of length 1, or all 0 for a text without anything to read."""
        ...

    def truncated(self, texts: Sequence[str]) -> Bools:
        """(n,) True where `encode` leaves out the end of the text, because it is too long."""
        ...


# --- the store ----------------------------------------------------------------------------------


class Learners(Protocol):
    """Humans who learn."""

    def get(self, learner_id: LearnerId) -> Learner | None: ...

    def known(self, learner_ids: Iterable[LearnerId]) -> set[LearnerId]:
        """Those of the ids that exist."""
        ...

    def put(self, learner: Learner) -> None:
        """Insert, or replace the stored one."""
        ...

    def page(self, after: LearnerId | None, limit: int) -> list[Learner]:
        """Up to `limit` learners in id order, beginning behind `after`."""
        ...

    def lock(self, learner_ids: Iterable[LearnerId]) -> None:
        """Make other writers of these learners wait until this transaction ends."""
        ...


class CatalogStore(Protocol):
    """What can be learnt."""

    def version(self) -> str:
        """Changes with every `put`; "0" for an empty catalog."""
        ...

    def load(self) -> tuple[list[Course], list[Skill], list[Item]]:
        """Everything, each in the order it was first put."""
        ...

    def lock(self) -> None:
        """Make other writers of the catalog wait until this transaction ends."""
        ...

    def put(self, courses: Sequence[Course], skills: Sequence[Skill], items: Sequence[Item]) -> str:
        """Insert or replace by id; returns the new version."""
        ...


class Accounts(Protocol):
    """Keys and classes."""

    def add_key(self, key: ApiKey) -> None: ...

    def find_key(self, digest: str) -> ApiKey | None: ...

    def keys(self) -> list[ApiKey]: ...

    def revoke_key(self, key_id: KeyId, at: datetime) -> None: ...

    def add_member(self, class_id: str, learner_id: LearnerId) -> None: ...

    def is_member(self, class_id: str, learner_id: LearnerId) -> bool: ...

    def members(self, class_id: str) -> list[LearnerId]: ...


class Interactions(Protocol):
    """The log: append only."""

    def append(self, interactions: Sequence[Interaction]) -> list[bool]:
        """Store those whose `(learner_id, interaction_id)` is new; True where it was."""
        ...

    def get(
        self, learner_id: LearnerId, ids: Iterable[InteractionId]
    ) -> dict[InteractionId, Interaction]: ...

    def history(
        self, learner_id: LearnerId, after: OrderKey | None = None, limit: int | None = None
    ) -> list[Interaction]:
        """In the total order, beginning behind `after`."""
        ...

    def latest(self, learner_id: LearnerId, limit: int) -> list[Interaction]:
        """The last `limit`, newest first."""
        ...

    def count(self) -> int: ...


class States(Protocol):
    """Folded states, by learner and `Ref`."""

    def get(self, learner_id: LearnerId, refs: Sequence[Ref]) -> dict[Ref, StoredState]: ...

    def put(self, states: Sequence[StoredState]) -> None: ...

    def drop(self, ref: Ref) -> None:
        """Forget the states of one ref; each is rebuilt from the log if it is needed again."""
        ...

    def clear(self) -> None:
        """Forget every state; each is rebuilt from the log when it is next needed."""
        ...


class Decisions(Protocol):
    """What was chosen."""

    def append(self, decision: Decision) -> None: ...

    def get(self, decision_id: DecisionId) -> Decision | None: ...

    def latest(self, learner_id: LearnerId, limit: int) -> list[Decision]:
        """The last `limit`, newest first."""
        ...


class Outcomes(Protocol):
    """What came of it."""

    def append(self, outcomes: Sequence[Outcome]) -> list[bool]:
        """Store those whose `outcome_id` is new; True where it was."""
        ...

    def of_decision(self, decision_id: DecisionId) -> list[Outcome]: ...


class Paths(Protocol):
    """The current learning path of each learner."""

    def get(self, learner_id: LearnerId) -> LearningPath | None: ...

    def put(self, path: LearningPath) -> None: ...


class Models(Protocol):
    """Versions of models, and which of them answer."""

    def put(self, record: ModelRecord) -> None: ...

    def get(self, ref: Ref) -> ModelRecord | None: ...

    def list(self) -> Sequence[ModelRecord]:
        """Newest first."""
        ...

    def remove(self, ref: Ref) -> None:
        """Forget a version; its files stay until they are collected."""
        ...

    def alias(self, slot: str, role: ModelRole) -> Ref | None:
        """The version that plays a role."""
        ...

    def aliases(self) -> Sequence[Alias]:
        """All of them, by slot and role."""
        ...

    def change(self, change: AliasChange) -> None:
        """Give a role to a version, or to nobody, and remember that it was so."""
        ...

    def changes(self, slot: str, limit: int) -> Sequence[AliasChange]:
        """The last changes of a slot, newest first."""
        ...

    def revision(self) -> int:
        """How many changes there were: who sees the same number sees the same aliases."""
        ...


class Files(Protocol):
    """Bytes by their SHA-256: the files of artifacts."""

    def put(self, data: bytes) -> str:
        """Keep the bytes; returns their hash, hex."""
        ...

    def get(self, sha256: str) -> bytes | None:
        """The bytes of that hash, unchecked."""
        ...

    def hashes(self) -> set[str]:
        """Of all that is kept."""
        ...

    def remove(self, sha256: str) -> None: ...


class Replies(Protocol):
    """First replies by idempotency key."""

    def get(self, scope: str, key: str) -> StoredReply | None: ...

    def put(self, scope: str, key: str, reply: StoredReply) -> None: ...

    def purge(self, before: datetime) -> int:
        """Drop replies older than `before`; returns how many."""
        ...


class Audit(Protocol):
    """Who did what; append only."""

    def append(self, entry: AuditEntry) -> None: ...

    def latest(self, limit: int) -> Sequence[AuditEntry]:
        """Newest first."""
        ...


class Predictions(Protocol):
    """What models said."""

    def append(self, records: Sequence[PredictionRecord]) -> int:
        """Store those whose id is new; returns how many."""
        ...

    def get(self, prediction_id: PredictionId) -> PredictionRecord | None: ...

    def page(
        self,
        slot: str,
        limit: int,
        *,
        since: datetime | None = None,
        after: PredictionRecord | None = None,
        ref: Ref | None = None,
    ) -> list[PredictionRecord]:
        """Up to `limit` of a slot, oldest first by `(at, prediction_id)`, beginning behind `after`.

        Args:
            since: Only those at this instant or later.
            ref: Only those of this model.
        """
        ...

    def slots(self) -> Sequence[str]:
        """Of all that is kept, in order."""
        ...

    def purge(self, before: datetime) -> int:
        """Drop what was said before then; returns how many."""
        ...


class Watch(Protocol):
    """What was found out about the models in service."""

    def watched(self) -> Sequence[Watched]:
        """Where each rule stands with each subject, in order."""
        ...

    def put_watched(self, watched: Watched) -> None:
        """Insert, or replace the one of that rule and subject."""
        ...

    def append(self, alerts: Sequence[Alert]) -> list[bool]:
        """Store those whose `(alert_id, change)` is new; True where it was."""
        ...

    def alerts(self, limit: int) -> list[Alert]:
        """The latest, newest first."""
        ...

    def put_figures(self, figures: Sequence[PeriodFigures]) -> None:
        """Insert, or replace those of the same slot, model and start."""
        ...

    def figures(self, since: datetime) -> list[PeriodFigures]:
        """Of all periods that end after then, by slot, start and model."""
        ...


class Transaction(Protocol):
    """All repositories inside one transaction."""

    learners: Learners
    catalog: CatalogStore
    accounts: Accounts
    interactions: Interactions
    states: States
    decisions: Decisions
    outcomes: Outcomes
    paths: Paths
    models: Models
    files: Files
    replies: Replies
    audit: Audit
    jobs: Jobs
    schedules: Schedules
    predictions: Predictions
    watch: Watch

    def savepoint(self) -> AbstractContextManager[None]:
        """A part that is undone alone when it raises; the rest of the transaction goes on."""
        ...


class Store(Protocol):
    """Where everything is kept."""

    def begin(self, *, write: bool = True) -> AbstractContextManager[Transaction]:
        """One transaction: committed when the block ends, undone when it raises.

        Raises:
            StoreUnavailable: The database is locked, full or away; nothing was changed.
        """
        ...

    def close(self) -> None: ...
