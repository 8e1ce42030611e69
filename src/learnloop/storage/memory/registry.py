"""Where are fitted models, remembered replies and the audit trail, in memory?"""

from collections.abc import Sequence
from datetime import datetime

from learnloop.core.records import AuditEntry, ModelRecord, StoredReply
from learnloop.core.types import Ref
from learnloop.storage.checks import check_audit, check_model, ref_text
from learnloop.storage.memory.versions import View


class MemoryModels:
    """Fitted models, and which of them is live."""

    def __init__(self, view: View) -> None:
        self._view = view

    def put(self, record: ModelRecord) -> None:
        check_model(record)
        self._view.set("models", ref_text(record.ref), record)

    def get(self, ref: Ref) -> ModelRecord | None:
        record: ModelRecord | None = self._view.get("models", ref_text(ref))
        return record

    def list(self) -> Sequence[ModelRecord]:
        records = self._view.values("models")
        return sorted(records, key=lambda r: (r.created_at, ref_text(r.ref)), reverse=True)

    def alias(self, name: str) -> Ref | None:
        ref: Ref | None = self._view.get("aliases", name)
        return ref

    def set_alias(self, name: str, ref: Ref) -> None:
        ref_text(ref)
        self._view.set("aliases", name, ref)


class MemoryReplies:
    """First replies by idempotency key."""

    def __init__(self, view: View) -> None:
        self._view = view

    def get(self, scope: str, key: str) -> StoredReply | None:
        reply: StoredReply | None = self._view.get("replies", (scope, key))
        return reply

    def put(self, scope: str, key: str, reply: StoredReply) -> None:
        if self.get(scope, key) is None:
            self._view.set("replies", (scope, key), reply)

    def purge(self, before: datetime) -> int:
        keys = self._view.keys("replies")
        old = [key for key in keys if self._view.get("replies", key).created_at < before]
        for key in old:
            self._view.set("replies", key, None)
        return len(old)


class MemoryAudit:
    """Who did what; append only."""

    def __init__(self, view: View) -> None:
        self._view = view

    def append(self, entry: AuditEntry) -> None:
        check_audit(entry)
        n = self._view.get("counts", "audit", 0)
        self._view.set("audit", n, entry)
        self._view.set("counts", "audit", n + 1)

    def latest(self, limit: int) -> Sequence[AuditEntry]:
        n = self._view.get("counts", "audit", 0)
        return [self._view.get("audit", i) for i in range(n - 1, max(n - 1 - limit, -1), -1)]
