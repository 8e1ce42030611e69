"""A school large enough to fit a model on and to judge it: simulated learners, the real course."""

from datetime import UTC, datetime, timedelta

import numpy as np

from learnloop.catalog.course import seeded_course
from learnloop.core.ids import LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.time import ManualClock
from learnloop.core.types import Interaction, Learner
from learnloop.journeys.engine import PersonalizationEngine, Settings
from learnloop.simulation.learner import SimulatedLearner, Traits
from learnloop.simulation.study import Habits, history
from learnloop.storage import open_store

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def logs(n_learners: int, seed: int, until: datetime = NOW) -> dict[str, list[Interaction]]:
    """What so many simulated learners did in the four weeks before, by id."""
    course = seeded_course()
    items = ItemTable("course", course.items, course.skills)
    rng = np.random.default_rng(seed)
    found = {}
    for n in range(n_learners):
        name = LearnerId(f"sim-{seed}-{n}")
        traits = Traits(start=rng.normal(0.3, 1.0), pace=rng.uniform(0.1, 0.4))
        days = tuple(sorted(rng.choice(28, int(rng.integers(3, 9)), replace=False).tolist()))
        learner = SimulatedLearner(name, traits, items)
        found[name] = list(history(learner, Habits(days), items, until, rng))
    return found


def append(engine: PersonalizationEngine, by_learner: dict[str, list[Interaction]]) -> None:
    """Put logs into the store as they are; no state is kept up to date for them."""
    with engine.store.begin() as tx:
        for name, log in by_learner.items():
            tx.learners.put(Learner(LearnerId(name), NOW - timedelta(days=60)))
            tx.interactions.append(log)


def school(
    url: str, by_learner: dict[str, list[Interaction]], *, seed: int = 3
) -> PersonalizationEngine:
    """An engine with the course and these learners."""
    settings = Settings(seed=seed, features=False)
    engine = PersonalizationEngine(open_store(url), settings=settings, clock=ManualClock(NOW))
    engine.put_catalog(seeded_course())
    append(engine, by_learner)
    return engine
