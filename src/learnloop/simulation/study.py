"""When does a simulated learner study, and what? Weekly sessions along the curriculum.

In a session the learner works on the first skill, prerequisites first, that is not yet at
`READY` logits; one item in five reviews a skill that is. No engine chooses here: the history is
what a class would have done before the engine came.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from learnloop.core.items import ItemTable
from learnloop.core.types import Interaction, Item
from learnloop.simulation.learner import SimulatedLearner

READY = 1.2
REVIEW_RATE = 0.2


@dataclass(frozen=True, slots=True)
class Habits:
    """How much and how often someone studies.

    Attributes:
        days: Days before the end of the history on which there is a session, most recent last.
        n_items: Items met in each session.
        hour: Hour of the day (UTC) when sessions begin.
    """

    days: tuple[int, ...]
    n_items: int = 8
    hour: int = 15


def history(
    learner: SimulatedLearner,
    habits: Habits,
    items: ItemTable,
    until: datetime,
    rng: np.random.Generator,
) -> Iterator[Interaction]:
    """Everything the learner did up to `until`, in order."""
    seen: set[str] = set()
    for day in sorted(habits.days, reverse=True):
        midnight = (until - timedelta(days=day)).replace(hour=0, minute=0, second=0, microsecond=0)
        at = midnight + timedelta(hours=habits.hour, minutes=int(rng.integers(0, 40)))
        for _ in range(habits.n_items):
            if at >= until:
                return
            item = _choose(learner, items, seen, at, rng)
            seen.add(item.item_id)
            yield learner.meet(item, at, rng)
            at += timedelta(seconds=int(rng.integers(20, 90)))


def _choose(
    learner: SimulatedLearner,
    items: ItemTable,
    seen: set[str],
    at: datetime,
    rng: np.random.Generator,
) -> Item:
    levels = [learner.ability(skill.skill_id, at) for skill in items.skills]
    ready = [s for s, level in enumerate(levels) if level >= READY]
    frontier = next((s for s, level in enumerate(levels) if level < READY), None)
    reviews = frontier is None or (ready and rng.random() < REVIEW_RATE)
    column = int(rng.choice(ready)) if reviews else frontier
    rows = np.flatnonzero((items.item_skills == column).any(axis=1) & items.visible)
    fresh = [row for row in rows if items.items[row].item_id not in seen]
    return items.items[int(rng.choice(fresh or rows))]
