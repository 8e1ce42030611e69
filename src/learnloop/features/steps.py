"""How is a large state kept without writing it at every event? At every `step`-th one.

    stored    the fold of the first  n - n % step  of a learner's n events in the total order
    current   the stored state with the events behind it, fewer than `step`, folded on

Both depend on the log alone, so any order of arrival gives the same bytes. The stored state is used
only where it and the events behind it make up the whole log, `stored.n + behind == n`: what came
late, or while no states were kept, is never overlooked, for then the log is replayed.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TypeVar

from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Fold
from learnloop.core.records import StoredState
from learnloop.core.types import Interaction, Item, OrderKey
from learnloop.features import state as machinery
from learnloop.features.state import BEFORE_ALL

S = TypeVar("S")

Rows = Sequence[tuple[Interaction, Item]]
Behind = Callable[[OrderKey | None], Rows]
"""A learner's events behind one of them, or all, in the total order."""

STEP = 8
"""Of the features."""


def stands(before: StoredState | None, new: Rows, n: int) -> bool:
    """Whether `new` leaves the stored state as it is: in order, and no step is completed.

    Args:
        before: The state, before `new`, of a fold that is stored at every event.
        n: All events, `new` included.
    """
    return before is not None and new[0][0].order > before.as_of and before.n // STEP == n // STEP


def advance(
    fold: Fold[S],
    stored: StoredState | None,
    learner_id: LearnerId,
    n: int,
    behind: Behind,
    step: int = STEP,
) -> StoredState | None:
    """The state to store when the log holds n events; None where there is nothing new to store.

    Args:
        behind: Reads the learner's log.
        step: At every so many events the state is stored.
    """
    stored, rows = _usable(stored, n, behind)
    n_stored = stored.n if stored else 0
    due = n - n % step - n_stored
    if due == 0:
        return None
    state = machinery.current(fold, stored, learner_id)
    as_of = stored.as_of if stored else BEFORE_ALL
    return machinery.fold_on(fold, state, (learner_id, as_of, n_stored), islice(rows, due))


def current(
    fold: Fold[S], stored: StoredState | None, learner_id: LearnerId, n: int, behind: Behind
) -> tuple[S, OrderKey]:
    """What the fold knows after n events, and where the last of them stands in the total order."""
    stored, rows = _usable(stored, n, behind)
    state = machinery.current(fold, stored, learner_id)
    for interaction, item in rows:
        state = fold.update(state, interaction, item)
    if rows:
        return state, rows[-1][0].order
    return state, stored.as_of if stored else BEFORE_ALL


def _usable(stored: StoredState | None, n: int, behind: Behind) -> tuple[StoredState | None, Rows]:
    """The stored state if it fits the log, and the events that it has not seen."""
    if stored is not None:
        rows = behind(stored.as_of)
        if stored.n + len(rows) == n:
            return stored, rows
    return None, behind(None)
