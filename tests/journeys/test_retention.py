"""What is still remembered: asked for, kept up to date, and fitted where that predicts better."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pytest

from learnloop.core.artifact import Artifact
from learnloop.core.errors import ArtifactError, InvalidInput, NotFound
from learnloop.core.ids import InteractionId, ItemId, LearnerId, SkillId
from learnloop.core.time import ManualClock
from learnloop.core.types import Interaction, InteractionKind, Learner
from learnloop.features.state import encode
from learnloop.journeys import states
from learnloop.journeys.adding import add
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.registry import artifact_of
from learnloop.models import memory
from learnloop.models.memory.parameters import DEFAULTS

from .worlds import ADA, BO, NOW, SKILLS, answer, small_world


@pytest.fixture
def engine() -> Iterator[PersonalizationEngine]:
    with small_world("memory://") as made:
        yield made


def test_a_learner_is_told_what_fades_and_when(engine: PersonalizationEngine) -> None:
    engine.record([answer(ADA, k, "add-2", minutes=-4320 * (6 - k)) for k in range(6)])
    engine.record([answer(ADA, 10, "multiply-1", correct=False)])
    found = engine.predict_retention(ADA)
    assert [one.id for one in found.skills] == ["add", "multiply"]
    add, multiply = found.skills
    assert add.n_reviews == 6
    assert (add.sure, multiply.sure) == (True, False)
    assert add.recall is not None
    assert multiply.recall is not None
    assert add.low is not None
    assert add.high is not None
    assert add.low < add.recall < add.high
    assert multiply.recall < add.recall
    assert add.below_at is not None
    assert add.review_at is not None
    then = engine.predict_retention(ADA, at=add.below_at).skills[0]
    assert then.recall == pytest.approx(0.9, abs=1e-6)
    assert abs(add.review_at - add.below_at) <= timedelta(days=1)
    later = engine.predict_retention(ADA, at=NOW + timedelta(days=90), desired=0.8).skills[0]
    assert later.recall is not None
    assert later.recall < 0.9
    assert later.below_at is not None
    assert later.below_at > add.below_at


def test_skills_and_items_come_as_asked_for_met_or_not(engine: PersonalizationEngine) -> None:
    engine.record([answer(ADA, 0, "add-2")])
    skills, items = [SkillId("multiply"), SkillId("add")], [ItemId("add-3"), ItemId("add-2")]
    found = engine.predict_retention(ADA, skills, items)
    assert [one.id for one in found.skills] == skills
    assert [one.id for one in found.items] == items
    assert [one.n_reviews for one in (*found.skills, *found.items)] == [0, 1, 0, 1]
    assert found.items[0].recall is None
    assert engine.predict_retention(BO).skills == ()


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"skills": [SkillId("none")]}, NotFound),
        ({"items": [ItemId("add-2"), ItemId("none")]}, NotFound),
        ({"at": NOW - timedelta(seconds=1)}, InvalidInput),
        ({"at": NOW, "in_days": 1.0}, InvalidInput),
        ({"in_days": -1.0}, InvalidInput),
        ({"desired": 0.5}, InvalidInput),
        ({"learner_id": "nobody"}, NotFound),
    ],
)
def test_what_cannot_be_asked_is_refused(
    engine: PersonalizationEngine, wrong: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        engine.predict_retention(**{"learner_id": ADA, **wrong})  # type: ignore[arg-type]


def test_the_state_is_stored_in_steps_and_late_answers_are_not_overlooked(
    engine: PersonalizationEngine,
) -> None:
    rows = [answer(ADA, k, f"add-{k % 6}", k % 4 > 0, minutes=10 * k) for k in range(140)]
    engine.record(rows[:70] + rows[71:130])
    assert stored(engine) is None
    engine.predict_retention(ADA)
    assert stored(engine) == 128
    engine.record(rows[130:])
    engine.predict_retention(ADA)
    assert stored(engine) == 128
    engine.record(rows[70:71])
    late = engine.predict_retention(ADA)
    assert stored(engine) == 128
    with small_world("memory://") as other:
        other.record(rows)
        assert other.predict_retention(ADA) == late
        assert blob(other) == blob(engine)


def test_memory_is_fitted_and_takes_over_where_it_predicts_better() -> None:
    with forgetful(120, n_each=30) as engine:
        cold = engine.predict_retention(LearnerId("l0"), at=NOW)
        told = engine.retrain("memory")
        assert told.slot == "memory"
        assert told.promoted, told.because
        assert told.champion.model.version.startswith("catalog-")
        warm = engine.predict_retention(LearnerId("l0"), at=NOW)
        assert warm.model == told.challenger.model != cold.model
        assert champion(engine).frozen.skills != DEFAULTS
        with engine.store.begin(write=False) as tx:
            made = artifact_of(tx, told.challenger.model)
    with small_world("memory://") as elsewhere, elsewhere.store.begin() as tx:
        assert add(tx, made).ref == told.challenger.model
        files = {**made.files, "model.json": memory.from_catalog(()).export()}
        other = Artifact.build(made.ref, "memory", NOW, files)
        with pytest.raises(ArtifactError, match=r"its model\.json is of memory@catalog"):
            add(tx, other)


def test_with_too_little_the_defaults_stay() -> None:
    with forgetful(30, n_each=12) as small:
        told = small.retrain("memory")
        assert not told.promoted
        assert champion(small).frozen.skills == DEFAULTS
        assert small.predict_retention(LearnerId("l0")).model.version.startswith("catalog-")


def stored(engine: PersonalizationEngine) -> int | None:
    with engine.store.begin(write=False) as tx:
        ref = engine.live(tx).memory.ref
        found = tx.states.get(ADA, [ref]).get(ref)
        return None if found is None else found.n


def blob(engine: PersonalizationEngine) -> bytes:
    with engine.store.begin(write=False) as tx:
        return encode(states.memory(engine.live(tx), tx, ADA))


def champion(engine: PersonalizationEngine) -> memory.MemoryModel:
    with engine.store.begin(write=False) as tx:
        return engine.live(tx).memory


def forgetful(n_learners: int, n_each: int = 40) -> PersonalizationEngine:
    """Learners who forget much faster than users of Anki do, and nothing at all below a day."""
    engine = small_world("memory://")
    rng = np.random.default_rng(4)
    with engine.store.begin() as tx:
        for n in range(n_learners):
            name = LearnerId(f"l{n}")
            tx.learners.put(Learner(name, NOW))
            tx.interactions.append(list(history(name, n_each, rng)))
    assert isinstance(engine.clock, ManualClock)
    return engine


def history(name: LearnerId, n_each: int, rng: np.random.Generator) -> Iterator[Interaction]:
    at: datetime = NOW - timedelta(days=200)
    last: dict[str, datetime] = {}
    for k in range(n_each):
        at += timedelta(days=float(rng.exponential(4.0)))
        skill = SKILLS[int(rng.integers(3))]
        days = (at - last[skill]).total_seconds() / 86400 if skill in last else 0.0
        right = bool(rng.random() < 0.05 + 0.9 * 0.8**days)
        last[skill] = at
        item = ItemId(f"{skill}-{int(rng.integers(6))}")
        yield Interaction(
            InteractionId(f"{k}"), name, item, InteractionKind.ANSWERED, at, correct=right
        )
