"""Where are decisions, their outcomes and the learning paths? Kept whole, as they were made."""

from collections.abc import Sequence

from sqlalchemy import select

from learnloop.core.errors import ConflictingDuplicate
from learnloop.core.ids import DecisionId, LearnerId
from learnloop.core.records import LearningPath
from learnloop.core.types import Decision, Outcome
from learnloop.storage.sql.rows.choices import (
    decision_of,
    decision_row,
    outcome_of,
    outcome_row,
    path_of,
    path_row,
)
from learnloop.storage.sql.schema import decisions, learning_paths, outcomes
from learnloop.storage.sql.session import Session
from learnloop.storage.sql.statements import insert_new, param, statement, upsert

_APPEND_DECISION = insert_new(decisions)
_DECISION = statement(select(*decisions.c).where(decisions.c.decision_id == param("id")))
_LATEST_DECISIONS = statement(
    select(*decisions.c)
    .where(decisions.c.learner_id == param("learner"))
    .order_by(decisions.c.decided_us.desc(), decisions.c.decision_id.desc()),
    limited=True,
)
_APPEND_OUTCOME = insert_new(outcomes)
_OUTCOMES = statement(
    select(*outcomes.c)
    .where(outcomes.c.decision_id == param("decision"))
    .order_by(outcomes.c.observed_us, outcomes.c.outcome_id)
)
_PATH = statement(select(*learning_paths.c).where(learning_paths.c.learner_id == param("learner")))
_PUT_PATH = upsert(learning_paths)


class SqlDecisions:
    """What was chosen."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def append(self, decision: Decision) -> None:
        if self._session.run(_APPEND_DECISION, decision_row(decision)) == 0:
            raise ConflictingDuplicate(
                f"decision {decision.decision_id} is logged already", field="decision_id"
            )

    def get(self, decision_id: DecisionId) -> Decision | None:
        row = self._session.row(_DECISION, (decision_id,))
        return None if row is None else decision_of(row)

    def latest(self, learner_id: LearnerId, limit: int) -> list[Decision]:
        rows = self._session.rows(_LATEST_DECISIONS, (learner_id, limit))
        return [decision_of(row) for row in rows]


class SqlOutcomes:
    """What came of it."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def append(self, outcomes: Sequence[Outcome]) -> list[bool]:
        rows = [outcome_row(outcome) for outcome in outcomes]
        return [self._session.run(_APPEND_OUTCOME, row) == 1 for row in rows]

    def of_decision(self, decision_id: DecisionId) -> list[Outcome]:
        return [outcome_of(row) for row in self._session.rows(_OUTCOMES, (decision_id,))]


class SqlPaths:
    """The current learning path of each learner."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, learner_id: LearnerId) -> LearningPath | None:
        row = self._session.row(_PATH, (learner_id,))
        return None if row is None else path_of(row)

    def put(self, path: LearningPath) -> None:
        self._session.run(_PUT_PATH, path_row(path))
