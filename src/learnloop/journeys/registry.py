"""How do models come and go? Stored whole, given a role, taken back, and cleared away in the end.

Everything about a version is in its artifact, and everything about who answers in the aliases; both
change in one transaction, so nobody ever sees half of it.
"""

from datetime import datetime, timedelta

from learnloop.core.artifact import Artifact, Manifest, digest
from learnloop.core.errors import ArtifactError, InvalidInput, NotFound
from learnloop.core.protocols import Clock, Store, Transaction
from learnloop.core.registry import AliasChange, ModelRecord, ModelRole
from learnloop.core.types import Ref
from learnloop.features.fold import NAME as FEATURES

KEPT_FOR = timedelta(days=30)
KEPT_VERSIONS = 3
MANY = 10_000
ROLLED_BACK = "rolled back from "
"""How the reason of a change begins that gave a champion up."""


def store_artifact(tx: Transaction, artifact: Artifact) -> ModelRecord:
    """Keep a model's files and its record.

    Raises:
        ArtifactError: The files are not those that the manifest vouches for, or another model of
            that name and version is kept already.
    """
    _alone(tx)
    record = ModelRecord.of(artifact.checked())
    before = tx.models.get(record.ref)
    if before is not None and before.sha256 != record.sha256:
        raise ArtifactError(f"{record.ref} is kept already and is another model; use a new version")
    for name, data in artifact.files.items():
        sha256 = artifact.manifest.files[name].sha256
        if tx.files.get(sha256) not in (None, data):
            tx.files.remove(sha256)  # corrupt: putting it again would leave it as it is
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

    A champion brings the features that it takes: they become the live ones, whose states are kept
    up to date with every answer.

    Raises:
        NotFound: There is no such version.
    """
    record = None
    if ref is not None:
        _alone(tx)
        record = tx.models.get(ref)
        if record is None:
            raise NotFound(f"model: there is no version {ref}", field="model")
        if ref not in {alias.ref for alias in tx.models.aliases()}:
            # Nobody advanced its states while it had no role; they are rebuilt from the log.
            tx.states.drop(ref)
    tx.models.change(AliasChange(clock.now(), slot, role, ref, actor, reason, share))
    if record is None or role is not ModelRole.CHAMPION:
        return
    features = Manifest.decode(record.manifest).features
    brought = None if features is None else Ref.parse(features)
    if brought not in (None, tx.models.alias(FEATURES, role)) and tx.models.get(brought):
        why = f"{ref} takes them"
        give_role(tx, clock, FEATURES, role, brought, actor=actor, reason=why)


def roll_back(tx: Transaction, clock: Clock, slot: str, *, actor: str, reason: str) -> Ref:
    """Make the champion before this one the champion again; returns it.

    Raises:
        InvalidInput: The slot never had another champion whose files are still kept.
    """
    ref = earlier_champion(tx, slot)
    if ref is None:
        raise InvalidInput(f"model: {slot} has no earlier champion to go back to", field="model")
    why = f"{ROLLED_BACK}{tx.models.alias(slot, ModelRole.CHAMPION)}: {reason}"
    give_role(tx, clock, slot, ModelRole.CHAMPION, ref, actor=actor, reason=why)
    return ref


def earlier_champion(tx: Transaction, slot: str) -> Ref | None:
    """The champion before this one whose files are still kept."""
    now = tx.models.alias(slot, ModelRole.CHAMPION)
    earlier = (ref for ref in champions(tx, slot) if ref != now)
    return next((ref for ref in earlier if tx.models.get(ref) is not None), None)


def champions(tx: Transaction, slot: str) -> list[Ref]:
    """The champions of a slot, the latest first, each once; not those that were rolled back from.

    A version that was given up and deployed again counts as new.
    """
    line: list[Ref] = []
    for change in reversed(tx.models.changes(slot, MANY)):
        if change.role is not ModelRole.CHAMPION or change.ref is None:
            continue
        if change.reason.startswith(ROLLED_BACK) and change.ref in line:
            del line[line.index(change.ref) + 1 :]
        else:
            line = [ref for ref in line if ref != change.ref] + [change.ref]
    return line[::-1]


def collect(store: Store, now: datetime) -> tuple[int, int]:
    """Forget old versions that nobody needs, then remove the files that no version has.

    In two transactions, because files may lie where no transaction can bring them back: when the
    second begins, nobody can need them any more.

    Returns:
        How many versions and how many files were removed.
    """
    with store.begin() as tx:
        n_versions = forget(tx, now)
    with store.begin() as tx:
        return n_versions, sweep(tx)


def forget(tx: Transaction, now: datetime) -> int:
    """Forget old versions; returns how many.

    A version is kept while it has a role, was a slot's champion among the last three, is the newest
    of its name, or is younger than 30 days; and so are the features that it was trained on.
    """
    _alone(tx)
    records = tx.models.list()
    needed = {alias.ref for alias in tx.models.aliases()}
    slots = {alias.slot for alias in tx.models.aliases()}
    needed |= {ref for slot in slots for ref in champions(tx, slot)[:KEPT_VERSIONS]}
    # The newest says how many challengers the champion has had.
    needed |= {record.ref for record in {r.ref.name: r for r in reversed(records)}.values()}
    needed |= {record.ref for record in records if record.created_at >= now - KEPT_FOR}
    features = {Manifest.decode(r.manifest).features for r in records if r.ref in needed}
    old = [r.ref for r in records if r.ref not in needed and str(r.ref) not in features]
    for ref in old:
        tx.models.remove(ref)
        tx.states.drop(ref)
    return len(old)


def sweep(tx: Transaction) -> int:
    """Remove the files that no version has; returns how many."""
    _alone(tx)
    manifests = [Manifest.decode(record.manifest) for record in tx.models.list()]
    named = {entry.sha256 for manifest in manifests for entry in manifest.files.values()}
    stray = tx.files.hashes() - named
    for sha256 in stray:
        tx.files.remove(sha256)
    return len(stray)


def _alone(tx: Transaction) -> None:
    """Those who store, deploy and clear away wait for each other.

    Else a file could be swept away between its being put and the commit of what names it.
    """
    tx.catalog.lock()
