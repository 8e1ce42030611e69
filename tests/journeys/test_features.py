"""A learner's features in service: up to date, of any instant, rebuilt for new statistics."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from learnloop.catalog import Catalog
from learnloop.core.errors import ArtifactError, FeatureMismatch, InvalidInput, NaiveTime, NotFound
from learnloop.core.ids import LearnerId
from learnloop.core.time import ManualClock
from learnloop.core.types import Interaction, Ref
from learnloop.features.fold import FeatureFold, require_features
from learnloop.features.steps import STEP
from learnloop.journeys.engine import PersonalizationEngine, Settings
from learnloop.journeys.profiles import ProfileChange
from learnloop.journeys.results import FeatureVector
from learnloop.storage import open_store
from tests.journeys.worlds import ADA, BO, NOW, answer, small_world

LOG = [
    answer(ADA, k, f"add-{k % 6}", k % 3 > 0, response_time_ms=1000 * k, hints=k % 2)
    for k in range(3 * STEP + 3)
]


def by_hand(
    engine: PersonalizationEngine, log: list[Interaction], at: datetime, item: str | None = None
) -> np.ndarray:
    """The vector of a replay, event after event."""
    with engine.store.begin(write=False) as tx:
        live = engine.live(tx)
    state = live.features.start(ADA)
    for x in sorted(log, key=lambda x: x.order):
        state = live.features.update(state, x, live.item(x.item_id))
    row = live.items.row_of.get(item)
    return live.features.vector(state, at, None if row is None else live.items.items[row])


def raw(found: FeatureVector) -> np.ndarray:
    """The values without defaults."""
    return np.where(found.known, found.values, np.nan)


def stored(engine: PersonalizationEngine, ref: Ref) -> bool:
    with engine.store.begin(write=False) as tx:
        return bool(tx.states.get(ADA, [ref]))


def ref_of(engine: PersonalizationEngine) -> Ref:
    return engine.features(ADA).ref


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres"])
def test_every_answer_is_in_the_next_vector(fresh_url: Callable[[str], str], kind: str) -> None:
    with small_world(fresh_url(kind)) as engine:
        for n, x in enumerate(LOG, start=1):
            engine.record([x])
            found = engine.features(ADA, "add-2")
            assert np.array_equal(
                raw(found), by_hand(engine, LOG[:n], found.at, "add-2"), equal_nan=True
            )
            assert (found.n_interactions, found.as_of) == (n, x.occurred_at)
        assert found.age_seconds == (NOW - LOG[-1].occurred_at).total_seconds()
        assert stored(engine, found.ref)


def test_a_late_answer_changes_the_vector_to_that_of_the_right_order() -> None:
    engine = small_world("memory://")
    engine.record(LOG[5:])
    engine.record(LOG[:5])
    found = engine.features(ADA)
    assert np.array_equal(raw(found), by_hand(engine, LOG, found.at), equal_nan=True)


def test_an_instant_of_the_past_knows_what_went_before_it() -> None:
    engine = small_world("memory://")
    engine.record(LOG)
    for n in (0, 1, STEP, len(LOG) - 1):
        at = LOG[n].occurred_at
        found = engine.features(ADA, "add-0", at)
        assert np.array_equal(raw(found), by_hand(engine, LOG[:n], at, "add-0"), equal_nan=True)
        assert found.n_interactions == n
        assert found.as_of == (LOG[n - 1].occurred_at if n else None)


def test_an_answer_ahead_of_the_clock_counts_and_nothing_is_younger_than_nought() -> None:
    engine = small_world("memory://")
    engine.record([replace(LOG[0], occurred_at=NOW + timedelta(minutes=4))])
    found = engine.features(ADA, names=["time_since_last_activity", "user_activity_count"])
    assert found.values.tolist() == [0.0, 1.0]
    assert (found.at, found.age_seconds) == (NOW + timedelta(minutes=4), 0.0)


def test_defaults_stand_in_and_the_mask_says_where() -> None:
    found = small_world("memory://").features(BO)
    fold = FeatureFold()
    assert found.names == tuple(x.name for x in fold.features)
    assert np.array_equal(found.values[~found.known], fold.defaults[~found.known], equal_nan=True)
    assert (found.n_interactions, found.as_of, found.age_seconds) == (0, None, None)


def test_names_items_learners_and_times_that_are_none_are_refused() -> None:
    engine = small_world("memory://")
    with pytest.raises(InvalidInput, match="'charm', 'luck'"):
        engine.features(ADA, names=["n_sessions", "charm", "luck"])
    with pytest.raises(NotFound, match="dance"):
        engine.features(ADA, "dance")
    with pytest.raises(NotFound, match="nobody"):
        engine.features("nobody")
    with pytest.raises(NaiveTime):
        engine.features(ADA, at=datetime(2026, 1, 1))  # noqa: DTZ001 -- that is the point


def test_switched_off_nothing_is_stored_and_all_is_known() -> None:
    store = open_store("memory://")
    off = PersonalizationEngine(store, settings=Settings(features=False), clock=ManualClock(NOW))
    kept = small_world("memory://")
    with kept.store.begin(write=False) as tx:
        off.put_catalog(Catalog(*map(tuple, tx.catalog.load())))
    off.put_profile(ADA, ProfileChange())
    for engine in (off, kept):
        for x in LOG:
            engine.record([x])
    found = off.features(ADA)
    assert not stored(off, found.ref)
    assert np.array_equal(raw(found), raw(kept.features(ADA)), equal_nan=True)


def test_what_came_while_it_was_off_is_not_overlooked() -> None:
    engine = small_world("memory://")
    engine.record(LOG[4 : 4 + STEP])
    off = PersonalizationEngine(engine.store, settings=Settings(features=False), clock=engine.clock)
    off.record(LOG[:4])  # before the stored state
    for n in range(4 + STEP, len(LOG) + 1):
        found = engine.features(ADA)
        assert np.array_equal(raw(found), by_hand(engine, LOG[:n], found.at), equal_nan=True)
        engine.record(LOG[n : n + 1])


def practised() -> PersonalizationEngine:
    engine = small_world("memory://")
    engine.record([
        answer(ADA, k, f"count-{k % 6}", k % 5 > 0, response_time_ms=5000 + 100 * (k % 7))
        for k in range(250)
    ])  # fmt: skip
    return engine


def test_new_statistics_are_another_version_whose_states_are_replayed() -> None:
    engine = practised()
    before = engine.features(ADA, "count-0")
    engine.fit()
    after = engine.features(ADA, "count-0")
    assert after.ref != before.ref
    assert not stored(engine, before.ref)
    assert not stored(engine, after.ref)  # reading stores nothing
    with engine.store.begin(write=False) as tx:
        log = tx.interactions.history(ADA)
    for k in range(250, 250 + STEP):
        engine.record([x := answer(ADA, k)])
        log.append(x)
        found = engine.features(ADA, "count-0")
        expected = by_hand(engine, log, found.at, "count-0")
        assert np.array_equal(raw(found), expected, equal_nan=True)
    assert stored(engine, after.ref)
    assert engine.models()[1].ref == after.ref
    at = {name: i for i, name in enumerate(after.names)}
    assert after.values[at["item_evidence"]] > before.values[at["item_evidence"]] == 0.0


def test_the_same_answers_give_the_same_version_again() -> None:
    engine = practised()
    engine.fit()
    first = ref_of(engine)
    engine.analyze(ADA)
    assert isinstance(engine.clock, ManualClock)
    engine.clock.advance(seconds=1)
    engine.fit()
    assert ref_of(engine) == first
    assert stored(engine, first)
    fresh = PersonalizationEngine(engine.store, settings=Settings(), clock=engine.clock)
    assert ref_of(fresh) == first


def test_statistics_that_were_damaged_are_refused() -> None:
    engine = practised()
    engine.fit()
    with engine.store.begin() as tx:
        record = tx.models.get(ref_of(engine))
        assert record is not None
        tx.models.put(replace(record, manifest=record.manifest + b" "))
    fresh = PersonalizationEngine(engine.store, settings=Settings(), clock=engine.clock)
    with pytest.raises(ArtifactError, match="features@"):
        fresh.features(ADA)


def test_an_item_that_is_harder_now_was_harder_all_along() -> None:
    engine = practised()
    engine.fit()
    engine.analyze(ADA)
    with engine.store.begin(write=False) as tx:
        items = [replace(x, expected_seconds=99.0) for x in tx.catalog.load()[2]]
    engine.put_catalog(Catalog(items=tuple(items)))
    found = engine.features(ADA)
    engine.analyze(ADA)
    assert np.array_equal(raw(found), raw(engine.features(ADA)), equal_nan=True)


def test_a_model_refuses_features_that_it_was_not_trained_on() -> None:
    ref = FeatureFold().ref
    require_features(ref, ref)
    with pytest.raises(FeatureMismatch, match=r"features@0-x.*features@"):
        require_features(ref, Ref("features", "0-x"))


def test_features_of_one_learner_say_nothing_of_another() -> None:
    engine = small_world("memory://")
    engine.record([*LOG, *(replace(x, learner_id=LearnerId("bo"), correct=False) for x in LOG)])
    found = engine.features(ADA)
    assert np.array_equal(raw(found), by_hand(engine, LOG, found.at), equal_nan=True)
