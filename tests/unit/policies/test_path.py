"""The path: prerequisites first, only what the goal needs, honest statuses and minutes."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.core.ids import ItemId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.records import StepStatus
from learnloop.core.types import Estimate, Evidence, Goals, Item, Ref, Skill, Target
from learnloop.features.profile import ProfileFold
from learnloop.features.views import evidence
from learnloop.models.index import DEFAULT, MODELS
from learnloop.policies.path import plan
from learnloop.testing.worlds import random_world

AT = datetime(2026, 3, 2, tzinfo=UTC)


def a_table(seconds=60.0):
    """count -> add -> multiply; shapes stands alone; algebra needs multiply and has no items."""
    needs = {"count": (), "shapes": (), "add": ("count",), "multiply": ("add",)}
    skills = [Skill(SkillId(s), s, tuple(map(SkillId, p))) for s, p in needs.items()]
    skills.append(Skill(SkillId("algebra"), "algebra", (SkillId("multiply"),)))
    items = [
        Item(ItemId(f"{s}-{k}"), (SkillId(s),), expected_seconds=seconds)
        for s in needs
        for k in range(6)
    ]
    return ItemTable("1", items, skills)


def planned(level, n_answers, goals=(), target=None, right=()):
    table = a_table()
    names = [s.skill_id for s in table.skills]
    values = np.array([level.get(s, 0.3) for s in names])
    n = np.array([n_answers.get(s, 0) for s in names])
    answered = {ItemId(i): True for i in right}
    seen = Evidence(n, n, n * 0 + 1, dict.fromkeys(answered, 1), answered, int(n.sum()))
    mastery = Estimate(Target.MASTERY, values, values * 0 + 0.1, Ref("test", "1"), AT)
    return plan(table, mastery, seen, Goals(target, priority_skills=tuple(map(SkillId, goals))))


def statuses(result):
    return {s.skill_id: s.status.value for s in result.steps}


def test_a_goal_needs_its_ancestors_and_nothing_else():
    result = planned({}, {}, goals=["add"])
    assert statuses(result) == {"count": "now", "add": "locked"}
    assert result.steps[1].waits_for == ("count",)
    assert statuses(planned({}, {})) == {
        "count": "now",
        "shapes": "next",
        "add": "locked",
        "multiply": "locked",
    }


def test_statuses_follow_the_evidence():
    result = planned({"count": 0.9, "add": 0.8}, {"count": 6, "add": 4}, goals=["multiply"])
    assert statuses(result) == {"count": "done", "add": "now", "multiply": "next"}
    assert result.steps[0].minutes == 0.0
    assert result.steps[0].item_ids == result.steps[1].waits_for == ()
    able_but_untested = planned({"count": 0.95}, {"count": 2}, goals=["count"])
    assert statuses(able_but_untested) == {"count": "now"}
    assert (able_but_untested.minutes_low, able_but_untested.minutes_high) == (3.0, 3.0)


def test_a_skill_without_items_is_passed_over():
    assert statuses(planned({}, {}, goals=["algebra"])) == {
        "count": "now",
        "add": "locked",
        "multiply": "locked",
    }


def test_minutes_follow_the_rule_of_thumb():
    result = planned({"count": 0.6}, {"count": 9}, goals=["count"], target=0.9)
    # ln(0.1 / 0.4) / ln(0.75) = 4.8 and / ln(0.9) = 13.2 answers of one minute
    assert (result.minutes_low, result.minutes_high) == (5.0, 14.0)
    assert result.steps[0].minutes == 9.5


def test_items_are_the_first_not_yet_answered_right():
    result = planned({}, {}, goals=["count"], right=["count-0", "count-2"])
    assert result.steps[0].item_ids == ("count-1", "count-3", "count-4", "count-5")


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_every_path_is_in_order_and_its_locks_are_real(seed):
    world = random_world(seed)
    table, goals = world.items, world.learner.goals
    profile, model = ProfileFold(), MODELS[DEFAULT].from_catalog(world.items)
    state, knowledge = profile.start(world.learner.learner_id), model.start("ana")
    for e in world.log:
        item = table.items[table.row_of[e.item_id]]
        state, knowledge = profile.update(state, e, item), model.update(knowledge, e, item)
    result = plan(table, model.mastery(knowledge, table, world.at), evidence(state, table), goals)
    columns = [table.column_of[s.skill_id] for s in result.steps]
    assert columns == sorted(set(columns))
    assert 0.0 <= result.minutes_low <= result.minutes_high
    open_steps = [s.status for s in result.steps if s.status in (StepStatus.NOW, StepStatus.NEXT)]
    assert (
        open_steps
        == [StepStatus.NOW, *[StepStatus.NEXT] * (len(open_steps) - 1)][: len(open_steps)]
    )
    for step in result.steps:
        skill = table.skills[table.column_of[step.skill_id]]
        assert bool(step.waits_for) == (step.status is StepStatus.LOCKED)
        assert set(step.waits_for) <= set(skill.prerequisites)
        assert (step.minutes == 0.0) == (step.status is StepStatus.DONE)


def test_without_a_model_the_answers_decide():
    table = a_table()
    n = np.array([10, 0, 0, 0, 0])
    seen = Evidence(n, n, n, {}, {}, 10)
    assert plan(table, None, seen, Goals()).steps[0].status is StepStatus.DONE
    assert plan(table, None, seen, Goals()).steps[0].mastery == pytest.approx(11 / 12)
