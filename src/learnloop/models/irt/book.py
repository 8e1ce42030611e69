"""Which curve does an item have, calibrated or not? Its own, else the author's, its skills', any.

    b_i ~ N(authored_i, item_spread^2)                   the author said how hard it is
          N(mean of its skills, item_spread^2)           a skill of it was calibrated
          N(mean, skill_spread^2 + item_spread^2)        nothing is known

and a curve whose b is only known up to v is flatter: E sigmoid(a (theta - b)) is close to
sigmoid(a (theta - mean) / sqrt(1 + pi a^2 v / 8)). It still rises in theta.

Reference: MacKay (1992), The evidence framework applied to classification networks, eq. 10.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi, sqrt
from typing import NamedTuple

import numpy as np

from learnloop.core.bank import ItemBank
from learnloop.core.items import ItemTable
from learnloop.core.types import Floats, Item
from learnloop.models.irt.config import Config

STEEPEST = 30.0  # logits; beyond that a probability is no longer below 1


class Curve(NamedTuple):
    """P(right | theta) = guessing + (1 - guessing) sigmoid(slope (theta - difficulty)).

    Attributes:
        difficulty: b, in units of theta.
        slope: What is left of a, given how unsure b is.
        guessing: c.
        stddev: How unsure b is.
    """

    difficulty: float
    slope: float
    guessing: float
    stddev: float


@dataclass(frozen=True, slots=True, eq=False)
class ItemBook:
    """The bank, and the fallback for what is not in it.

    Attributes:
        bank: The calibrated items.
        skills: Mean difficulty of the items of a skill, by id.
        difficulty: Of an item of which nothing is known.
        discrimination: And its a.
        guessing: And its c.
    """

    bank: ItemBank
    skills: Mapping[str, float]
    difficulty: float
    discrimination: float
    guessing: float

    def curve(self, item: Item, config: Config) -> Curve:
        """The item's curve, flattened by what is not known of it."""
        row = self.bank.row_of.get(item.item_id)
        if row is not None:
            bank = self.bank
            b, a = float(bank.difficulty[row]), float(bank.discrimination[row])
            return _flattened(b, a, float(bank.guessing[row]), float(bank.difficulty_stddev[row]))
        known = [self.skills[s] for s in item.skills if s in self.skills]
        stddev = config.item_spread
        if item.difficulty_logit is not None:
            b = item.difficulty_logit / self.discrimination
        elif known:
            b = sum(known) / len(known)
        else:
            b, stddev = self.difficulty, sqrt(stddev**2 + config.skill_spread**2)
        return _flattened(b, self.discrimination, self.guessing, stddev)

    def middle(self, table: ItemTable, config: Config) -> Floats:
        """(n_skills,) the median difficulty of each skill's items in the table.

        A skill without items is as hard as it was when calibrated, or as anything.
        """
        of_skill: dict[int, list[float]] = {}
        for row, item in enumerate(table.items):
            b = self.curve(item, config).difficulty
            for column, weight in zip(
                table.item_skills[row].tolist(), table.skill_weights[row].tolist(), strict=True
            ):
                if weight:
                    of_skill.setdefault(column, []).append(b)
        return np.array(
            [
                float(np.median(of_skill[s]))
                if s in of_skill
                else self.skills.get(skill.skill_id, self.difficulty)
                for s, skill in enumerate(table.skills)
            ]
        )


def authored_book(table: ItemTable, config: Config) -> ItemBook:
    """The author's difficulties alone: a = 1, b = the guess, 0 where there is none."""
    given = ~np.isnan(table.difficulty_logit)
    spread = np.where(given, config.item_spread, np.hypot(config.item_spread, config.skill_spread))
    n = len(table)
    guessing = config.guessing if config.parameters == 3 else 0.0
    bank = ItemBank(
        tuple(item.item_id for item in table.items),
        np.ones(n),
        np.nan_to_num(table.difficulty_logit),
        np.full(n, guessing),
        spread,
    )
    skills = skill_means(bank.difficulty, [item.skills for item in table.items], given)
    return ItemBook(bank, skills, 0.0, 1.0, guessing)


def skill_means(
    difficulty: Floats, skills_of: list[tuple[str, ...]], weight: Floats
) -> dict[str, float]:
    """Mean difficulty of each skill over its items (n,), each weighing `weight` (n,)."""
    sums: dict[str, tuple[float, float]] = {}
    rows = zip(skills_of, difficulty.tolist(), weight.tolist(), strict=True)
    for skills, b, w in rows:
        for skill in skills:
            total, of = sums.get(skill, (0.0, 0.0))
            sums[skill] = total + w * b, of + w
    return {skill: total / of for skill, (total, of) in sums.items() if of}


def curves(book: ItemBook, table: ItemTable, config: Config) -> Floats:
    """(n_items, 4) the `Curve` of every item of the table."""
    return np.array([book.curve(item, config) for item in table.items]).reshape(-1, 4)


def p_correct(difficulty: Floats, slope: Floats, guessing: Floats, nodes: Floats) -> Floats:
    """(n, q) P(right) of each of n curves at each of q abilities, inside (0, 1)."""
    logit = slope[:, None] * (nodes - difficulty[:, None])
    s = 1.0 / (1.0 + np.exp(-np.clip(logit, -STEEPEST, STEEPEST)))
    p: Floats = guessing[:, None] + (1.0 - guessing[:, None]) * s
    return p


def _flattened(b: float, a: float, c: float, stddev: float) -> Curve:
    return Curve(b, a / sqrt(1.0 + pi / 8.0 * (a * stddev) ** 2), c, stddev)
