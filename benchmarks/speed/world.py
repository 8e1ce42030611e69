"""In which made-up school are choosing and recording measured? The same on every machine.

120 skills of 100 items each. The learner has answered 3 items of each of the first 100 skills, one
of them right, the last time days ago; the other 20 skills are locked behind skills that are not
known yet. So exactly 10,000 items are eligible. Sixty more learners have 60 answers each: enough
for every system to be fitted on.
"""

from datetime import UTC, datetime, timedelta

import numpy as np

from learnloop.catalog import Catalog
from learnloop.core.ids import InteractionId, ItemId, LearnerId, SkillId
from learnloop.core.time import ManualClock
from learnloop.core.types import Interaction, InteractionKind, Item, Skill
from learnloop.journeys.engine import PersonalizationEngine, Settings
from learnloop.journeys.profiles import ProfileChange
from learnloop.storage import open_store

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LEARNER = LearnerId("learner-0")
N_SKILLS, N_OPEN, PER_SKILL = 120, 100, 100
N_ELIGIBLE = N_OPEN * PER_SKILL
N_LEARNERS, N_ANSWERS = 60, 60
SEED = 7


def large_catalog() -> Catalog:
    """12,000 items; the open skills form chains of four, each locked skill needs an open one."""
    rng = np.random.default_rng(SEED)
    skills = [
        Skill(SkillId(_skill(k)), f"Skill {k}", tuple(SkillId(_skill(p)) for p in _needs(k)))
        for k in range(N_SKILLS)
    ]
    items = [
        Item(
            ItemId(_item(k, j)),
            (SkillId(_skill(k)),),
            title=f"Item {j} of skill {k}",
            difficulty_logit=float(rng.normal()),
            expected_seconds=45.0,
        )
        for k in range(N_SKILLS)
        for j in range(PER_SKILL)
    ]
    return Catalog((), tuple(skills), tuple(items))


def small_catalog() -> Catalog:
    """The first 240 items and their skills: what a single course has."""
    large = large_catalog()
    items = large.items[:240]
    kept = {s for x in items for s in x.skills}
    return Catalog((), tuple(s for s in large.skills if s.skill_id in kept), items)


def _needs(k: int) -> list[int]:
    if k >= N_OPEN:
        return [k - N_OPEN]
    return [k - 1] if k % 4 else []


def _skill(k: int) -> str:
    return f"s{k:03}"


def _item(skill: int, j: int) -> str:
    return f"i{skill:03}-{j:02}"


def answers() -> list[Interaction]:
    """Everybody's answers; the measured learner's last."""
    rng = np.random.default_rng(SEED)
    found = []
    for n in range(1, N_LEARNERS + 1):
        for k in range(N_ANSWERS):
            item = _item(int(rng.integers(N_OPEN)), int(rng.integers(PER_SKILL)))
            found.append(answer(LearnerId(f"learner-{n}"), k, item, bool(rng.random() < 0.6)))
    for k in range(3 * N_OPEN):
        found.append(answer(LEARNER, k, _item(k // 3, k % 3), k % 3 == 0))
    return found


def answer(learner: LearnerId, k: int, item: str, correct: bool) -> Interaction:
    """Answer `k` of a learner: thirty a day, a minute apart, the first twenty days ago."""
    at = NOW - timedelta(days=20 - k // 30, minutes=-(k % 30))
    return Interaction(
        InteractionId(f"a{k}"),
        learner,
        ItemId(item),
        InteractionKind.ANSWERED,
        at,
        correct=correct,
        response_time_ms=20_000,
    )


def school(url: str, catalog: Catalog, n_learners: int) -> PersonalizationEngine:
    """An engine on `url` with a catalog and learners `learner-0` up to `learner-{n - 1}`."""
    engine = PersonalizationEngine(
        open_store(url), settings=Settings(seed=SEED), clock=ManualClock(NOW)
    )
    engine.put_catalog(catalog)
    for n in range(n_learners):
        engine.put_profile(f"learner-{n}", ProfileChange())
    return engine
