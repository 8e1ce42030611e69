"""Is a reason given because of the fact that it names? Take the fact away and replay.

Exploration is off: `explore` names a draw and no fact of the record. The replay asks for a long
slate, so an item is only missing from it when the record no longer lets it be shown at all.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from learnloop.core.ids import ItemId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.time import EPOCH
from learnloop.core.types import InteractionKind, Item, Skill
from learnloop.models.index import DEFAULT, MODELS
from learnloop.policies.explain import sentence
from learnloop.policies.recommend import Config, RecommendPolicy
from learnloop.testing.builders import an_answer
from learnloop.testing.worlds import context_of, random_world

POLICY = RecommendPolicy(Config(epsilon=0.0))
N_WORLDS = 60


def decided(world, n):
    context = context_of(world, MODELS[DEFAULT].from_catalog(world.items), n)
    return POLICY.decide(context, np.random.default_rng(0))


def skills_of(world, event):
    return world.items.items[world.items.row_of[event.item_id]].skills


def without_answers(world, forgotten):
    return replace(world, log=tuple(e for e in world.log if not forgotten(e)))


def without_fact(world, item, reason):
    """The world in which what the reason names never happened or was never said."""
    facts, learner = reason.detail, world.learner
    if reason.code == "goal":
        wanted = tuple(g for g in learner.goals.priority_skills if g != facts["goal"])
        goals = replace(learner.goals, priority_skills=wanted)
        return replace(world, learner=replace(learner, goals=goals))
    if reason.code in ("preference", "fits_time"):
        field = {"preference": "preferred_content_type", "fits_time": "session_minutes"}
        said = replace(learner.preferences, **{field[reason.code]: None})
        return replace(world, learner=replace(learner, preferences=said))
    if reason.code == "retry":
        at = facts["answered_at"]
        return without_answers(
            world,
            lambda e: e.item_id == facts["item_id"] and e.occurred_at.isoformat() == at,
        )
    if "n_total" in facts or reason.code == "curriculum":
        return without_answers(world, lambda e: True)
    named = {facts.get("prerequisite") or facts.get("skill")}
    if reason.code == "zone":
        named = set(item.skills)
    return without_answers(world, lambda e: named & set(skills_of(world, e)))


def named_facts():
    for seed in range(N_WORLDS):
        world = random_world(seed, n_answers=[0, 5, 20, 80, 160][seed % 5])
        for choice in decided(world, 5):
            item = world.items.items[world.items.row_of[choice.action.item_id]]
            for reason in choice.reasons:
                yield world, item, reason


def is_said_again(world, item, reason):
    for choice in decided(world, 100):
        if choice.action.item_id == item.item_id:
            return any((r.code, r.detail) == (reason.code, reason.detail) for r in choice.reasons)
    return False


def test_taking_the_fact_away_changes_or_drops_the_reason():
    tried, kept = Counter(), Counter()
    for world, item, reason in named_facts():
        if reason.code == "curriculum" and not world.log:
            continue  # nothing is on record, so nothing can be taken from it
        tried[reason.code] += 1
        changed = without_fact(world, item, reason)
        assert changed != world, reason
        kept[reason.code] += is_said_again(changed, item, reason)
    assert tried.total() > 500
    assert set(tried) >= {"zone", "gap", "goal", "review_due", "retry", "new_skill", "unlocks"}
    assert kept.total() <= 0.01 * tried.total(), (kept, tried)


def test_the_facts_are_true():
    for world, item, reason in named_facts():
        answers = [
            e for e in world.log if e.kind is InteractionKind.ANSWERED and e.correct is not None
        ]
        facts = reason.detail
        if "n_total" in facts or reason.code == "curriculum":
            assert facts.get("n_total", facts.get("n_answers")) == len(answers)
        elif reason.code == "zone":
            n = sum(len(set(skills_of(world, e)) & set(item.skills)) for e in answers)
            assert facts["n_answers"] == n
        elif "n_answers" in facts:
            skill = facts.get("prerequisite") or facts["skill"]
            mine = [e for e in answers if skill in skills_of(world, e)]
            assert facts["n_answers"] == len(mine)
            if reason.code == "review_due":
                assert facts["last_answered_at"] == mine[-1].occurred_at.isoformat()
                assert facts["days"] == (world.at - mine[-1].occurred_at).days
        elif reason.code == "retry":
            last = [e for e in answers if e.item_id == facts["item_id"]][-1]
            assert (last.correct, last.occurred_at.isoformat()) == (False, facts["answered_at"])
        elif reason.code == "goal":
            assert facts["goal"] in world.learner.goals.priority_skills


def test_a_prerequisite_without_answers_is_no_reason():
    skills = (
        Skill(SkillId("idea"), "Idea"),  # without items, so it holds nobody up
        Skill(SkillId("use"), "Use", (SkillId("idea"),)),
    )
    items = [Item(ItemId(f"{s}-{k}"), (SkillId(s),)) for s in ("use", "other") for k in range(6)]
    table = ItemTable("1", items, (*skills, Skill(SkillId("other"), "Other")))
    world = replace(random_world(0), items=table, log=(an_answer(item_id="other-0"),))
    found = {r.code for choice in decided(world, 20) for r in choice.reasons}
    assert "zone" in found
    assert "new_skill" not in found


def test_what_was_drawn_by_chance_says_so():
    world = random_world(3)
    context = context_of(world, MODELS[DEFAULT].from_catalog(world.items), 5)
    policy = RecommendPolicy(Config(epsilon=1.0, temperature=10.0))
    best = POLICY.decide(context, np.random.default_rng(0))[0]
    for seed in range(30):
        first = policy.decide(context, np.random.default_rng(seed))[0]
        explored = [r for r in first.reasons if r.code == "explore"]
        assert bool(explored) == (first.action != best.action)
        for reason in explored:
            assert reason.detail["propensity"] == pytest.approx(first.propensity, abs=1e-6)


def test_a_log_without_times_gives_no_reason_that_names_a_time():
    tried = Counter()
    for seed in range(20):
        world = random_world(seed, n_answers=120)
        untimed = tuple(replace(e, occurred_at=EPOCH, sequence=k) for k, e in enumerate(world.log))
        for choice in decided(replace(world, log=untimed), 20):
            for reason in choice.reasons:
                tried[reason.code] += 1
                assert reason.code != "review_due"
                assert "1970" not in sentence(reason, world.items)
                assert not any("1970" in str(fact) for fact in reason.detail.values())
    assert tried["retry"] > 0
