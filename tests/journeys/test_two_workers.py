"""Do two workers on one database lose each other's changes? Each turn is forced, none is timed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread

import pytest

from learnloop.api.ahead import Ahead, NeedsWriting
from learnloop.core.ids import LearnerId, SkillId
from learnloop.core.protocols import Transaction
from learnloop.core.types import ContentType, Goals, Preferences
from learnloop.journeys import states
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.importing import _enroll
from learnloop.journeys.live import Live
from learnloop.journeys.profiles import ProfileChange, put_profile, set_goals
from learnloop.journeys.recommend import recommend
from learnloop.journeys.record import record
from tests.journeys.worlds import ADA, BO, answer, small_catalog, small_world

NEW = LearnerId("new")


@pytest.fixture
def engine(fresh_url: Callable[[str], str]) -> Iterator[PersonalizationEngine]:
    with small_world(fresh_url("postgres")) as engine:
        yield engine


@contextmanager
def holding_up(
    engine: PersonalizationEngine, other: Callable[[], object]
) -> Iterator[tuple[Live, Transaction]]:
    """A transaction that `other` meets, in another thread, just before it is committed."""
    thread = Thread(target=other)
    with engine.store.begin() as tx:
        yield engine.live(tx), tx
        thread.start()
        thread.join(0.3)  # time to come to a lock; where it does not, the order is another one
    thread.join(30)
    assert not thread.is_alive()


def test_a_recommendation_keeps_no_state_older_than_an_answer(
    engine: PersonalizationEngine,
) -> None:
    engine.record([answer(ADA, 0)])
    engine.put_catalog(replace(small_catalog(), items=small_catalog().items[:1]))  # states are gone
    with holding_up(engine, lambda: engine.generate_recommendations(ADA, 1)) as (live, tx):
        record(live, tx, [answer(ADA, 1)])
    with engine.store.begin(write=False) as tx:
        assert states.current(engine.live(tx), tx, ADA).n == 2
        kept = tx.states.get(ADA, [f.ref for f in engine.live(tx).folds])
        assert {s.n for s in kept.values()} == {2}


def test_priorities_and_goals_set_at_once_are_both_kept(engine: PersonalizationEngine) -> None:
    add = (SkillId("add"),)
    with holding_up(engine, lambda: engine.update_learning_path(ADA, "exam", add)) as (live, tx):
        set_goals(live, tx, ADA, Goals(target_mastery=0.9))
    assert engine.profile(ADA).goals == Goals(target_mastery=0.9, priority_skills=add)


def test_an_import_leaves_what_a_new_learner_said(engine: PersonalizationEngine) -> None:
    said = Preferences(ContentType.VISUAL)
    found: list[set[LearnerId]] = []

    def enroll() -> None:
        with engine.store.begin() as tx:
            found.append(_enroll(engine.live(tx), tx, {NEW}))

    with holding_up(engine, enroll) as (live, tx):
        put_profile(live, tx, NEW, ProfileChange(said))
    assert (found, engine.profile(NEW).preferences) == ([set()], said)


def test_two_who_create_one_learner_are_not_both_first(engine: PersonalizationEngine) -> None:
    said, wanted = Preferences(ContentType.VISUAL), Goals(target_mastery=0.9)
    created: list[bool] = []

    def create() -> None:
        created.append(engine.put_profile(NEW, ProfileChange(goals=wanted))[1])

    with holding_up(engine, create) as (live, tx):
        put_profile(live, tx, NEW, ProfileChange(said))
    profile = engine.profile(NEW)
    assert (created, profile.preferences, profile.goals) == ([False], said, wanted)


def test_looking_ahead_locks_nobody(engine: PersonalizationEngine) -> None:
    engine.record([answer(ADA, 0)])
    engine.put_catalog(replace(small_catalog(), items=small_catalog().items[:1]))  # states are gone
    with engine.store.begin(write=False) as tx:
        live = engine.live(tx)
        with pytest.raises(NeedsWriting):
            recommend(live, Ahead(tx), ADA)
        assert tx.learners.known([ADA]) == {ADA}, "the reading transaction goes on"
        assert recommend(live, Ahead(tx), BO).recommendations
