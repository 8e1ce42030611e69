"""What does a new user find? The seeded course, a class of made-up learners, and their answers.

Every learner here is simulated, is named as no human is, has an id that begins with `demo-`, and
carries `is_demo`, which the pages show. Their answers go through the same record journey as real
ones. The same seed gives the same answers, counted back from the day they are made.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from learnloop.accounts.keys import create_key
from learnloop.catalog.course import seeded_course
from learnloop.core.ids import LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Transaction
from learnloop.core.random import derive_rng
from learnloop.core.records import Role
from learnloop.core.types import ContentType, Goals, Interaction, Preferences, ProgressionRate
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.live import Live
from learnloop.journeys.profiles import ProfileChange, put_profile
from learnloop.journeys.record import record
from learnloop.simulation.learner import SimulatedLearner, Traits
from learnloop.simulation.study import Habits, history

CLASS_ID = "demo-class"
SHOWN = LearnerId("demo-otter")


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """What one needs to look around: a learner, their class, and a key for each role."""

    learner_id: str
    class_id: str
    learner_key: str
    teacher_key: str
    admin_key: str


STEADY = (25, 22, 20, 18, 15, 13, 11, 8, 6, 4, 1)
CLASS: dict[str, tuple[Traits, Habits]] = {
    "demo-otter": (Traits(), Habits((16, 13, 11, 9, 6, 4, 2))),
    "demo-badger": (Traits(start=1.0, pace=0.35), Habits(STEADY)),
    "demo-comet": (Traits(start=1.8, pace=0.45, seconds=14.0), Habits(STEADY, 10)),
    "demo-dragonfly": (Traits(start=0.0, pace=0.18), Habits(STEADY, 6)),
    "demo-ember": (Traits(start=-0.6, pace=0.15, hint_rate=0.4), Habits((20, 17, 14, 10, 7, 3))),
    "demo-fjord": (Traits(forgetting=0.08), Habits((28, 27, 26, 25, 3, 2, 1))),
    "demo-gecko": (Traits(pace=0.3, skip_rate=0.2), Habits((12, 10, 8, 5, 3, 1))),
    "demo-harbor": (Traits(start=0.8), Habits((27, 26, 24, 23, 22))),
    "demo-iris": (Traits(start=1.2, seconds=45.0), Habits((9, 7, 5, 2), 12, 8)),
    "demo-juniper": (Traits(start=0.2, pace=0.3), Habits((6, 5, 4, 3, 2, 1), 5, 19)),
    "demo-kite": (Traits(), Habits((1,), 3)),
    "demo-lichen": (Traits(), Habits(())),
}


def fill(
    engine: PersonalizationEngine, on_progress: Callable[[int], None] = lambda _: None
) -> DemoAccess:
    """Put the course, the class and its history into an empty database.

    Args:
        engine: On the database to fill.
        on_progress: Told how many learners are done.
    """
    engine.put_catalog(seeded_course())
    for n_done, name in enumerate(CLASS, start=1):
        with engine.store.begin() as tx:
            _enroll(engine.live(tx), tx, LearnerId(name))
        on_progress(n_done)
    with engine.store.begin() as tx:
        return DemoAccess(
            SHOWN,
            CLASS_ID,
            _key(engine, tx, Role.LEARNER, learner_id=SHOWN),
            _key(engine, tx, Role.TEACHER, class_id=CLASS_ID),
            _key(engine, tx, Role.ADMIN),
        )


def _enroll(live: Live, tx: Transaction, learner_id: LearnerId) -> None:
    put_profile(live, tx, learner_id, _wishes(live.items), is_demo=True)
    tx.accounts.add_member(CLASS_ID, learner_id)
    record(live, tx, list(_history(live, learner_id)))


def _wishes(items: ItemTable) -> ProfileChange:
    last = (items.skills[-1].skill_id,) if items.skills else ()
    said = Preferences(ContentType.MIXED, 20, ProgressionRate.MODERATE)
    return ProfileChange(said, Goals(target_mastery=0.85, priority_skills=last))


def _history(live: Live, learner_id: LearnerId) -> Iterator[Interaction]:
    traits, habits = CLASS[learner_id]
    learner = SimulatedLearner(learner_id, traits, live.items)
    rng = derive_rng(live.seed, "demo", learner_id)
    return history(learner, habits, live.items, live.clock.now(), rng)


def _key(
    engine: PersonalizationEngine,
    tx: Transaction,
    role: Role,
    *,
    learner_id: LearnerId | None = None,
    class_id: str | None = None,
) -> str:
    text, key = create_key(role, engine.clock.now(), learner_id=learner_id, class_id=class_id)
    tx.accounts.add_key(key)
    return text
