"""Never a locked, hidden, dismissed, resting or just-mastered item: the rules, one by one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.core.ids import ItemId, LearnerId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.time import to_us
from learnloop.core.types import Estimate, Evidence, Item, ItemKind, Learner, Ref, Skill, Target
from learnloop.models.index import DEFAULT, MODELS
from learnloop.policies.recommend import RecommendPolicy
from learnloop.policies.recommend.eligible import eligible
from learnloop.policies.standing import standing
from learnloop.testing.worlds import context_of, random_table, random_world

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANA = Learner(LearnerId("ana"), AT)
REF = Ref("test", "1")


def mastery(values):
    values = np.asarray(values, dtype=float)
    return Estimate(Target.MASTERY, values, np.full(len(values), 0.1), REF, AT)


def random_evidence(rng, table):
    n_answers = rng.integers(0, 9, table.n_skills) * rng.integers(0, 2, table.n_skills)
    n_correct = rng.binomial(n_answers, 0.8)
    ago = rng.choice([60, 3600, 86_400, 5 * 86_400, 60 * 86_400], table.n_skills) * 10**6
    last = np.where(n_answers > 0, to_us(AT) - ago, 0)
    seen = [x.item_id for x in table.items if rng.random() < 0.4]
    seconds = rng.choice([30, 500, 700, 80_000, 90_000], len(seen))
    item_last = {i: to_us(AT) - int(s) * 10**6 for i, s in zip(seen, seconds, strict=True)}
    right = {i: bool(rng.random() < 0.6) for i in seen}
    return Evidence(n_answers, n_correct, last, item_last, right, int(n_answers.sum()))


def why_not(item, learner, table, seen, level, kind):
    """The words of docs/recommendations.md, for one item."""
    column_of, skills = table.column_of, {s.skill_id: s for s in table.skills}
    now = to_us(AT)

    def n_items(skill):
        return sum(x.visible and skill in x.skills for x in table.items)

    def known(skill):
        s, n = column_of[skill], n_items(skill)
        return n == 0 or (level[s] >= 0.7 and seen.n_answers[s] >= min(3, n))

    def is_open(skill):
        needs = skills[skill].prerequisites
        return all(known(p) for p in needs) or seen.n_correct[column_of[skill]] > 0

    def finished(skill):
        s = column_of[skill]
        interval = min(max(seen.n_correct[s], 1), 30) * 86_400 * 10**6
        due = seen.n_answers[s] > 0 and now - seen.last_us[s] >= interval
        return level[s] >= 0.85 and seen.n_answers[s] >= 5 and not due

    last, right = seen.item_last_us.get(item.item_id), seen.item_correct.get(item.item_id)
    return [
        reason
        for reason, out in {
            "hidden": not item.visible,
            "kind": kind is not None and item.kind is not kind,
            "locked": not all(is_open(s) for s in item.skills),
            "mastered": bool(item.skills) and all(finished(s) for s in item.skills),
            "dismissed": learner.dismissed.get(item.item_id, AT) > AT,
            "resting": last is not None and now - last < (24 * 3600 if right else 600) * 10**6,
        }.items()
        if out
    ]


@given(st.integers(0, 10**6), st.sampled_from([None, ItemKind.EXERCISE, ItemKind.VIDEO]))
@settings(max_examples=60, deadline=None)
def test_eligible_is_exactly_what_no_rule_forbids(seed, kind):
    rng = np.random.default_rng(seed)
    table = random_table(rng, 40, 7)
    seen, level = random_evidence(rng, table), rng.uniform(0.5, 1.0, table.n_skills)
    dismissed = {x.item_id: AT + timedelta(days=float(rng.normal())) for x in table.items[:15]} | {
        ItemId("gone"): AT + timedelta(days=9)
    }
    learner = replace(ANA, dismissed=dismissed)
    rows = eligible(learner, table, seen, mastery(level), AT, kind)
    expected = [
        i
        for i, item in enumerate(table.items)
        if not why_not(item, learner, table, seen, level, kind)
    ]
    assert rows.tolist() == expected


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_what_is_recommended_was_never_forbidden(seed):
    world = random_world(seed)
    model = MODELS[DEFAULT].from_catalog(world.items)
    context = context_of(world, model, 100)
    level = context.estimates[Target.MASTERY].values
    now_table = world.items
    for choice in RecommendPolicy().decide(context, np.random.default_rng(seed)):
        item = now_table.items[now_table.row_of[choice.action.item_id]]
        seen = replace_times(context.evidence, world.at)
        assert why_not(item, moved(world), now_table, seen, level, None) == []


def replace_times(seen, at):
    """The same record as if the present were `AT`."""
    shift = to_us(AT) - to_us(at)
    return replace(
        seen,
        last_us=np.where(seen.last_us > 0, seen.last_us + shift, 0),
        item_last_us={i: us + shift for i, us in seen.item_last_us.items()},
    )


def moved(world):
    dismissed = {i: until - world.at + AT for i, until in world.learner.dismissed.items()}
    return replace(world.learner, dismissed=dismissed)


CHAIN = ItemTable(
    "chain",
    [Item(ItemId(f"{s}{k}"), (SkillId(s),)) for s in "abd" for k in range(4)],
    [
        Skill(SkillId("a"), "A"),
        Skill(SkillId("b"), "B", (SkillId("a"),)),
        Skill(SkillId("c"), "C", (SkillId("b"),)),  # no items: holds nobody up
        Skill(SkillId("d"), "D", (SkillId("c"),)),
    ],
)


def open_skills(n_answers, n_correct, level):
    n_answers, n_correct = np.array(n_answers), np.array(n_correct)
    last = np.where(n_answers > 0, to_us(AT) - 3600 * 10**6, 0)
    seen = Evidence(n_answers, n_correct, last, {}, {}, int(n_answers.sum()))
    rows = eligible(ANA, CHAIN, seen, None if level is None else mastery(level), AT)
    return "".join(sorted({CHAIN.items[r].item_id[0] for r in rows}))


@pytest.mark.parametrize(
    ("n_answers", "n_correct", "level", "expected"),
    [
        ([0, 0, 0, 0], [0, 0, 0, 0], [0.9, 0.9, 0.9, 0.9], "ad"),  # no evidence, though able
        ([2, 0, 0, 0], [2, 0, 0, 0], [0.9, 0.9, 0.9, 0.9], "ad"),  # not enough of it
        ([3, 0, 0, 0], [3, 0, 0, 0], [0.8, 0.4, 0.4, 0.4], "abd"),
        ([3, 1, 0, 0], [0, 1, 0, 0], [0.3, 0.5, 0.4, 0.4], "abd"),  # b was practised with success
        ([3, 1, 0, 0], [0, 0, 0, 0], [0.3, 0.2, 0.4, 0.4], "ad"),
        ([9, 0, 0, 0], [9, 0, 0, 0], [0.95, 0.4, 0.4, 0.4], "bd"),  # a is mastered, not due
        ([4, 0, 0, 0], [4, 0, 0, 0], None, "abd"),  # no model: 5 of 6 by Laplace
        ([4, 0, 0, 0], [2, 0, 0, 0], None, "ad"),
    ],
)
def test_prerequisites_open_with_evidence(n_answers, n_correct, level, expected):
    assert open_skills(n_answers, n_correct, level) == expected


def test_evidence_of_unknown_age_is_never_due():
    table = random_table(np.random.default_rng(0), 40, 5)
    n = np.full(5, 9)
    seen = Evidence(n, n, np.zeros(5, dtype=np.int64), {}, {}, 45)
    now = standing(table, seen, mastery(np.full(5, 0.95)), AT)
    assert now.overdue.tolist() == [0.0] * 5
    assert now.mastered.all()
