"""What is known of a learner now, and after new interactions? The folds' states, kept in the store.

A state that is missing (a model that has just gone live, a changed catalog) is rebuilt from the
log, so promotion and rollback are never cold.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Fold, Transaction
from learnloop.core.records import StoredState
from learnloop.core.types import Interaction, Item, Ref
from learnloop.features import state as machinery
from learnloop.features.profile import ProfileState
from learnloop.journeys.live import Live

History = Iterable[tuple[Interaction, Item]]


@dataclass(frozen=True, slots=True)
class Known:
    """The decoded states of one learner.

    Attributes:
        profile: What the log shows, in counts.
        knowledge: The live estimator's state.
        n: How many interactions went in.
    """

    profile: ProfileState
    knowledge: Any
    n: int


def current(live: Live, tx: Transaction, learner_id: LearnerId, *, keep: bool = False) -> Known:
    """The learner's states, rebuilt from the log where one is missing.

    Args:
        keep: Store what had to be rebuilt (the transaction must be a writing one).
    """
    folds = live.folds
    stored = tx.states.get(learner_id, [fold.ref for fold in folds])
    if len(stored) < len(folds):
        rebuilt = _rebuild_missing(live, tx, learner_id, stored)
        if keep and rebuilt:
            # Under the lock and once more: it must not overwrite an answer that is coming in.
            tx.learners.lock([learner_id])
            stored = tx.states.get(learner_id, [fold.ref for fold in folds])
            rebuilt = _rebuild_missing(live, tx, learner_id, stored)
            tx.states.put(rebuilt)
        stored |= {state.ref: state for state in rebuilt}
    profile, knowledge = (
        machinery.current(fold, stored.get(fold.ref), learner_id) for fold in folds
    )
    first = stored.get(live.profile_fold.ref)
    return Known(profile, knowledge, first.n if first else 0)


def advance(
    live: Live,
    tx: Transaction,
    learner_id: LearnerId,
    new: Sequence[Interaction],
    *,
    is_all: bool = False,
) -> list[StoredState]:
    """Fold new, already appended interactions in; the states to store.

    Args:
        is_all: The log holds nothing else of this learner, so it need not be read.
    """
    rows = [(x, live.item(x.item_id)) for x in sorted(new, key=lambda x: x.order)]
    stored = tx.states.get(learner_id, [fold.ref for fold in live.folds])

    def whole() -> History:
        return rows if is_all else history(live, tx, learner_id)

    return [
        machinery.advance(fold, stored.get(fold.ref), learner_id, rows, whole)
        for fold in live.folds
    ]


def rebuild(live: Live, tx: Transaction, learner_id: LearnerId) -> None:
    """Compute every state again from the log and store it."""
    rows = list(history(live, tx, learner_id))
    if rows:
        tx.states.put([_replay(fold, learner_id, rows) for fold in live.folds])


def history(live: Live, tx: Transaction, learner_id: LearnerId) -> History:
    """All of a learner's interactions with their items, in the total order."""
    return ((x, live.item(x.item_id)) for x in tx.interactions.history(learner_id))


def _rebuild_missing(
    live: Live, tx: Transaction, learner_id: LearnerId, stored: Mapping[Ref, StoredState]
) -> list[StoredState]:
    rows = list(history(live, tx, learner_id))
    missing = [fold for fold in live.folds if fold.ref not in stored]
    return [_replay(fold, learner_id, rows) for fold in missing] if rows else []


def _replay(
    fold: Fold[Any], learner_id: LearnerId, rows: Sequence[tuple[Interaction, Item]]
) -> StoredState:
    return machinery.advance(fold, None, learner_id, rows, lambda: rows)
