"""What do the catalog's prerequisites imply? Computed once per catalog snapshot.

The curriculum order of items: by the last of their skills in prerequisite order, then as the
catalog lists them; items without skills go last.
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from learnloop.core.items import ItemTable
from learnloop.core.types import Bools, Floats, Ints

_KNOWN: WeakKeyDictionary[ItemTable, "Curriculum"] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Curriculum:
    """The prerequisite graph as arrays; read only.

    Attributes:
        skill: (E,) with `needs`: skill[e] needs needs[e] directly.
        needs: (E,) the direct prerequisite.
        needs_of: The direct prerequisites of each skill, as it lists them.
        needed_by: The skills that need it directly, in prerequisite order.
        ancestors: (n_skills, n_skills); [s, r] = s needs r, directly or not.
        n_items: (n_skills,) visible items of each skill.
        empty: (n_skills,) no visible item.
        skills_of: The skill columns of each item row.
        one_skill: No item has more than one skill.
        reach: (n_skills,) share of the skills that need this one, the most needed one = 1.
        order: (n_items,) item rows in curriculum order.
        tie_break: (n_items,) 1 for the first of `order`, falling evenly towards 0.
        focus: (n_items,) the last of each item's skills; `n_skills` where it has none.
    """

    skill: Ints
    needs: Ints
    needs_of: tuple[tuple[int, ...], ...]
    needed_by: tuple[tuple[int, ...], ...]
    ancestors: Bools
    n_items: Ints
    empty: Bools
    skills_of: tuple[tuple[int, ...], ...]
    one_skill: bool
    reach: Floats
    order: Ints
    tie_break: Floats
    focus: Ints


def means_over_skills(items: ItemTable, padded: Floats) -> Floats:
    """(n_items,) mean of a per-skill value over each item's skills; 0 where it has none.

    Args:
        padded: (n_skills + 1,); the last one is 0.
    """
    graph = curriculum_of(items)
    if graph.one_skill:
        return padded.take(graph.focus)
    means: Floats = np.einsum("ij,ij->i", padded[items.item_skills], items.skill_weights)
    return means


def curriculum_of(items: ItemTable) -> Curriculum:
    """The curriculum of a catalog snapshot, computed at the first call."""
    found = _KNOWN.get(items)
    if found is None:
        found = _KNOWN[items] = _build(items)
    return found


def _build(items: ItemTable) -> Curriculum:
    n, n_skills = len(items), items.n_skills
    skill, needs = (x.astype(np.int64) for x in np.nonzero(items.prerequisites))
    ancestors = _closure(items.prerequisites)
    real = items.skill_weights > 0
    shown = items.item_skills[real & items.visible[:, None]]
    n_items = np.bincount(shown, minlength=n_skills)[:n_skills].astype(np.int64)
    n_needing = ancestors.sum(axis=0)
    focus = np.where(real, items.item_skills, -1).max(axis=1, initial=-1)
    focus = np.where(focus < 0, n_skills, focus)
    order = np.argsort(focus, kind="stable")
    tie_break = np.empty(n)
    tie_break[order] = 1.0 - np.arange(n) / max(n, 1)
    reach = n_needing / max(n_needing.max(initial=0), 1)
    skills_of = tuple(
        tuple(row[:width])
        for row, width in zip(items.item_skills.tolist(), real.sum(axis=1).tolist(), strict=True)
    )
    return Curriculum(
        skill,
        needs,
        tuple(tuple(items.column_of[p] for p in s.prerequisites) for s in items.skills),
        tuple(tuple(column.nonzero()[0].tolist()) for column in items.prerequisites.T),
        ancestors,
        n_items,
        n_items == 0,
        skills_of,
        real.shape[1] == 1,
        reach,
        order,
        tie_break,
        focus,
    )


def _closure(direct: Bools) -> Bools:
    ancestors = direct.copy()
    for s in range(len(direct)):  # columns are in prerequisite order: what s needs is complete
        ancestors[s] |= ancestors[direct[s]].any(axis=0)
    return ancestors
