"""How do models, replies and audit entries become rows, and rows the same again?"""

from collections.abc import Mapping

import msgspec

from learnloop.core.records import AuditEntry, StoredReply
from learnloop.core.registry import Alias, AliasChange, ModelRecord, ModelRole
from learnloop.core.time import from_us, to_us
from learnloop.core.types import Ref
from learnloop.storage.checks import check_alias, check_audit, check_model, ref_text
from learnloop.storage.sql.rows.cells import Row, dumps

_metrics = msgspec.json.Decoder(dict[str, float]).decode
_details = msgspec.json.Decoder(dict[str, str | int | float]).decode


def model_row(record: ModelRecord) -> Row:
    """The row of `models`."""
    check_model(record)
    return (
        ref_text(record.ref),
        to_us(record.created_at),
        record.manifest,
        record.sha256,
        dumps(record.metrics),
    )


def model_of(row: Row) -> ModelRecord:
    """The fitted model that a row holds."""
    ref, created_us, manifest, sha256, metrics = row
    return ModelRecord(Ref.parse(ref), from_us(created_us), manifest, sha256, _metrics(metrics))


def alias_of(row: Row) -> Alias:
    """The alias that a row of `model_aliases` holds."""
    slot, role, ref, share = row
    return Alias(slot, ModelRole(role), Ref.parse(ref), share)


def change_row(change: AliasChange) -> Row:
    """The row of `alias_changes`, whose number the database gives."""
    check_alias(change)
    ref = None if change.ref is None else ref_text(change.ref)
    at_us, role = to_us(change.at), change.role.value
    return at_us, change.slot, role, ref, change.share, change.actor, change.reason


def change_of(row: Row) -> AliasChange:
    """The change that a row holds."""
    _, at_us, slot, role, ref, share, actor, reason = row
    found = None if ref is None else Ref.parse(ref)
    return AliasChange(from_us(at_us), slot, ModelRole(role), found, actor, reason, share)


def reply_row(scope: str, key: str, reply: StoredReply) -> Row:
    """The row of `replies`."""
    return scope, key, reply.request_digest, reply.status, reply.body, to_us(reply.created_at)


def reply_of(row: Row) -> StoredReply:
    """The reply that a row holds."""
    _, _, digest, status, body, created_us = row
    return StoredReply(digest, status, body, from_us(created_us))


def audit_row(entry: AuditEntry) -> Row:
    """The row of `audit`, whose number the database gives."""
    check_audit(entry)
    return to_us(entry.at), entry.actor, entry.action, entry.subject, dumps(entry.detail)


def audit_of(row: Row) -> AuditEntry:
    """The entry that a row holds."""
    _, at_us, actor, action, subject, detail = row
    details: Mapping[str, str | int | float] = _details(detail)
    return AuditEntry(from_us(at_us), actor, action, subject, details)
