"""How is a whole catalog scored at once? What an item brings is constant, what moves is few skills.

logit_i = constant_i + learner + sum over the item's skills of moved_s (+ its record)
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from learnloop.core.items import ItemTable
from learnloop.core.types import Floats, Ints
from learnloop.models.tracing.logistic.weights import Weights


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """One table's items; built once per catalog version.

    Attributes:
        table: The table itself.
        constant: (n,) bias, item and skills' intercepts.
        variance: (n,) of the item's intercept.
        members: (K, n) skill numbers, padded with `len(number)`.
        share: (n,) one over the item's number of skills, 1 without any.
        number: Skill id -> number, the table's skills first.
        level: (n_skills,) logit of a middle item of each skill of the table, before any answer.
    """

    table: ItemTable
    constant: Floats
    variance: Floats
    members: Ints
    share: Floats
    number: dict[str, int]
    level: Floats

    def sums(self, by_number: Floats) -> Floats:
        """(n,) what the numbers' values (len(number) + 1,) add up to over each item's skills."""
        if not len(self.members):
            return np.zeros(len(self.table))
        total: Floats = by_number[self.members].sum(axis=0)
        return total


def scorer_of(table: ItemTable, weights: Weights) -> Scorer:
    """The arrays of one table."""
    number: dict[str, int] = {x.skill_id: i for i, x in enumerate(table.skills)}
    for item in table.items:
        for skill in item.skills:
            number.setdefault(skill, len(number))
    widths = [len(x.skills) for x in table.items]
    members = np.full((max(widths, default=0), len(table)), len(number), dtype=np.int64)
    for n, item in enumerate(table.items):
        members[: widths[n], n] = [number[s] for s in item.skills]
    effects = np.array([weights.item(x.item_id) for x in table.items]).reshape(-1, 2)
    intercepts = [sum(weights.skill(s)[0] for s in x.skills) for x in table.items]
    level = weights.level
    return Scorer(
        table,
        weights.bias + effects[:, 0] + np.array(intercepts, dtype=np.float64),
        effects[:, 1],
        members,
        1.0 / np.maximum(np.array(widths, dtype=np.float64), 1.0),
        number,
        level.bias + _column(level.skills.get(x.skill_id, 0.0) for x in table.skills),
    )


def _column(values: Iterable[float]) -> Floats:
    return np.array(list(values), dtype=np.float64)
