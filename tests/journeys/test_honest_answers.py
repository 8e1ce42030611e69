"""What may a plan, a rating, a fit and a report of progress not do? Change or claim what is not."""

from datetime import timedelta

import pytest

from learnloop.core.errors import InvalidInput
from learnloop.core.ids import LearnerId
from learnloop.core.time import ManualClock
from learnloop.core.types import Metric
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.profiles import ProfileChange
from learnloop.models import ability
from tests.journeys.worlds import ADA, BO, NOW, answer, small_world


def clock_of(engine: PersonalizationEngine) -> ManualClock:
    assert isinstance(engine.clock, ManualClock)
    return engine.clock


def test_looking_at_a_path_again_changes_nothing() -> None:
    engine = small_world("memory://")
    engine.record([answer(ADA, k, f"count-{k % 6}") for k in range(8)])
    first = engine.optimize_learning_path(ADA)
    for _ in range(3):
        clock_of(engine).advance(hours=1)
        again = engine.optimize_learning_path(ADA)
    assert (again.version, again.updated_at, again.history) == (
        first.version,
        first.updated_at,
        first.history,
    )
    assert again.steps[0].mastery != first.steps[0].mastery


def test_another_rating_is_told_that_the_first_one_counts() -> None:
    engine = small_world("memory://")
    wanted = engine.generate_recommendations(ADA, 1).recommendations[0].recommendation_id
    first = engine.give_feedback(ADA, wanted, rating=5)
    clock_of(engine).advance(minutes=1)
    assert engine.give_feedback(ADA, wanted, rating=1) == first
    both = engine.give_feedback(ADA, wanted, Metric.ACCEPTED, rating=2)
    assert [(x.metric, x.value) for x in both] == [(Metric.ACCEPTED, 1.0), (Metric.RATING, 5.0)]


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_others_write_while_a_model_is_fitted(
    kind: str, fresh_url: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = small_world(fresh_url(kind))  # type: ignore[operator]
    engine.record([answer(ADA, k, f"count-{k % 6}", k % 3 > 0) for k in range(220)])
    really = ability.fit

    def meanwhile(*args: object, **more: object) -> object:
        assert engine.record([answer(BO, 0)]).accepted == 1
        return really(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ability, "fit", meanwhile)
    fitted = engine.fit()
    assert fitted.metrics["n_answers"] == 220
    assert engine.models()[0] == fitted
    assert engine.profile(BO).n_interactions == 1


def test_progress_says_from_when_on_it_counts() -> None:
    engine = small_world("memory://")
    clock_of(engine).set(NOW + timedelta(days=100))
    engine.record([answer(ADA, k, minutes=k * 24 * 60) for k in range(80)])
    shown = engine.progress(ADA, days=365)
    days = timedelta(days=1)
    counted = [k for k in range(80) if NOW - days + k * days >= shown.since]
    assert shown.n_answers == len(counted) == 60
    assert engine.progress(ADA, days=30).since == NOW + timedelta(days=70)
    engine.put_profile(BO, ProfileChange())
    assert engine.progress(BO, days=365).since == NOW + timedelta(days=100 - 365)


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "x" * 201])
def test_no_learner_gets_an_id_that_no_other_door_takes(name: str) -> None:
    with pytest.raises(InvalidInput, match="learner_id"):
        small_world("memory://").put_profile(LearnerId(name), ProfileChange())
