"""Which skills lead to the learner's goal, in what order, and how long will they take?

The skills that the goal names and all that they need, prerequisites first (every skill where the
goal names none). Minutes are a range by rule of thumb, until a fitted model can say better: a right
answer takes a quarter (at best) or a tenth (at worst) of what is missing to certainty,

    answers = log((1 - target) / (1 - level)) / log(1 - share),   minutes = answers * time per item
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, log

import numpy as np

from learnloop.core.ids import ItemId
from learnloop.core.items import ItemTable
from learnloop.core.records import PathStep, StepStatus
from learnloop.core.types import Estimate, Evidence, Goals, Ints
from learnloop.policies.curriculum import curriculum_of
from learnloop.policies.standing import MASTERED_ANSWERS, MASTERED_AT, Standing, standing

FAST_SHARE = 0.25
SLOW_SHARE = 0.10
DEFAULT_SECONDS = 60.0
ITEMS_SHOWN = 5

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # what is known does not depend on reviews


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in prerequisite order, and the range of the minutes that are left."""

    steps: tuple[PathStep, ...]
    minutes_low: float
    minutes_high: float


def plan(items: ItemTable, mastery: Estimate | None, evidence: Evidence, goals: Goals) -> Plan:
    """The path to `goals`; skills without items are passed over.

    A step is done at the target on enough answers, locked while a prerequisite is not known; the
    first of the others is now, the rest next.
    """
    now = standing(items, evidence, mastery, _ANY_TIME)
    target = goals.target_mastery or MASTERED_AT
    steps, low, high = [], 0.0, 0.0
    waiting_for_first = True
    for s in _needed(items, goals):
        n_low, n_high = _answers_left(items, s, now, evidence, target)
        status = _status(s, now, n_high, is_first=waiting_for_first)
        waiting_for_first = waiting_for_first and status is not StepStatus.NOW
        minutes = _seconds(items, s) / 60.0
        low, high = low + n_low * minutes, high + n_high * minutes
        waits = np.flatnonzero(items.prerequisites[s] & ~now.known).tolist()
        steps.append(
            PathStep(
                items.skills[s].skill_id,
                status,
                float(now.level[s]),
                round((n_low + n_high) / 2 * minutes, 1),
                () if status is StepStatus.DONE else _first_items(items, s, evidence),
                tuple(items.skills[r].skill_id for r in waits)
                if status is StepStatus.LOCKED
                else (),
            )
        )
    return Plan(tuple(steps), round(low, 1), round(high, 1))


def _needed(items: ItemTable, goals: Goals) -> list[int]:
    graph = curriculum_of(items)
    named = [items.column_of[s] for s in goals.priority_skills if s in items.column_of]
    needed = graph.n_items > 0
    if named:
        needed &= graph.ancestors[named].any(axis=0) | np.isin(np.arange(items.n_skills), named)
    found: list[int] = np.flatnonzero(needed).tolist()
    return found


def _status(s: int, now: Standing, n_high: int, *, is_first: bool) -> StepStatus:
    if n_high == 0:
        return StepStatus.DONE
    if not now.open[s]:
        return StepStatus.LOCKED
    return StepStatus.NOW if is_first else StepStatus.NEXT


def _answers_left(
    items: ItemTable, s: int, now: Standing, evidence: Evidence, target: float
) -> tuple[int, int]:
    """(at best, at worst); beyond the target, what is missing to be sure."""
    level = min(float(now.level[s]), 1.0 - 1e-6)
    enough = min(int(curriculum_of(items).n_items[s]), MASTERED_ANSWERS)
    missing = max(enough - int(evidence.n_answers[s]), 0)
    way = log((1.0 - target) / (1.0 - level))
    fast, slow = (ceil(way / log(1.0 - share)) for share in (FAST_SHARE, SLOW_SHARE))
    return max(fast, missing), max(slow, missing)


def _rows(items: ItemTable, s: int) -> Ints:
    return np.flatnonzero((items.item_skills == s).any(axis=1) & items.visible)


def _seconds(items: ItemTable, s: int) -> float:
    known = items.expected_seconds[_rows(items, s)]
    known = known[~np.isnan(known)]
    return float(np.median(known)) if len(known) else DEFAULT_SECONDS


def _first_items(items: ItemTable, s: int, evidence: Evidence) -> tuple[ItemId, ...]:
    """The skill's first items that were not answered right last time."""
    ids = (items.items[row].item_id for row in _rows(items, s).tolist())
    return tuple(i for i in ids if not evidence.item_correct.get(i))[:ITEMS_SHOWN]
