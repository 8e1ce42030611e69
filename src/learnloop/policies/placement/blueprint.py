"""What may a placement ask, and how much of each skill? Computed once per catalog and bank.

A question is a visible exercise or assessment that the bank knows. Each skill in scope is an area
with its share of the questions; a question of several skills counts to each in equal parts, and
those without a skill are an area of their own.

A difficulty b that is itself unsure, with standard deviation s, makes an answer say less. Averaged
over b, the curve of an item is nearly logistic again, with the smaller discrimination

    a' = a / sqrt(1 + pi (a s)^2 / 8)

Reference: MacKay (1992), The evidence framework applied to classification networks, Neural
Computation 4, eq. 10 (a'); Kingsbury and Zara (1989), Procedures for selecting items for
computerized adaptive tests, Applied Measurement in Education 2 (shares of content).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from learnloop.core.bank import ItemBank
from learnloop.core.errors import InvalidInput
from learnloop.core.ids import CourseId, ItemId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.types import Bools, Floats, Ints
from learnloop.policies.placement.eligible import questions


@dataclass(frozen=True, slots=True, eq=False)
class Blueprint:
    """The plan of a placement; safe to share between threads.

    Attributes:
        items: The catalog snapshot.
        bank: Parameters by row of the bank, discriminations made smaller where `b` is unsure.
        may_ask: (n_items,) which items may be asked.
        bank_row: (n_items,) the row of the bank; -1 where it has none.
        areas: (n_items, K) the areas of each item, padded; area s is skill s, the last is of
            items without one in scope.
        weights: (n_items, K) the part that counts to each area.
        shares: (n_skills + 1,) target share of each area, adding up to 1.
    """

    items: ItemTable
    bank: ItemBank
    may_ask: Bools
    bank_row: Ints
    areas: Ints
    weights: Floats
    shares: Floats

    @classmethod
    def of(
        cls,
        items: ItemTable,
        bank: ItemBank,
        *,
        skills: Collection[SkillId] = (),
        course_id: CourseId | None = None,
        shares: Mapping[SkillId, float] | None = None,
    ) -> Self:
        """The plan for a catalog.

        Args:
            items: The catalog snapshot.
            bank: Its calibrated items.
            skills: Only questions of one of these; empty = of all.
            course_id: Only questions of this course.
            shares: How much of each skill, relative; by default equal parts of each that has
                questions.

        Raises:
            InvalidInput: A share is negative, or no skill in scope has one.
        """
        known = [bank.row_of.get(item.item_id, -1) for item in items.items]
        bank_row = np.array(known, dtype=np.int64)
        wanted = _wanted(items, skills)
        areas, weights = _areas(items, wanted)
        asked = questions(items) & (bank_row >= 0)
        if course_id is not None:
            asked &= np.array([x.course_id == course_id for x in items.items], dtype=bool)
        if skills:
            asked &= (areas < items.n_skills).any(axis=1)
        targets = _targets(items, areas[asked], weights[asked], shares)
        asked &= (targets[areas] * weights).sum(axis=1) > 0
        return cls(items, _attenuated(bank), asked, bank_row, areas, weights, targets)

    @property
    def n_areas(self) -> int:
        """How many areas have a share."""
        return int((self.shares > 0).sum())

    def counts(self, asked: Collection[ItemId]) -> Floats:
        """(n_skills + 1,) how many questions of each area were asked."""
        rows = [self.items.row_of[x] for x in asked if x in self.items.row_of]
        counts = np.zeros(self.items.n_skills + 1)
        if rows:
            np.add.at(counts, self.areas[rows], self.weights[rows])
        return counts

    def behind(self, rows: Ints, counts: Floats, n_asked: int) -> Floats:
        """(len(rows),) how many questions the areas of each item are behind their shares."""
        per_area = self.shares * (n_asked + 1) - counts
        if self.areas.shape[1] == 1:
            alone: Floats = per_area.take(self.areas[rows, 0])
            return alone
        mixed: Floats = (per_area[self.areas[rows]] * self.weights[rows]).sum(axis=1)
        return mixed


def _wanted(items: ItemTable, skills: Collection[SkillId]) -> Bools:
    wanted = np.full(items.n_skills + 1, not skills)
    wanted[[items.column_of[s] for s in skills if s in items.column_of]] = True
    wanted[-1] = False
    return wanted


def _areas(items: ItemTable, wanted: Bools) -> tuple[Ints, Floats]:
    real = (items.skill_weights > 0) & wanted[items.item_skills]
    areas = np.where(real, items.item_skills, items.n_skills)
    weights = real / np.maximum(real.sum(axis=1, keepdims=True), 1)
    weights[~real.any(axis=1), 0] = 1.0
    return areas, weights


def _targets(
    items: ItemTable, areas: Ints, weights: Floats, shares: Mapping[SkillId, float] | None
) -> Floats:
    present = np.bincount(areas.ravel(), weights.ravel(), items.n_skills + 1) > 0
    targets = present.astype(np.float64)
    if shares is not None:
        given = [shares.get(skill.skill_id, 0.0) for skill in items.skills]
        targets[:-1] *= given
        targets[-1] = 0.0
        if min(given, default=0.0) < 0 or not targets.any():
            message = "shares: none may be negative; give a skill with questions one above 0"
            raise InvalidInput(message, field="shares")
    return targets / targets.sum() if present.any() else targets


def _attenuated(bank: ItemBank) -> ItemBank:
    a, s = bank.discrimination, bank.difficulty_stddev
    return ItemBank(
        bank.item_ids,
        a / np.sqrt(1.0 + np.pi * (a * s) ** 2 / 8.0),
        bank.difficulty,
        bank.guessing,
        s,
    )
