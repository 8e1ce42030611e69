"""Where are fitted models and their files, remembered replies and the audit trail?"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from learnloop.core.artifact import digest
from learnloop.core.records import AuditEntry, StoredReply
from learnloop.core.registry import Alias, AliasChange, ModelRecord, ModelRole
from learnloop.core.time import to_us
from learnloop.core.types import Ref
from learnloop.storage.checks import ref_text
from learnloop.storage.sql.rows.registry import (
    alias_of,
    audit_of,
    audit_row,
    change_of,
    change_row,
    model_of,
    model_row,
    reply_of,
    reply_row,
)
from learnloop.storage.sql.schema import (
    alias_changes,
    audit,
    model_aliases,
    model_files,
    models,
    replies,
)
from learnloop.storage.sql.session import Session
from learnloop.storage.sql.statements import insert, insert_new, param, statement, upsert

_PUT_MODEL = upsert(models)
_MODEL = statement(select(*models.c).where(models.c.ref == param("ref")))
_MODELS = statement(select(*models.c).order_by(models.c.created_us.desc(), models.c.ref.desc()))
_REMOVE_MODEL = statement(models.delete().where(models.c.ref == param("ref")))

_a = model_aliases.c
_ONE = (_a.slot == param("slot"), _a.role == param("role"))
_ALIAS = statement(select(_a.ref).where(*_ONE))
_ALIASES = statement(select(*_a).order_by(_a.slot, _a.role))
_SET_ALIAS = upsert(model_aliases)
_DROP_ALIAS = statement(model_aliases.delete().where(*_ONE))
_APPEND_CHANGE = insert(alias_changes, "at_us", "slot", "role", "ref", "share", "actor", "reason")
_c = alias_changes.c
_CHANGES = statement(
    select(*_c).where(_c.slot == param("slot")).order_by(_c.entry.desc()), limited=True
)
_REVISION = statement(select(func.max(_c.entry)))

_PUT_FILE = insert_new(model_files)
_FILE = statement(select(model_files.c.data).where(model_files.c.sha256 == param("sha256")))
_FILES = statement(select(model_files.c.sha256))
_REMOVE_FILE = statement(model_files.delete().where(model_files.c.sha256 == param("sha256")))

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

    def remove(self, ref: Ref) -> None:
        self._session.run(_REMOVE_MODEL, (ref_text(ref),))

    def alias(self, slot: str, role: ModelRole) -> Ref | None:
        row = self._session.row(_ALIAS, (slot, role.value))
        return None if row is None else Ref.parse(row[0])

    def aliases(self) -> Sequence[Alias]:
        return [alias_of(row) for row in self._session.rows(_ALIASES)]

    def change(self, change: AliasChange) -> None:
        row = change_row(change)
        if change.ref is None:
            self._session.run(_DROP_ALIAS, (change.slot, change.role.value))
        else:
            alias = (change.slot, change.role.value, ref_text(change.ref), change.share)
            self._session.run(_SET_ALIAS, alias)
        self._session.run(_APPEND_CHANGE, row)

    def changes(self, slot: str, limit: int) -> Sequence[AliasChange]:
        return [change_of(row) for row in self._session.rows(_CHANGES, (slot, limit))]

    def revision(self) -> int:
        row = self._session.row(_REVISION)
        return 0 if row is None or row[0] is None else int(row[0])


class SqlFiles:
    """Bytes by their hash, in the database: they are there when the record is."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, data: bytes) -> str:
        sha256 = digest(data)
        self._session.run(_PUT_FILE, (sha256, data))
        return sha256

    def get(self, sha256: str) -> bytes | None:
        row = self._session.row(_FILE, (sha256,))
        return None if row is None else bytes(row[0])

    def hashes(self) -> set[str]:
        return {row[0] for row in self._session.rows(_FILES)}

    def remove(self, sha256: str) -> None:
        self._session.run(_REMOVE_FILE, (sha256,))


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
