"""What does a random but plausible world look like? Catalog, learner, log and context from a seed.

Skills form a random graph; items have none to three of them, some are hidden, some without an
authored difficulty or time. The learner has answered some, dismissed some, and may have goals.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from learnloop.core.context import Context
from learnloop.core.ids import InteractionId, ItemId, LearnerId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Estimator
from learnloop.core.types import (
    ContentType,
    Goals,
    Interaction,
    InteractionKind,
    Item,
    ItemKind,
    Learner,
    Preferences,
    ProgressionRate,
    Skill,
    Target,
)
from learnloop.features.profile import ProfileFold
from learnloop.features.views import evidence
from learnloop.policies.recommend.eligible import eligible

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
LEARNER = LearnerId("ana")


@dataclass(frozen=True, slots=True)
class World:
    """One catalog, one learner, their log in the total order, and the present."""

    items: ItemTable
    learner: Learner
    log: tuple[Interaction, ...]
    at: datetime


def random_world(seed: int, n_items: int = 60, n_answers: int = 80, n_skills: int = 8) -> World:
    """The world of a seed; the same seed gives the same world."""
    rng = np.random.default_rng(seed)
    table = random_table(rng, n_items, n_skills)
    log = random_log(rng, table, n_answers)
    at = (log[-1].occurred_at if log else START) + timedelta(hours=float(rng.exponential(30.0)))
    return World(table, _learner(rng, table, at), log, at)


def random_table(rng: np.random.Generator, n_items: int = 60, n_skills: int = 8) -> ItemTable:
    """A catalog; a skill may need any of those before it."""
    names = [SkillId(f"skill-{s}") for s in range(n_skills)]
    skills = [
        Skill(name, f"Skill {s}", tuple(p for p in names[:s] if rng.random() < 1.5 / (s + 1)))
        for s, name in enumerate(names)
    ]
    return ItemTable(
        f"v{rng.integers(10**9)}", [_item(rng, i, names) for i in range(n_items)], skills
    )


def _item(rng: np.random.Generator, i: int, names: list[SkillId]) -> Item:
    n_own = min(int(rng.choice([0, 1, 1, 1, 1, 2, 3])), len(names))
    own = rng.choice(len(names), n_own, replace=False) if n_own else ()
    return Item(
        ItemId(f"item-{i}"),
        tuple(names[s] for s in own),
        kind=list(ItemKind)[int(rng.choice([0, 0, 0, 1, 2, 3, 4]))],
        difficulty_logit=float(rng.normal()) if rng.random() < 0.8 else None,
        expected_seconds=float(rng.integers(10, 900)) if rng.random() < 0.8 else None,
        visible=bool(rng.random() < 0.9),
    )


def random_log(rng: np.random.Generator, items: ItemTable, n: int) -> tuple[Interaction, ...]:
    """`n` interactions, mostly answers, by a learner who has met some of the skills."""
    met = {s.skill_id for s in items.skills[: int(rng.integers(items.n_skills + 1) or 1)]}
    known = [item for item in items.items if met.issuperset(item.skills)]
    strength = {s.skill_id: rng.normal(1.5, 1.5) for s in items.skills}
    at, log = START, []
    for i in range(n if known else 0):
        at += timedelta(seconds=int(rng.choice([20, 40, 90, 600, 40_000, 200_000])))
        item = known[int(rng.integers(len(known)))]
        logit = sum(strength[s] for s in item.skills) / max(len(item.skills), 1)
        logit -= item.difficulty_logit or 0.0
        log.append(_interaction(rng, i, item, at, 1.0 / (1.0 + np.exp(-logit))))
    return tuple(log)


def _interaction(
    rng: np.random.Generator, i: int, item: Item, at: datetime, p: float
) -> Interaction:
    answered = rng.random() < 0.9
    kind = InteractionKind.ANSWERED if answered else list(InteractionKind)[int(rng.integers(7))]
    judged = kind is InteractionKind.ANSWERED and rng.random() < 0.98
    correct = bool(rng.random() < p) if judged else None
    ms = int(rng.integers(1000, 120_000)) if rng.random() < 0.8 else None
    return Interaction(
        InteractionId(f"e{i}"),
        LEARNER,
        item.item_id,
        kind,
        at,
        correct=correct,
        response_time_ms=ms,
    )


def _learner(rng: np.random.Generator, items: ItemTable, at: datetime) -> Learner:
    wanted = tuple(s.skill_id for s in items.skills if rng.random() < 0.2)
    goals = Goals(float(rng.uniform(0.7, 0.95)), priority_skills=wanted) if wanted else Goals()
    said = Preferences(
        preferred_content_type=[None, *ContentType][int(rng.integers(5))],
        session_minutes=[None, 10, 30][int(rng.integers(3))],
        progression_rate=[None, *ProgressionRate][int(rng.integers(4))],
    )
    dismissed = {
        item.item_id: at + timedelta(days=float(rng.normal(0.0, 5.0)))
        for item in items.items
        if rng.random() < 0.1
    }
    return Learner(LEARNER, START, said, goals, dismissed=dismissed)


def context_of(
    world: World, estimator: Estimator[Any], n: int = 5, *, learner: Learner | None = None
) -> Context:
    """What a policy would see of the world's learner, or of another one with the same log."""
    learner = learner or world.learner
    profile, knowledge = ProfileFold(), estimator.start(learner.learner_id)
    state = profile.start(learner.learner_id)
    for event in world.log:
        item = world.items.items[world.items.row_of[event.item_id]]
        state = profile.update(state, event, item)
        knowledge = estimator.update(knowledge, event, item)
    facts = evidence(state, world.items)
    estimates = {
        Target.CORRECT: estimator.predict(knowledge, world.items, world.at),
        Target.MASTERY: estimator.mastery(knowledge, world.items, world.at),
    }
    rows = eligible(learner, world.items, facts, estimates[Target.MASTERY], world.at)
    return Context(learner, world.at, world.items, rows, estimates, facts, n)
