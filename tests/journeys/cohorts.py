"""A simulated world: every week a new class of the same kind comes, answers for a week, and goes.

Nothing changes from week to week but what is planted, so an alert in a world without anything
planted is a false one.
"""

from datetime import UTC, datetime, timedelta

import numpy as np

from learnloop.catalog.course import seeded_course
from learnloop.core.ids import InteractionId, LearnerId
from learnloop.core.time import ManualClock
from learnloop.core.types import Interaction, InteractionKind, Learner
from learnloop.journeys.engine import PersonalizationEngine

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
N_WEEKS = 6
N_LEARNERS = 60
N_ANSWERS = 10


def school(url="memory://", *, seed=1, harder_from=None, slower_from=None, n_weeks=N_WEEKS):
    """An engine whose clock stands at the end of the last week.

    Args:
        harder_from: From this week on answers are 1.2 logits harder to get right than before.
        slower_from: From this week on an answer takes twice as long.
    """
    engine = PersonalizationEngine.open(url, clock=ManualClock(START))
    engine.put_catalog(seeded_course())
    rng = np.random.default_rng(seed)
    for week in range(n_weeks):
        harder = harder_from is not None and week >= harder_from
        slower = slower_from is not None and week >= slower_from
        _cohort(engine, rng, week, 1.2 if harder else 0.0, 2.0 if slower else 1.0)
    engine.clock.set(START + timedelta(weeks=n_weeks))
    return engine


def _cohort(engine, rng, week, harder, slower):
    with engine.store.begin() as tx:
        items = [x for x in engine.live(tx).items.items if x.difficulty_logit is not None]
        for n in range(N_LEARNERS):
            tx.learners.put(Learner(LearnerId(f"w{week:02}-{n:03}"), START))
    given = []
    for n in range(N_LEARNERS):
        ability = rng.normal()
        at = START + timedelta(weeks=week, hours=float(rng.uniform(1, 100)))
        for k in range(N_ANSWERS):
            item = items[int(rng.integers(len(items)))]
            logit = ability - item.difficulty_logit - harder
            right = bool(rng.random() < 1 / (1 + np.exp(-logit)))
            seconds = float(rng.lognormal(3.0, 0.5)) * slower
            at += timedelta(seconds=seconds + 20)
            given.append(
                Interaction(
                    InteractionId(f"{week}-{n}-{k}"),
                    LearnerId(f"w{week:02}-{n:03}"),
                    item.item_id,
                    InteractionKind.ANSWERED,
                    at,
                    correct=right,
                    response_time_ms=round(1000 * seconds),
                )
            )
    engine.clock.set(START + timedelta(weeks=week + 1))
    for i in range(0, len(given), 500):
        assert not engine.record(given[i : i + 500]).rejected
