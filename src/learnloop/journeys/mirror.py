"""How does MLflow show the registry? Every version and every role, told again after each change.

The registry is the store's; what is shown is a copy, and may be behind while the server is away.
"""

from learnloop.core.protocols import Transaction
from learnloop.core.registry import ModelRole
from learnloop.training.tracking.tracker import Tracker


def mirror(tx: Transaction, tracker: Tracker) -> None:
    """Tell a tracker of all versions, oldest first, and of who plays which role."""
    for record in reversed(tx.models.list()):
        tracker.mirror_version(record)
    roles = {(alias.slot, alias.role): alias.ref for alias in tx.models.aliases()}
    for slot in sorted({slot for slot, _ in roles}):
        for role in ModelRole:
            tracker.mirror_alias(slot, role, roles.get((slot, role)))
