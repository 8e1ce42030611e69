"""What is live right now? The snapshot that one transaction works with.

Built once per catalog version and live model, then shared, read-only, by all requests.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from learnloop.core.errors import NotFound
from learnloop.core.ids import ItemId, LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Clock, Estimator, Fold, Policy, Transaction
from learnloop.core.types import Interaction, Item, Learner
from learnloop.features.fold import FeatureFold
from learnloop.features.profile import ProfileFold
from learnloop.models.memory import MemoryModel

PAGE = 500
"""Learners read at a time."""


@dataclass(frozen=True, slots=True)
class Live:
    """Everything a journey needs beside its transaction.

    Attributes:
        new_id: Makes an id that was never used before.
        keeps_features: Whether the states of `features` are stored; if not, reading them replays
            the log.
        memory: What a learner still remembers; its states are stored in steps, too.
    """

    clock: Clock
    seed: int
    new_id: Callable[[], str]
    items: ItemTable
    profile_fold: ProfileFold
    estimator: Estimator[Any]
    policy: Policy
    features: FeatureFold
    memory: MemoryModel
    keeps_features: bool = True

    @property
    def folds(self) -> tuple[Fold[Any], ...]:
        """All whose states are stored at every interaction; the others go in steps."""
        return (self.profile_fold, self.estimator)

    def item(self, item_id: ItemId) -> Item:
        """The item of that id.

        Raises:
            NotFound: The catalog has no such item.
        """
        row = self.items.row_of.get(item_id)
        if row is None:
            raise NotFound(f"item_id: no item {item_id!r} in the catalog", field="item_id")
        return self.items.items[row]


def learner_of(tx: Transaction, learner_id: LearnerId) -> Learner:
    """The learner of that id.

    Raises:
        NotFound: There is no such learner.
    """
    learner = tx.learners.get(learner_id)
    if learner is None:
        raise NotFound(
            f"no learner {learner_id!r}; they come with an import, or with PUT of a profile",
            field="learner_id",
        )
    return learner


def every_learner(tx: Transaction) -> Iterator[Learner]:
    """All learners, in id order."""
    page = tx.learners.page(None, PAGE)
    while page:
        yield from page
        page = tx.learners.page(page[-1].learner_id, PAGE)


def every_interaction(tx: Transaction) -> Iterator[Interaction]:
    """The whole log, learner by learner, each in the total order."""
    for learner in every_learner(tx):
        yield from tx.interactions.history(learner.learner_id)
