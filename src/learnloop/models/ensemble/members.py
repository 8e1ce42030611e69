"""Who can be asked? Each member keeps a state of its own of every learner."""

from collections.abc import Mapping
from datetime import datetime
from types import ModuleType
from typing import Final, Protocol, TypeVar

from learnloop.core.errors import InvalidInput
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Fold
from learnloop.core.types import Estimate, Item
from learnloop.models import ability
from learnloop.models.ensemble import forest
from learnloop.models.tracing import attentive, bkt, dkt, logistic

S = TypeVar("S")


class Member(Fold[S], Protocol[S]):
    """What an ensemble asks of those who are in it: an `Estimator` but for mastery."""

    def p_correct(self, state: S, item: Item, at: datetime) -> float:
        """As of `Estimator`."""
        ...

    def predict(self, state: S, items: ItemTable, at: datetime) -> Estimate:
        """As of `Estimator`."""
        ...

    def export(self) -> bytes:
        """As of `Estimator`."""
        ...


MEMBERS: Final[Mapping[str, ModuleType]] = {
    ability.NAME: ability,
    forest.NAME: forest,
    logistic.NAME: logistic,
    bkt.NAME: bkt,
    dkt.NAME: dkt,
    attentive.NAME: attentive,
}


def check(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, where they make an ensemble.

    Raises:
        InvalidInput: One is unknown or comes twice, or `ability` is not the first.
    """
    for name in names:
        if name not in MEMBERS:
            known = ", ".join(MEMBERS)
            raise InvalidInput(f"members: there is no {name!r}; there are {known}", field="members")
    if len({*names}) != len(names) or names[:1] != (ability.NAME,):
        raise InvalidInput(
            f"members: each comes once, and {ability.NAME} first: it says what is mastered",
            field="members",
        )
    return names
