"""How is a catalog of ten thousand items scored at once? As arrays, in a versioned snapshot.

Row i of every array is item i, column s of every skill array is skill s. A table is built once
per catalog version and shared, read-only, by all requests.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from learnloop.core.ids import ItemId, SkillId
from learnloop.core.types import Bools, Floats, Ints, Item, Skill


class ItemTable:
    """A frozen, columnar snapshot of the catalog.

    Attributes:
        version: Changes whenever the catalog does; caches key on it.
        items: The items, by row.
        skills: The skills, by column, prerequisites before what needs them.
        row_of: Item id -> row.
        column_of: Skill id -> column.
        item_skills: (n, K) skill columns of each item, padded with `n_skills` (an extra column).
        skill_weights: (n, K) 1 / number of skills, 0 where padded; rows of items without
            skills are all 0.
        visible: (n,) may be shown at all.
        difficulty_logit: (n,) the author's guess; NaN where there is none.
        expected_seconds: (n,) the author's guess; NaN where there is none.
        kinds: (n,) the item kind as text.
        prerequisites: (n_skills, n_skills) bool; [s, r] = s needs r directly.
    """

    def __init__(self, version: str, items: Sequence[Item], skills: Sequence[Skill]) -> None:
        self.version = version
        self.items: tuple[Item, ...] = tuple(items)
        self.skills: tuple[Skill, ...] = tuple(in_prerequisite_order(skills))
        self.row_of: Mapping[ItemId, int] = {x.item_id: i for i, x in enumerate(self.items)}
        self.column_of: Mapping[SkillId, int] = {s.skill_id: i for i, s in enumerate(self.skills)}
        n, n_skills = len(self.items), len(self.skills)
        width = max((len(x.skills) for x in self.items), default=0) or 1
        self.item_skills: Ints = np.full((n, width), n_skills, dtype=np.int64)
        self.skill_weights: Floats = np.zeros((n, width))
        for i, item in enumerate(self.items):
            known = [self.column_of[s] for s in item.skills if s in self.column_of]
            self.item_skills[i, : len(known)] = known
            self.skill_weights[i, : len(known)] = 1.0 / max(len(known), 1)
        self.visible: Bools = np.array([x.visible for x in self.items], dtype=bool)
        self.difficulty_logit: Floats = _column(x.difficulty_logit for x in self.items)
        self.expected_seconds: Floats = _column(x.expected_seconds for x in self.items)
        self.kinds = np.array([x.kind.value for x in self.items], dtype="U16")
        self.prerequisites: Bools = np.zeros((n_skills, n_skills), dtype=bool)
        for s, skill in enumerate(self.skills):
            for needed in skill.prerequisites:
                self.prerequisites[s, self.column_of[needed]] = True
        for array in (
            self.item_skills,
            self.skill_weights,
            self.visible,
            self.difficulty_logit,
            self.expected_seconds,
            self.kinds,
            self.prerequisites,
        ):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def n_skills(self) -> int:
        """How many skills the catalog has."""
        return len(self.skills)

    def item_means(self, per_skill: Floats, empty: float = 0.0) -> Floats:
        """The mean of a per-skill value over each item's skills.

        Args:
            per_skill: (n_skills,).
            empty: The value of items without skills.

        Returns:
            (n,).
        """
        padded = np.append(per_skill, 0.0)
        means: Floats = (padded[self.item_skills] * self.skill_weights).sum(axis=1)
        if empty:
            means[self.skill_weights[:, 0] == 0.0] = empty
        return means


def in_prerequisite_order(skills: Iterable[Skill]) -> list[Skill]:
    """The skills with prerequisites first, otherwise in the order given (Kahn's algorithm).

    Raises:
        ValueError: A prerequisite is missing or there is a cycle (the catalog importer reports
            both with their lines before a table is ever built).
    """
    waiting = {s.skill_id: s for s in skills}
    done: dict[SkillId, Skill] = {}
    while waiting:
        ready = [s for s in waiting.values() if all(p in done for p in s.prerequisites)]
        if not ready:
            raise ValueError(f"cyclic or unknown prerequisites among {sorted(waiting)[:5]}")
        for skill in ready:
            done[skill.skill_id] = waiting.pop(skill.skill_id)
    return list(done.values())


def _column(values: Iterable[float | None]) -> Floats:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
