"""A small world for journey tests: a catalog of three skills, two learners, answers at will."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from learnloop.catalog import Catalog
from learnloop.core.ids import InteractionId, ItemId, LearnerId, SkillId
from learnloop.core.time import ManualClock
from learnloop.core.types import Interaction, InteractionKind, Item, Skill
from learnloop.features.state import encode
from learnloop.journeys import states
from learnloop.journeys.engine import PersonalizationEngine, Settings
from learnloop.journeys.profiles import ProfileChange
from learnloop.storage import open_store

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADA, BO = LearnerId("ada"), LearnerId("bo")
SKILLS = ("count", "add", "multiply")
PER_SKILL = 6


def small_catalog() -> Catalog:
    """count -> add -> multiply, six items each from easy to hard."""
    skills = [
        Skill(SkillId(s), s, tuple(SkillId(p) for p in SKILLS[i - 1 : i]))
        for i, s in enumerate(SKILLS)
    ]
    items = [
        Item(ItemId(f"{s}-{k}"), (SkillId(s),), title=f"{s} {k}", answer="1",
             difficulty_logit=k / 2 - 1.25, expected_seconds=30.0)
        for s in SKILLS
        for k in range(PER_SKILL)
    ]  # fmt: skip
    return Catalog((), tuple(skills), tuple(items))


def small_world(url: str) -> PersonalizationEngine:
    """An engine on `url` with the small catalog and both learners."""
    engine = PersonalizationEngine(
        open_store(url), settings=Settings(seed=7), clock=ManualClock(NOW)
    )
    engine.put_catalog(small_catalog())
    for learner in (ADA, BO):
        engine.put_profile(learner, ProfileChange())
    return engine


def answer(
    learner: LearnerId,
    k: int,
    item: str = "count-0",
    correct: bool = True,
    minutes: float | None = None,
    **more: object,
) -> Interaction:
    """Answer number `k`, `minutes` after the start of the day before `NOW`."""
    at = NOW - timedelta(days=1) + timedelta(minutes=k if minutes is None else minutes)
    return Interaction(
        InteractionId(f"a{k}"),
        learner,
        ItemId(item),
        InteractionKind.ANSWERED,
        at,
        correct=correct,
        **more,  # type: ignore[arg-type]
    )


def stored_states(engine: PersonalizationEngine) -> dict[tuple[str, str], tuple[object, ...]]:
    """Every stored state, bytes and all, and the features' state as it is read."""
    found: dict[tuple[str, str], tuple[object, ...]] = {}
    with engine.store.begin(write=False) as tx:
        live = engine.live(tx)
        refs = [fold.ref for fold in (*live.folds, live.features)]
        for learner in (ADA, BO):
            for ref, stored in tx.states.get(learner, refs).items():
                found[learner, ref.name] = (stored.as_of, stored.n, stored.blob)
            state, last_us = states.features(live, tx, learner)
            found[learner, "features now"] = (last_us, state.n, encode(state))
            found[learner, "memory now"] = (encode(states.memory(live, tx, learner)),)
    return found


def in_batches(rows: Sequence[Interaction], cuts: Sequence[int]) -> list[Sequence[Interaction]]:
    """The rows split at the cuts."""
    edges = sorted({0, len(rows), *(c % (len(rows) + 1) for c in cuts)})
    return [rows[a:b] for a, b in pairwise(edges)]
