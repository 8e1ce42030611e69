"""How do models come and go? Stored whole, given a role, taken back, and cleared away in the end.

Everything about a version is in its artifact, and everything about who answers in the aliases; both
change in one transaction, so nobody ever sees half of it.
"""

from datetime import datetime, timedelta

from learnloop.core.artifact import Artifact, Manifest, digest
from learnloop.core.errors import ArtifactError, InvalidInput, NotFound
from learnloop.core.protocols import Clock, Transaction
from learnloop.core.registry import AliasChange, ModelRecord, ModelRole
from learnloop.core.types import Ref

KEPT_FOR = timedelta(days=30)
KEPT_VERSIONS = 3
MANY = 10_000


def store_artifact(tx: Transaction, artifact: Artifact) -> ModelRecord:
    """Keep a model's files and its record.

    Raises:
        ArtifactError: The files are not those that the manifest vouches for, or another model of
            that name and version is kept already.
    """
    record = ModelRecord.of(artifact.checked())
    before = tx.models.get(record.ref)
    if before is not None and before.sha256 != record.sha256:
        raise ArtifactError(f"{record.ref} is kept already and is another model; use a new version")
    for data in artifact.files.values():
        tx.files.put(data)
    tx.models.put(record)
    return record


def artifact_of(tx: Transaction, ref: Ref) -> Artifact:
    """A model's files, checked.

    Raises:
        ArtifactError: They are missing, or not those that were stored.
    """
    record = tx.models.get(ref)
    if record is None:
        raise ArtifactError(f"model {ref} is missing; fit again or roll back")
    if digest(record.manifest) != record.sha256:
        raise ArtifactError(f"model {ref}: the manifest is corrupt; fit again or roll back")
    manifest = Manifest.decode(record.manifest)
    if manifest.ref != ref:
        raise ArtifactError(f"model {ref}: its manifest is of {manifest.ref}")
    found = {name: tx.files.get(entry.sha256) for name, entry in manifest.files.items()}
    return Artifact(manifest, {n: data for n, data in found.items() if data is not None}).checked()


def give_role(
    tx: Transaction,
    clock: Clock,
    slot: str,
    role: ModelRole,
    ref: Ref | None,
    *,
    actor: str,
    reason: str,
    share: float = 1.0,
) -> None:
    """Let a version play a role in a slot from the end of this transaction on; None: nobody.

    Raises:
        NotFound: There is no such version.
    """
    if ref is not None and tx.models.get(ref) is None:
        raise NotFound(f"model: there is no version {ref}", field="model")
    tx.models.change(AliasChange(clock.now(), slot, role, ref, actor, reason, share))


def roll_back(tx: Transaction, clock: Clock, slot: str, *, actor: str, reason: str) -> Ref:
    """Make the champion before this one the champion again; returns it.

    Raises:
        InvalidInput: The slot never had another champion whose files are still kept.
    """
    now = tx.models.alias(slot, ModelRole.CHAMPION)
    given_up = {now}
    # Newest first: what was rolled back from is not what one rolls back to.
    for change in tx.models.changes(slot, MANY):
        if change.role is not ModelRole.CHAMPION:
            continue
        if change.reason.startswith(ROLLED_BACK):
            given_up |= {_left(change)}
        elif change.ref is not None and change.ref not in given_up:
            if tx.models.get(change.ref) is None:
                continue
            why = f"{ROLLED_BACK}{now}: {reason}"
            give_role(tx, clock, slot, ModelRole.CHAMPION, change.ref, actor=actor, reason=why)
            return change.ref
    raise InvalidInput(f"model: {slot} has no earlier champion to go back to", field="model")


ROLLED_BACK = "rolled back from "


def _left(change: AliasChange) -> Ref:
    return Ref.parse(change.reason.removeprefix(ROLLED_BACK).split(": ", 1)[0])


def collect(tx: Transaction, now: datetime) -> tuple[int, int]:
    """Forget old versions that nobody needs, and files that no version has.

    A version is kept while it has a role, was a slot's champion among the last three, or is younger
    than 30 days.

    Returns:
        How many versions and how many files were removed.
    """
    needed = {alias.ref for alias in tx.models.aliases()}
    for slot in {alias.slot for alias in tx.models.aliases()}:
        champions = [
            c.ref for c in tx.models.changes(slot, MANY) if c.role is ModelRole.CHAMPION and c.ref
        ]
        needed |= set(list(dict.fromkeys(champions))[:KEPT_VERSIONS])
    old = [
        record.ref
        for record in tx.models.list()
        if record.ref not in needed and record.created_at < now - KEPT_FOR
    ]
    for ref in old:
        tx.models.remove(ref)
    kept = {
        entry.sha256
        for record in tx.models.list()
        for entry in Manifest.decode(record.manifest).files.values()
    }
    stray = tx.files.hashes() - kept
    for sha256 in stray:
        tx.files.remove(sha256)
    return len(old), len(stray)
