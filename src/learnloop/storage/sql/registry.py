"""Where are fitted models, remembered replies and the audit trail?"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from learnloop.core.records import AuditEntry, ModelRecord, StoredReply
from learnloop.core.time import to_us
from learnloop.core.types import Ref
from learnloop.storage.checks import ref_text
from learnloop.storage.sql.rows.registry import (
    audit_of,
    audit_row,
    model_of,
    model_row,
    reply_of,
    reply_row,
)
from learnloop.storage.sql.schema import audit, model_aliases, models, replies
from learnloop.storage.sql.session import Session
from learnloop.storage.sql.statements import insert, insert_new, param, statement, upsert

_PUT_MODEL = upsert(models)
_MODEL = statement(select(*models.c).where(models.c.ref == param("ref")))
_MODELS = statement(select(*models.c).order_by(models.c.created_us.desc(), models.c.ref.desc()))
_ALIAS = statement(select(model_aliases.c.ref).where(model_aliases.c.name == param("name")))
_SET_ALIAS = upsert(model_aliases)

_PUT_REPLY = insert_new(replies)
_REPLY = statement(
    select(*replies.c).where(replies.c.scope == param("scope"), replies.c.key == param("key"))
)
_PURGE = statement(replies.delete().where(replies.c.created_us < param("before")))

_APPEND_ENTRY = insert(audit, "at_us", "actor", "action", "subject", "detail")
_ENTRIES = statement(select(*audit.c).order_by(audit.c.entry.desc()), limited=True)


class SqlModels:
    """Fitted models, and which of them is live."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, record: ModelRecord) -> None:
        self._session.run(_PUT_MODEL, model_row(record))

    def get(self, ref: Ref) -> ModelRecord | None:
        row = self._session.row(_MODEL, (ref_text(ref),))
        return None if row is None else model_of(row)

    def list(self) -> Sequence[ModelRecord]:
        return [model_of(row) for row in self._session.rows(_MODELS)]

    def alias(self, name: str) -> Ref | None:
        row = self._session.row(_ALIAS, (name,))
        return None if row is None else Ref.parse(row[0])

    def set_alias(self, name: str, ref: Ref) -> None:
        self._session.run(_SET_ALIAS, (name, ref_text(ref)))


class SqlReplies:
    """First replies by idempotency key."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, scope: str, key: str) -> StoredReply | None:
        row = self._session.row(_REPLY, (scope, key))
        return None if row is None else reply_of(row)

    def put(self, scope: str, key: str, reply: StoredReply) -> None:
        self._session.run(_PUT_REPLY, reply_row(scope, key, reply))

    def purge(self, before: datetime) -> int:
        return self._session.run(_PURGE, (to_us(before),))


class SqlAudit:
    """Who did what; append only."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def append(self, entry: AuditEntry) -> None:
        self._session.run(_APPEND_ENTRY, audit_row(entry))

    def latest(self, limit: int) -> Sequence[AuditEntry]:
        return [audit_of(row) for row in self._session.rows(_ENTRIES, (limit,))]
