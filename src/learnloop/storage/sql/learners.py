"""Where are the learners? One row each; preferences, goals and dismissals as JSON."""

from collections.abc import Iterable

from sqlalchemy import select

from learnloop.core.ids import LearnerId
from learnloop.core.types import Learner
from learnloop.storage.sql.rows.people import learner_of, learner_row
from learnloop.storage.sql.schema import learners
from learnloop.storage.sql.session import Session
from learnloop.storage.sql.statements import (
    POSTGRESQL,
    Statement,
    of_each,
    param,
    statement,
    upsert,
)

_all = select(*learners.c)
_id = learners.c.learner_id
_GET = statement(_all.where(_id == param("id")))
_PUT = upsert(learners)
_KNOWN = of_each(select(_id), _id)
_FIRST = statement(_all.order_by(_id), limited=True)
_AFTER = statement(_all.where(_id > param("after")).order_by(_id), limited=True)
_LOCK = of_each(select(_id).order_by(_id).with_for_update(), _id)
_CREATION = 0x6C6561726E6572  # "learner"; any number that no other lock of ours has
_LOCK_CREATION = Statement("", f"SELECT pg_advisory_xact_lock({_CREATION})")


class SqlLearners:
    """Humans who learn."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, learner_id: LearnerId) -> Learner | None:
        row = self._session.row(_GET, (learner_id,))
        return None if row is None else learner_of(row)

    def known(self, learner_ids: Iterable[LearnerId]) -> set[LearnerId]:
        return {row[0] for row in self._session.each(_KNOWN, learner_ids)}

    def put(self, learner: Learner) -> None:
        self._session.run(_PUT, learner_row(learner))

    def page(self, after: LearnerId | None, limit: int) -> list[Learner]:
        if after is None:
            rows = self._session.rows(_FIRST, (limit,))
        else:
            rows = self._session.rows(_AFTER, (after, limit))
        return [learner_of(row) for row in rows]

    def lock(self, learner_ids: Iterable[LearnerId]) -> None:
        # On SQLite a writing transaction has the whole file to itself.
        if self._session.dialect != POSTGRESQL:
            return
        wanted = set(learner_ids)
        if len(self._session.each(_LOCK, wanted)) < len(wanted):
            # There is no row to lock of a learner who is not there yet: creators go one by one.
            self._session.rows(_LOCK_CREATION)
            self._session.each(_LOCK, wanted)
