"""How is a recommendation made without keeping every other writer waiting? Ahead of its log entry.

A choice takes long to compute and a moment to log. So the journey runs in a reading transaction
whose decisions are collected, and only they are stored under the write lock. A journey that has to
store anything else says so, and is run again where it can.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

from learnloop.core.ids import DecisionId, LearnerId
from learnloop.core.protocols import Decisions, Learners, States, Transaction
from learnloop.core.records import StoredState
from learnloop.core.types import Decision, Learner, Ref


class NeedsWriting(Exception):
    """The journey has to change something; run it in a writing transaction."""


class Ahead:
    """A reading transaction that collects the decisions that a journey logs."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.logged: list[Decision] = []
        self.learners: Learners = _ReadLearners(tx.learners)
        self.catalog = tx.catalog
        self.accounts = tx.accounts
        self.interactions = tx.interactions
        self.states: States = _ReadStates(tx.states)
        self.decisions: Decisions = _Collected(tx.decisions, self.logged)
        self.outcomes = tx.outcomes
        self.paths = tx.paths
        self.models = tx.models
        self.files = tx.files
        self.replies = tx.replies
        self.audit = tx.audit
        self.jobs = tx.jobs
        self.schedules = tx.schedules
        self.predictions = tx.predictions
        self.watch = tx.watch

    def savepoint(self) -> AbstractContextManager[None]:
        return self._tx.savepoint()

    def store(self, tx: Transaction) -> None:
        """Log what was collected, in a writing transaction."""
        for decision in self.logged:
            tx.decisions.append(decision)


class _ReadLearners:
    def __init__(self, learners: Learners) -> None:
        self._learners = learners

    def get(self, learner_id: LearnerId) -> Learner | None:
        return self._learners.get(learner_id)

    def known(self, learner_ids: Iterable[LearnerId]) -> set[LearnerId]:
        return self._learners.known(learner_ids)

    def page(self, after: LearnerId | None, limit: int) -> list[Learner]:
        return self._learners.page(after, limit)

    def put(self, learner: Learner) -> None:
        raise NeedsWriting

    def lock(self, learner_ids: Iterable[LearnerId]) -> None:
        # PostgreSQL refuses a lock in a reading transaction, and gives the whole of it up.
        raise NeedsWriting


class _ReadStates:
    def __init__(self, states: States) -> None:
        self._states = states

    def get(self, learner_id: LearnerId, refs: Sequence[Ref]) -> dict[Ref, StoredState]:
        return self._states.get(learner_id, refs)

    def put(self, states: Sequence[StoredState]) -> None:
        # Written later it could undo what another process has folded in meanwhile.
        raise NeedsWriting

    def drop(self, ref: Ref) -> None:
        raise NeedsWriting

    def clear(self) -> None:
        raise NeedsWriting


class _Collected:
    def __init__(self, decisions: Decisions, logged: list[Decision]) -> None:
        self._decisions = decisions
        self._logged = logged

    def append(self, decision: Decision) -> None:
        self._logged.append(decision)

    def get(self, decision_id: DecisionId) -> Decision | None:
        return self._decisions.get(decision_id)

    def latest(self, learner_id: LearnerId, limit: int) -> list[Decision]:
        return self._decisions.latest(learner_id, limit)
