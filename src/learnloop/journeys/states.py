"""What is known of a learner now, and after new interactions? The folds' states, kept in the store.

A state that is missing (a model that has just gone live, a changed catalog) is rebuilt from the
log, so promotion and rollback are never cold. Those of the features are stored in steps, because
they are large and not every request needs them. That of memory is brought up to date when somebody
asks, and stored then, in longer steps: an answer pays nothing for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Fold, Transaction
from learnloop.core.records import StoredState
from learnloop.core.types import Interaction, Item, OrderKey, Ref
from learnloop.features import state as machinery
from learnloop.features import steps
from learnloop.features.online import FeatureState
from learnloop.features.profile import ProfileState
from learnloop.journeys.live import Live
from learnloop.models.memory import MemoryState

MEMORY_STEP = 64
"""At every so many events the state of memory may be stored."""
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


class KnownFeatures(NamedTuple):
    """The features' state of one learner.

    Attributes:
        last_us: When the latest event that is in it happened, microseconds since 1970; 0 where
            there is none, or its log has no times.
    """

    state: FeatureState
    last_us: int


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

    def behind(after: OrderKey | None = None) -> steps.Rows:
        return rows if is_all else list(history(live, tx, learner_id, after))

    advanced = [
        machinery.advance(fold, stored.get(fold.ref), learner_id, rows, behind)
        for fold in live.folds
    ]
    before, n = stored.get(live.profile_fold.ref), advanced[0].n
    if live.keeps_features and not steps.stands(before, rows, n):
        known = {} if is_all else tx.states.get(learner_id, [live.features.ref])
        advanced += _in_steps(live.features, known.get(live.features.ref), learner_id, n, behind)
    return advanced


def features(live: Live, tx: Transaction, learner_id: LearnerId) -> KnownFeatures:
    """The state of the learner's features, with every event folded in."""
    fold, first = live.features, live.profile_fold.ref
    stored = tx.states.get(learner_id, [fold.ref, first])

    def behind(after: OrderKey | None) -> steps.Rows:
        return list(history(live, tx, learner_id, after))

    n = stored[first].n if first in stored else 0
    state, as_of = steps.current(fold, stored.get(fold.ref), learner_id, n, behind)
    return KnownFeatures(state, max(as_of.occurred_us, 0))


def memory(
    live: Live, tx: Transaction, learner_id: LearnerId, *, keep: bool = False
) -> MemoryState:
    """The state of the learner's memory, with every event folded in.

    Args:
        keep: Store the last whole step (the transaction must be a writing one).
    """
    fold, first = live.memory, live.profile_fold.ref
    stored = tx.states.get(learner_id, [fold.ref, first])

    def behind(after: OrderKey | None) -> steps.Rows:
        return list(history(live, tx, learner_id, after))

    n = stored[first].n if first in stored else 0
    before = stored.get(fold.ref)
    if keep and n // MEMORY_STEP != (before.n // MEMORY_STEP if before else 0):
        whole = steps.advance(fold, before, learner_id, n, behind, MEMORY_STEP)
        if whole is not None:
            tx.states.put([whole])
            before = whole
    return steps.current(fold, before, learner_id, n, behind)[0]


def rebuild(live: Live, tx: Transaction, learner_id: LearnerId) -> None:
    """Compute every state again from the log and store it."""
    rows = list(history(live, tx, learner_id))
    if rows:
        states = [_replay(fold, learner_id, rows) for fold in live.folds]
        if live.keeps_features:
            states += _in_steps(live.features, None, learner_id, len(rows), lambda _: rows)
        n, step = len(rows), MEMORY_STEP
        states += _in_steps(live.memory, None, learner_id, n, lambda _: rows, step)
        tx.states.put(states)


def _in_steps(
    fold: Fold[Any],
    stored: StoredState | None,
    learner_id: LearnerId,
    n: int,
    behind: steps.Behind,
    step: int = steps.STEP,
) -> list[StoredState]:
    state = steps.advance(fold, stored, learner_id, n, behind, step)
    return [] if state is None else [state]


def history(
    live: Live, tx: Transaction, learner_id: LearnerId, after: OrderKey | None = None
) -> History:
    """A learner's interactions behind `after` with their items, in the total order."""
    return ((x, live.item(x.item_id)) for x in tx.interactions.history(learner_id, after))


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
