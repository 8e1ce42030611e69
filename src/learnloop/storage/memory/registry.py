"""Where are fitted models and their files, remembered replies and the audit trail, in memory?"""

from collections.abc import Sequence
from datetime import datetime

from learnloop.core.artifact import digest
from learnloop.core.records import AuditEntry, StoredReply
from learnloop.core.registry import Alias, AliasChange, ModelRecord, ModelRole
from learnloop.core.types import Ref
from learnloop.storage.checks import check_alias, check_audit, check_model, ref_text
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

    def remove(self, ref: Ref) -> None:
        self._view.set("models", ref_text(ref), None)

    def alias(self, slot: str, role: ModelRole) -> Ref | None:
        alias: Alias | None = self._view.get("aliases", (slot, role))
        return None if alias is None else alias.ref

    def aliases(self) -> Sequence[Alias]:
        return sorted(self._view.values("aliases"), key=lambda a: (a.slot, a.role))

    def change(self, change: AliasChange) -> None:
        check_alias(change)
        slot, role, ref = change.slot, change.role, change.ref
        alias = None if ref is None else Alias(slot, role, ref, change.share)
        self._view.set("aliases", (slot, role), alias)
        n = self.revision()
        self._view.set("alias_changes", n, change)
        self._view.set("counts", "alias_changes", n + 1)

    def changes(self, slot: str, limit: int) -> Sequence[AliasChange]:
        found = [c for c in self._view.values("alias_changes") if c.slot == slot]
        return found[::-1][:limit]

    def revision(self) -> int:
        n: int = self._view.get("counts", "alias_changes", 0)
        return n


class MemoryFiles:
    """Bytes by their hash."""

    def __init__(self, view: View) -> None:
        self._view = view

    def put(self, data: bytes) -> str:
        sha256 = digest(data)
        self._view.set("files", sha256, data)
        return sha256

    def get(self, sha256: str) -> bytes | None:
        data: bytes | None = self._view.get("files", sha256)
        return data

    def hashes(self) -> set[str]:
        return set(self._view.keys("files"))

    def remove(self, sha256: str) -> None:
        self._view.set("files", sha256, None)


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
