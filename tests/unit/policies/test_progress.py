"""Followed day after day, do the recommendations lead anywhere? A chain of skills, two learners."""

from datetime import timedelta

import numpy as np

from learnloop.core.ids import InteractionId, ItemId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.types import Interaction, InteractionKind, Item, Learner, Skill
from learnloop.models.index import DEFAULT, MODELS
from learnloop.policies.recommend import RecommendPolicy
from learnloop.testing.worlds import LEARNER, START, World, context_of

PER_SKILL = 12
SKILLS = [
    Skill(SkillId(f"s{i}"), f"S{i}", tuple(SkillId(f"s{j}") for j in range(max(i - 1, 0), i)))
    for i in range(4)
]
ITEMS = [
    Item(ItemId(f"s{i}-{k}"), (SkillId(f"s{i}"),), difficulty_logit=-1.5 + 3 * k / (PER_SKILL - 1))
    for i in range(4)
    for k in range(PER_SKILL)
]
TABLE = ItemTable("chain", ITEMS, SKILLS)
STARTS = ("s0-", "s1-", "s2-", "s3-")


def follow(n_days, ability, gain):
    """Ten answers a day to the first recommendation; each answer to a skill adds `gain` logits."""
    model, policy = MODELS[DEFAULT].from_catalog(TABLE), RecommendPolicy()
    rng = np.random.default_rng(4)
    able, log, at = dict.fromkeys((s.skill_id for s in SKILLS), ability), [], START
    for n in range(10 * n_days):
        at += timedelta(days=1) if n % 10 == 0 else timedelta(minutes=2)
        world = World(TABLE, Learner(LEARNER, START), tuple(log), at)
        for choice in policy.decide(context_of(world, model, 1), rng):
            item = TABLE.items[TABLE.row_of[choice.action.item_id]]
            (skill,) = item.skills
            right = rng.random() < 1 / (1 + np.exp(item.difficulty_logit - able[skill]))
            able[skill] += gain
            kind = InteractionKind.ANSWERED
            log.append(
                Interaction(
                    InteractionId(f"e{n}"), LEARNER, item.item_id, kind, at, correct=bool(right)
                )
            )
    return log


def test_who_learns_gets_through_the_curriculum_with_success():
    log = follow(20, -0.5, 0.15)
    firsts = [next(n for n, e in enumerate(log) if e.item_id.startswith(s)) for s in STARTS]
    assert firsts == sorted(firsts)
    assert 0.65 < np.mean([e.correct for e in log]) < 0.92


def test_who_struggles_stays_with_what_is_easiest():
    log = follow(12, -2.5, 0.0)
    assert {e.item_id.split("-")[0] for e in log} == {"s0"}
    later = [TABLE.items[TABLE.row_of[e.item_id]].difficulty_logit for e in log[30:]]
    assert np.mean(later) < -0.3  # the items' own mean is 0
