"""What is known about a learner: kept, changed where it is theirs to say, and forecast honestly."""

from dataclasses import replace
from datetime import timedelta

import pytest

from learnloop.catalog import Catalog
from learnloop.core.errors import DataError, InvalidInput, NotFound, VersionConflict
from learnloop.core.ids import LearnerId, SkillId
from learnloop.core.records import StepStatus
from learnloop.core.registry import ESTIMATOR
from learnloop.core.time import ManualClock
from learnloop.core.types import ContentType, Goals, Preferences
from learnloop.journeys import progress
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.profiles import ProfileChange
from learnloop.journeys.registry import roll_back
from tests.journeys.worlds import ADA, NOW, answer, small_world


def practised(n: int = 24, url: str = "memory://") -> PersonalizationEngine:
    engine = small_world(url)
    engine.record([answer(ADA, k, f"count-{k % 6}", k % 6 != 5) for k in range(n)])
    return engine


def test_under_five_answers_nothing_is_sure() -> None:
    levels = practised(4).profile(ADA).skills
    assert not any(level.sure for level in levels.current_levels)
    assert (levels.weak_areas, levels.mastered_concepts) == ((), ())


def test_estimates_come_with_a_range_and_their_evidence() -> None:
    level = practised().profile(ADA).skills.current_levels[0]
    assert (level.skill_id, level.n_answers, level.n_correct) == ("count", 24, 20)
    assert level.sure
    assert 0 < level.low < level.mastery < level.high < 1


def test_what_the_learner_says_is_kept_and_versions_guard_it() -> None:
    engine = small_world("memory://")
    said = Preferences(ContentType.VISUAL, session_minutes=25, preferred_characters=("owl",))
    profile, created = engine.put_profile(ADA, ProfileChange(said), expected_version=1)
    assert (profile.preferences, created) == (said, False)
    assert profile.optimal_session_minutes == 25
    with pytest.raises(VersionConflict):
        engine.put_profile(ADA, ProfileChange(said), expected_version=1)
    assert engine.put_profile(LearnerId("new"), ProfileChange())[1]


def test_saying_the_same_again_changes_nothing() -> None:
    engine = small_world("memory://")
    goals = Goals(0.9, NOW + timedelta(days=30), (SkillId("add"),))
    first = engine.set_goals(ADA, goals)
    assert engine.set_goals(ADA, goals).etag == first.etag
    assert engine.set_goals(ADA, replace(goals, target_mastery=0.8)).etag != first.etag


def test_goals_must_name_known_skills() -> None:
    engine = small_world("memory://")
    with pytest.raises(InvalidInput, match=r"priority_skills\[1\]") as caught:
        engine.set_goals(ADA, Goals(priority_skills=(SkillId("add"), SkillId("dance"))))
    assert caught.value.field == "priority_skills[1]"


def test_unknown_learners_are_not_found() -> None:
    engine = small_world("memory://")
    for ask in (engine.profile, engine.analyze, engine.progress, engine.skill_predictions):
        with pytest.raises(NotFound):
            ask("nobody")  # type: ignore[operator]


def test_the_path_goes_by_prerequisites_and_moves_with_progress() -> None:
    engine = small_world("memory://")
    first = engine.optimize_learning_path(ADA)
    assert [s.skill_id for s in first.steps] == ["count", "add", "multiply"]
    assert first.steps[0].status is StepStatus.NOW
    assert first.steps[1].status is StepStatus.LOCKED
    assert first.minutes_low <= first.minutes_high
    engine.record([answer(ADA, k, f"count-{k % 6}") for k in range(40)])
    later = engine.optimize_learning_path(ADA)
    assert later.version == first.version + 1
    assert later.steps[0].status is StepStatus.DONE
    assert later.position == 1
    assert engine.optimize_learning_path(ADA).version == later.version


def test_a_new_goal_makes_a_new_path_and_the_reason_is_kept() -> None:
    engine = small_world("memory://")
    engine.optimize_learning_path(ADA)
    path = engine.update_learning_path(ADA, "exam moved", (SkillId("add"),))
    assert [s.skill_id for s in path.steps] == ["count", "add"]
    assert path.history[-1].reason == "exam moved"
    assert engine.profile(ADA).goals.priority_skills == ("add",)


def test_progress_counts_the_days_of_the_window() -> None:
    engine = practised()
    found = engine.progress(ADA, days=7)
    assert (found.n_answers, found.n_correct) == (24, 20)
    assert found.accuracy == pytest.approx(20 / 24)
    clock = engine.clock
    assert isinstance(clock, ManualClock)
    clock.advance(days=20)
    assert engine.progress(ADA, days=7).n_answers == 0
    with pytest.raises(InvalidInput, match="days"):
        engine.progress(ADA, days=0)


def test_forecasts_forget_and_give_ranges() -> None:
    forecast = practised().skill_predictions(ADA, in_days=30).skills
    count, add, _ = forecast
    assert count.sure
    assert count.mastery_then <= count.mastery
    assert count.low_then < count.mastery_then < count.high_then
    if count.answers_to_goal_low is not None and count.answers_to_goal_high is not None:
        assert count.answers_to_goal_low <= count.answers_to_goal_high
    assert not add.sure
    assert (add.answers_to_goal_low, add.answers_to_goal_high) == (None, None)


def test_forecasts_cost_only_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = practised()
    every = {forecast.skill_id: forecast for forecast in engine.skill_predictions(ADA).skills}
    with engine.store.begin(write=False) as tx:
        live = engine.live(tx)
        looks: list[object] = []
        mastery = live.estimator.mastery
        monkeypatch.setattr(
            live.estimator, "mastery", lambda *given: looks.append(given) or mastery(*given)
        )
        found = progress.skill_predictions(live, tx, ADA, 7.0, {SkillId("add")})
    assert found.skills == (every[SkillId("add")],)
    assert len(looks) == 2  # now and then; only what is sure, which "add" is not, has more


def test_a_fitted_model_goes_live_warm() -> None:
    engine = small_world("memory://")
    with pytest.raises(DataError, match="too few"):
        engine.fit()
    engine.record([answer(ADA, k, f"count-{k % 6}", k % 5 > 0) for k in range(250)])
    before = engine.models()[0]
    fitted = engine.fit()
    assert fitted.live
    assert engine.models()[0].ref == fitted.ref != before.ref
    assert engine.profile(ADA).n_interactions == 250
    assert engine.profile(ADA).skills.current_levels[0].n_answers == 250


def test_a_model_that_comes_back_knows_what_happened_meanwhile() -> None:
    engine = small_world("memory://")
    engine.record([answer(ADA, k, f"count-{k % 6}", k % 5 > 0) for k in range(250)])
    first = engine.fit()
    engine.record([answer(ADA, 250)])
    assert isinstance(engine.clock, ManualClock)
    engine.clock.advance(seconds=1)
    engine.fit()
    with engine.store.begin(write=False) as tx:
        assert tx.states.get(ADA, [first.ref]) == {}
        assert tx.states.get(ADA, [engine.live(tx).profile_fold.ref])
    engine.record([answer(ADA, k, correct=False) for k in range(251, 271)])
    with engine.store.begin() as tx:
        back = roll_back(tx, engine.clock, ESTIMATOR, actor="test", reason="it was better")
        assert back == first.ref
    levels = engine.profile(ADA).skills
    assert levels == engine.analyze(ADA).skills


@pytest.mark.parametrize("fitted", [False, True])
def test_an_item_that_moves_to_another_skill_takes_its_answers_along(fitted: bool) -> None:
    engine = small_world("memory://")
    engine.record([answer(ADA, k, f"count-{k % 6}", k % 5 > 0) for k in range(250)])
    if fitted:
        engine.fit()
    with engine.store.begin(write=False) as tx:
        items = [x for x in tx.catalog.load()[2] if x.skills == ("count",)]
    engine.put_catalog(Catalog(items=tuple(replace(x, skills=(SkillId("add"),)) for x in items)))
    moved = engine.profile(ADA)
    assert {s.skill_id: s.n_answers for s in moved.skills.current_levels if s.n_answers} == {
        "add": 250
    }
    assert engine.analyze(ADA).skills == moved.skills
