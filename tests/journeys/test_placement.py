"""A placement finds out where a learner stands: resumable, replayable, and safe to ask twice."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from learnloop.core.context import Context
from learnloop.core.errors import InvalidInput, NotFound
from learnloop.core.ids import CourseId, InteractionId, LearnerId, SkillId
from learnloop.core.random import derive_rng
from learnloop.core.types import Interaction, InteractionKind, Metric
from learnloop.features.views import evidence
from learnloop.journeys import states
from learnloop.journeys.engine import PersonalizationEngine, Settings
from learnloop.journeys.item_bank import item_bank
from learnloop.journeys.profiles import ProfileChange
from learnloop.journeys.registry import store_artifact
from learnloop.journeys.results import Placement, PlacementStatus
from learnloop.journeys.sittings import latest_sitting
from learnloop.models import irt
from learnloop.policies.placement import Answer, Blueprint, PlacementPolicy
from learnloop.policies.placement.eligible import eligible
from learnloop.storage import open_store
from learnloop.training.golden import artifact_of_estimator
from learnloop.training.snapshot import answer_log
from tests.journeys.worlds import ADA, BO, NOW, answer, small_world

KINDS = ["memory", "sqlite", "postgres"]


def reply(found: Placement, n: int = 0, correct: bool = True, **more: object) -> Interaction:
    """The learner's answer to the question that waits."""
    asked = found.question
    assert asked is not None
    return Interaction(
        InteractionId(f"{asked.decision_id}/{n}"),
        found.learner_id,
        asked.item.item_id,
        InteractionKind.ANSWERED,
        asked.asked_at + timedelta(seconds=n),
        correct=correct,
        decision_id=asked.decision_id,
        **more,  # type: ignore[arg-type]
    )


def sit(engine: PersonalizationEngine, learner: LearnerId = ADA, most: int = 99) -> Placement:
    """Go on until it ends or `most` answers are given; two of three are right."""
    found = engine.begin_placement(learner)
    for n in range(most):
        if found.question is None:
            break
        assert engine.record([reply(found, correct=n % 3 > 0)]).accepted == 1
        found = engine.begin_placement(learner)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_placement_runs_to_its_end(kind: str, fresh_url: Callable[[str], str]) -> None:
    with small_world(fresh_url(kind)) as engine:
        before = engine.placement(ADA)
        assert (before.status, before.ability) == (PlacementStatus.NOT_STARTED, None)
        found = sit(engine)
        assert found == engine.placement(ADA) == engine.begin_placement(ADA)
    assert (found.status, found.ended) == (PlacementStatus.FINISHED, "nothing_left")
    assert found.n_asked == found.n_answers == 18
    assert found.ability is not None
    assert found.low is not None
    assert found.high is not None
    assert found.stddev is not None
    assert found.low < found.ability < found.high
    assert 0.3 < found.stddev < 1.0


def test_its_answers_are_ordinary_interactions_that_the_profile_learns_from() -> None:
    engine = small_world("memory://")
    found = sit(engine, most=6)
    profile = engine.profile(ADA)
    assert profile.n_interactions == 6
    assert {x.skill_id: x.n_answers for x in found.skills} == {"count": 2, "add": 2, "multiply": 2}
    assert found.skills == profile.skills.current_levels


def test_asked_twice_it_says_the_same_and_logs_nothing_more() -> None:
    engine = small_world("memory://")
    first = engine.begin_placement(ADA)
    assert engine.begin_placement(ADA) == first == engine.placement(ADA)
    with engine.store.begin(write=False) as tx:
        assert len(tx.decisions.latest(ADA, 10)) == 1


def test_looking_never_chooses_the_next_question() -> None:
    engine = small_world("memory://")
    engine.record([reply(engine.begin_placement(ADA))])
    waiting = engine.placement(ADA)
    assert (waiting.status, waiting.question, waiting.n_answers) == ("open", None, 1)
    assert engine.begin_placement(ADA).question is not None


def test_it_goes_on_after_a_restart(fresh_url: Callable[[str], str]) -> None:
    url = fresh_url("sqlite")
    with small_world(url) as engine:
        before = sit(engine, most=4)
    with PersonalizationEngine(
        open_store(url), settings=Settings(seed=7), clock=engine.clock
    ) as after:
        assert after.begin_placement(ADA) == before
        with after.store.begin() as tx:
            tx.states.clear()
        assert after.placement(ADA) == before
        assert sit(after).n_asked == 18


def test_the_first_answer_counts_however_often_and_late_it_comes() -> None:
    engine = small_world("memory://")
    first = engine.begin_placement(ADA)
    right = reply(first)
    assert engine.record([right]).accepted == 1
    assert engine.record([right]).duplicates == 1
    before = engine.placement(ADA)
    assert engine.record([reply(first, n=5, correct=False)]).accepted == 1
    after = engine.placement(ADA)
    assert (after.n_answers, after.ability) == (1, before.ability)
    ended = sit(engine)
    late = reply(first, n=9, correct=False)
    engine.record([late])
    assert engine.placement(ADA).ability == ended.ability


def test_answers_without_the_decision_or_of_another_learner_are_no_answers_to_it() -> None:
    engine = small_world("memory://")
    found = engine.begin_placement(ADA)
    engine.record([replace(reply(found), decision_id=None)])
    theirs = replace(reply(found, n=1), learner_id=BO)
    engine.record([theirs])
    assert engine.placement(ADA).n_answers == engine.placement(BO).n_answers == 0


def test_each_question_is_logged_with_its_propensity_and_replays_exactly() -> None:
    engine = small_world("memory://")
    sit(engine, most=7)
    with engine.store.begin(write=False) as tx:
        live, sitting = engine.live(tx), latest_sitting(tx, ADA)
        learner = tx.learners.get(ADA)
        bank, parameters = item_bank(live, tx)
        facts = evidence(states.current(live, tx, ADA).profile, live.items)
    assert sitting is not None
    assert learner is not None
    plan = Blueprint.of(live.items, parameters)
    for place, logged in enumerate(sitting.questions):
        given = sitting.answers[:place]
        known = {x.item_id: 0 for x in given}
        then = replace(facts, item_last_us=known)
        rows = eligible(plan.may_ask, live.items, learner, then, logged.decided_at)
        context = Context(learner, logged.decided_at, live.items, rows, {}, then, 1)
        rng = derive_rng(live.seed, logged.decision_id)
        assert PlacementPolicy(plan, given).decide(context, rng) == logged.choices
        assert logged.models[0] == bank
        assert 0 < logged.choices[0].propensity <= 1


def test_a_scope_is_kept_for_the_whole_sitting() -> None:
    engine = small_world("memory://")
    found = engine.begin_placement(ADA, [SkillId("add")])
    while found.question:
        assert found.question.item.skills == ("add",)
        assert found.scope_skills == ("add",)
        engine.record([reply(found)])
        found = engine.begin_placement(ADA)
    assert (found.n_asked, found.ended) == (6, "nothing_left")
    assert [x.skill_id for x in found.skills] == ["add"]


def test_what_can_not_be_asked_is_refused() -> None:
    engine = small_world("memory://")
    with pytest.raises(NotFound, match=r"skills\[1\]"):
        engine.begin_placement(ADA, [SkillId("add"), SkillId("nonsense")])
    with pytest.raises(InvalidInput, match="wider scope"):
        engine.begin_placement(ADA, course_id=CourseId("none"))
    with pytest.raises(NotFound):
        engine.begin_placement("nobody")
    with pytest.raises(NotFound):
        engine.placement("nobody")
    with pytest.raises(NotFound):
        engine.abandon_placement("nobody")
    assert engine.placement(ADA).status is PlacementStatus.NOT_STARTED


def test_it_can_be_skipped_abandoned_and_begun_again() -> None:
    engine = small_world("memory://")
    skipped = engine.abandon_placement(ADA)
    assert (skipped.status, skipped.n_asked) == (PlacementStatus.SKIPPED, 0)
    assert engine.abandon_placement(ADA) == skipped == engine.begin_placement(ADA)
    assert engine.begin_placement(ADA, again=True).status is PlacementStatus.OPEN
    assert (
        engine.begin_placement(ADA, again=True).placement_id == engine.placement(ADA).placement_id
    )
    sit(engine, most=3)
    left = engine.abandon_placement(ADA)
    assert (left.status, left.n_answers, left.question) == (PlacementStatus.ABANDONED, 3, None)
    assert engine.begin_placement(ADA) == left
    third = engine.begin_placement(ADA, again=True)
    assert third.n_answers == 0
    assert len({skipped.placement_id, left.placement_id, third.placement_id}) == 3


def test_what_was_answered_lately_is_not_asked_again() -> None:
    engine = small_world("memory://")
    engine.record([answer(ADA, k, f"add-{k}") for k in range(5)])
    found = engine.begin_placement(ADA, [SkillId("add")])
    assert found.question is not None
    assert found.question.item.item_id == "add-5"


def test_a_dismissed_question_is_passed_over() -> None:
    engine = small_world("memory://")
    first = engine.begin_placement(ADA)
    assert first.question is not None
    engine.give_feedback(ADA, f"{first.question.decision_id}.0", Metric.DISMISSED)
    second = engine.begin_placement(ADA)
    assert second.question is not None
    assert (second.n_asked, second.n_answers) == (2, 0)
    assert second.question.item != first.question.item


def test_without_personal_choices_it_follows_the_course() -> None:
    engine = small_world("memory://")
    engine.put_profile(ADA, ProfileChange(personalized=False))
    found = sit(engine, most=2)
    assert found.question is not None
    assert found.question.item.item_id == "multiply-0"
    assert found.question.propensity == 1.0


def test_learners_do_not_all_get_the_same_first_question() -> None:
    engine = small_world("memory://")
    first = Counter[str]()
    for i in range(40):
        engine.put_profile(f"learner-{i}", ProfileChange())
        question = engine.begin_placement(f"learner-{i}").question
        assert question is not None
        first[question.item.item_id] += 1
    assert len(first) >= 4
    assert max(first.values()) < 20


def test_a_fitted_bank_takes_the_place_of_the_authored_one() -> None:
    engine = small_world("memory://")
    rng = np.random.default_rng(1)
    with engine.store.begin(write=False) as tx:
        live = engine.live(tx)
        assert item_bank(live, tx)[0].version.startswith("catalog-")
    rows = [answer(ADA, k, f"count-{k % 6}", bool(rng.random() < 0.5)) for k in range(60)]
    log = answer_log(rows, live.items)
    model = irt.fit(log, version="1", rng=rng)
    artifact = artifact_of_estimator(irt.NAME, model, log, NOW)
    with engine.store.begin() as tx:
        store_artifact(tx, artifact)
        bank, parameters = item_bank(engine.live(tx), tx)
        assert item_bank(engine.live(tx), tx)[1] is parameters
    assert bank == model.ref
    assert len(parameters) == 18
    row = model.bank.row_of[rows[0].item_id]
    assert parameters.difficulty[parameters.row_of[rows[0].item_id]] == model.bank.difficulty[row]
    assert engine.begin_placement(BO).bank == model.ref


def test_answers_used_are_those_of_the_decisions() -> None:
    engine = small_world("memory://")
    sit(engine, most=5)
    with engine.store.begin(write=False) as tx:
        sitting = latest_sitting(tx, ADA)
    assert sitting is not None
    shown = [x.choices[0].action.item_id for x in sitting.questions]
    assert sitting.answers == tuple(Answer(item, n % 3 > 0) for n, item in enumerate(shown[:5]))


def test_the_most_telling_items_come_first_and_nothing_is_logged() -> None:
    engine = small_world("memory://")
    engine.record([answer(ADA, k, f"count-{k % 6}") for k in range(24)])
    found = engine.informative_items(ADA, 12)
    worth = [x.information for x in found.items]
    assert worth == sorted(worth, reverse=True)
    assert all(0 < w <= 1 for w in worth)
    assert {x.item.skills[0] for x in found.items} == {"add", "multiply"}
    with engine.store.begin(write=False) as tx:
        assert tx.decisions.latest(ADA, 5) == []
    with pytest.raises(InvalidInput, match="limit"):
        engine.informative_items(ADA, 0)
