"""Where are the interactions, and the states folded from them? In a log and in a table.

`append` says exactly which rows were new. On SQLite a writer is alone, so inserting row by row
answers that; on PostgreSQL one statement inserts all rows and returns the keys that were new, and
rows go in key order, so that two writers with the same rows wait for each other in one direction.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select, tuple_

from learnloop.core.ids import InteractionId, LearnerId
from learnloop.core.records import StoredState
from learnloop.core.types import Interaction, OrderKey, Ref
from learnloop.storage.checks import ref_text
from learnloop.storage.sql.rows.cells import Row
from learnloop.storage.sql.rows.log import interaction_of, interaction_row, state_of, state_row
from learnloop.storage.sql.schema import interactions, learner_states
from learnloop.storage.sql.session import Session
from learnloop.storage.sql.statements import (
    NO_LIMIT,
    POSTGRESQL,
    from_arrays,
    insert_new,
    of_each,
    param,
    statement,
    upsert,
)

_c = interactions.c
_order = (_c.occurred_us, _c.sequence, _c.interaction_id)
_own = select(*_c).where(_c.learner_id == param("learner"))
_behind = tuple_(*_order) > tuple_(param("us"), param("sequence"), param("id"))
_APPEND = insert_new(interactions)
_APPEND_ARRAYS = from_arrays(
    interactions, "ON CONFLICT DO NOTHING RETURNING learner_id, interaction_id"
)
_GET = of_each(_own, _c.interaction_id)
_HISTORY = statement(_own.order_by(*_order), limited=True)
_HISTORY_AFTER = statement(_own.where(_behind).order_by(*_order), limited=True)
_LATEST = statement(_own.order_by(*(c.desc() for c in _order)), limited=True)
_COUNT = statement(select(func.count()).select_from(interactions))

_PUT_STATE = upsert(learner_states)
_DROP_STATES = statement(learner_states.delete().where(learner_states.c.ref == param("ref")))
_CLEAR_STATES = statement(learner_states.delete())
_own_states = select(*learner_states.c).where(learner_states.c.learner_id == param("learner"))
_GET_STATES = of_each(_own_states, learner_states.c.ref)


class SqlInteractions:
    """The log: append only."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def append(self, interactions: Sequence[Interaction]) -> list[bool]:
        rows = [interaction_row(interaction) for interaction in interactions]
        if self._session.dialect != POSTGRESQL or len(rows) == 1:
            return [self._session.run(_APPEND, row) == 1 for row in rows]
        return self._append_arrays(rows)

    def _append_arrays(self, rows: list[Row]) -> list[bool]:
        first: dict[Row, Row] = {}
        for row in rows:
            first.setdefault(row[:2], row)
        if not first:
            return []
        new = set(self._session.rows(_APPEND_ARRAYS, _columns(first)))
        # The first of equal keys takes the credit: it is the one that was stored.
        return [row[:2] in new and first[row[:2]] is row for row in rows]

    def get(
        self, learner_id: LearnerId, ids: Iterable[InteractionId]
    ) -> dict[InteractionId, Interaction]:
        found = map(interaction_of, self._session.each(_GET, ids, (learner_id,)))
        return {interaction.interaction_id: interaction for interaction in found}

    def history(
        self, learner_id: LearnerId, after: OrderKey | None = None, limit: int | None = None
    ) -> list[Interaction]:
        limit = NO_LIMIT if limit is None else limit
        if after is None:
            rows = self._session.rows(_HISTORY, (learner_id, limit))
        else:
            rows = self._session.rows(_HISTORY_AFTER, (learner_id, *after, limit))
        return [interaction_of(row) for row in rows]

    def latest(self, learner_id: LearnerId, limit: int) -> list[Interaction]:
        return [interaction_of(row) for row in self._session.rows(_LATEST, (learner_id, limit))]

    def count(self) -> int:
        ((n,),) = self._session.rows(_COUNT)
        return int(n)


class SqlStates:
    """Folded states, by learner and `Ref`."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, learner_id: LearnerId, refs: Sequence[Ref]) -> dict[Ref, StoredState]:
        by_text = {ref_text(ref): ref for ref in refs}
        rows = self._session.each(_GET_STATES, by_text, (learner_id,))
        return {by_text[row[1]]: state_of(row, by_text[row[1]]) for row in rows}

    def put(self, states: Sequence[StoredState]) -> None:
        # Key order: two writers of the same states wait for each other in one direction.
        self._session.many(_PUT_STATE, sorted(map(state_row, states), key=lambda row: row[:2]))

    def drop(self, ref: Ref) -> None:
        self._session.run(_DROP_STATES, (ref_text(ref),))

    def clear(self) -> None:
        self._session.run(_CLEAR_STATES)


def _columns(rows: dict[Row, Row]) -> list[list[object]]:
    """One list per column, the rows in the order of their keys."""
    return [list(column) for column in zip(*(rows[key] for key in sorted(rows)), strict=True)]
