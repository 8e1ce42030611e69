"""A better next step comes out: eligible, logged, explained, and replayable."""

from dataclasses import replace

import pytest

from learnloop.core.errors import InvalidInput, NotFound
from learnloop.core.random import derive_rng
from learnloop.core.types import InteractionKind, ItemKind, Metric
from learnloop.journeys.profiles import ProfileChange
from learnloop.journeys.recommend import context_of
from tests.journeys.worlds import ADA, BO, NOW, answer, small_world


def test_a_beginner_is_shown_what_needs_nothing_first() -> None:
    engine = small_world("memory://")
    chosen = engine.generate_recommendations(ADA, n=3)
    assert {r.item.skills[0] for r in chosen.recommendations} == {"count"}
    assert all(1 <= len(r.reasons) <= 3 for r in chosen.recommendations)


def test_right_answers_open_the_next_skill_and_change_the_reasons() -> None:
    engine = small_world("memory://")
    before = engine.generate_recommendations(ADA, n=3)
    engine.record([answer(ADA, k, f"count-{k % 6}") for k in range(18)])
    after = engine.generate_recommendations(ADA, n=3)
    assert "add" in {r.item.skills[0] for r in after.recommendations}
    assert [r.reasons for r in before.recommendations] != [r.reasons for r in after.recommendations]


def test_a_decision_is_logged_with_propensities_and_models() -> None:
    engine = small_world("memory://")
    shown = engine.generate_recommendations(ADA, n=3)
    with engine.store.begin(write=False) as tx:
        logged = tx.decisions.get(shown.decision_id)
        live = engine.live(tx)
    assert logged is not None
    assert [c.action.item_id for c in logged.choices] == [
        r.item.item_id for r in shown.recommendations
    ]
    assert all(0 < c.propensity <= 1 for c in logged.choices)
    assert live.estimator.ref in logged.models


def test_a_logged_decision_replays_exactly() -> None:
    engine = small_world("memory://")
    engine.record([answer(ADA, k, f"count-{k % 6}", k % 2 > 0) for k in range(9)])
    shown = engine.generate_recommendations(ADA, n=4)
    with engine.store.begin() as tx:
        live = engine.live(tx)
        logged = tx.decisions.get(shown.decision_id)
        learner = tx.learners.get(ADA)
        assert logged is not None
        assert learner is not None
        context = context_of(live, tx, learner, logged.decided_at, 4, None)
        again = live.policy.decide(context, derive_rng(live.seed, logged.decision_id))
    assert again == logged.choices


def test_a_dismissed_item_stays_away_and_feedback_counts_once() -> None:
    engine = small_world("memory://")
    first = engine.generate_recommendations(ADA, n=1).recommendations[0]
    outcomes = engine.give_feedback(ADA, first.recommendation_id, Metric.DISMISSED, rating=2)
    again = engine.give_feedback(ADA, first.recommendation_id, Metric.DISMISSED, rating=2)
    assert [o.outcome_id for o in outcomes] == [o.outcome_id for o in again]
    assert engine.profile(ADA).dismissed == (first.item.item_id,)
    for _ in range(5):
        shown = engine.generate_recommendations(ADA, n=6).recommendations
        assert first.item.item_id not in {r.item.item_id for r in shown}


@pytest.mark.parametrize("name", ["", "x", "x.0", "{}.99", "{}.-1", "{}.²", "{}"])
def test_feedback_to_what_was_never_recommended_is_not_found(name: str) -> None:
    engine = small_world("memory://")
    decision = engine.generate_recommendations(ADA, n=1).decision_id
    with pytest.raises(NotFound):
        engine.give_feedback(ADA, name.format(decision), Metric.ACCEPTED)


def test_feedback_to_another_learners_recommendation_is_not_found() -> None:
    engine = small_world("memory://")
    theirs = engine.generate_recommendations(BO, n=1).recommendations[0]
    with pytest.raises(NotFound):
        engine.give_feedback(ADA, theirs.recommendation_id, Metric.ACCEPTED)


def test_feedback_must_say_something() -> None:
    engine = small_world("memory://")
    shown = engine.generate_recommendations(ADA, n=1).recommendations[0]
    with pytest.raises(InvalidInput, match="action"):
        engine.give_feedback(ADA, shown.recommendation_id)


def test_personalization_can_be_switched_off() -> None:
    engine = small_world("memory://")
    engine.put_profile(ADA, ProfileChange(personalized=False))
    shown = engine.generate_recommendations(ADA, n=3).recommendations
    assert [r.item.item_id for r in shown] == ["count-0", "count-1", "count-2"]
    assert all(r.reasons[0].code == "personalization_off" for r in shown)
    assert all(r.propensity == 1.0 for r in shown)


def test_limits_and_unknown_learners_are_refused() -> None:
    engine = small_world("memory://")
    with pytest.raises(InvalidInput, match="limit"):
        engine.generate_recommendations(ADA, n=0)
    with pytest.raises(NotFound, match="nobody"):
        engine.generate_recommendations("nobody")


def test_a_kind_that_the_catalog_lacks_gives_an_empty_slate() -> None:
    engine = small_world("memory://")
    assert engine.generate_recommendations(ADA, kind=ItemKind.VIDEO).recommendations == ()


def test_engagement_falls_with_what_was_skipped() -> None:
    engine = small_world("memory://")
    before = engine.predict_engagement(ADA, "count-1")
    shown = engine.generate_recommendations(ADA, n=1).recommendations[0]
    engine.give_feedback(ADA, shown.recommendation_id, Metric.DISMISSED)
    after = engine.predict_engagement(ADA, shown.item.item_id)
    assert 0 < after < before < 1
    with pytest.raises(NotFound):
        engine.predict_engagement(ADA, "no-such-item")


@pytest.mark.parametrize("kind", [InteractionKind.STUDIED, InteractionKind.COMPLETED])
def test_what_was_just_worked_through_rests(kind: InteractionKind) -> None:
    engine = small_world("memory://")
    for k in range(5):
        shown = engine.generate_recommendations(ADA, n=1).recommendations[0].item.item_id
        done = replace(answer(ADA, k, shown), kind=kind, correct=None, occurred_at=NOW, sequence=k)
        assert engine.record([done]).accepted == 1
        again = engine.generate_recommendations(ADA, n=6).recommendations
        assert shown not in {r.item.item_id for r in again}
