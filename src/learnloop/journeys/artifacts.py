"""Are the bytes of a stored artifact those that were stored?"""

from hashlib import sha256

from learnloop.core.errors import ArtifactError
from learnloop.core.protocols import Transaction
from learnloop.core.types import Ref


def artifact_of(tx: Transaction, ref: Ref) -> bytes:
    """The artifact of a fitted model.

    Raises:
        ArtifactError: It is missing, or its hash is not the stored one.
    """
    record = tx.models.get(ref)
    if record is None or sha256(record.artifact).hexdigest() != record.sha256:
        raise ArtifactError(f"model {ref} is missing or corrupt; fit again or roll back")
    return record.artifact
