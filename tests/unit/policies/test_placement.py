"""The laws of a placement: what informs, when it ends, what it covers, and how it is drawn."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.core.bank import ItemBank
from learnloop.core.context import Context
from learnloop.core.errors import InvalidInput
from learnloop.core.ids import CourseId, ItemId, LearnerId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.types import Evidence, Item, ItemKind, Learner, Skill
from learnloop.policies.placement import (
    Ability,
    Answer,
    Blueprint,
    Config,
    Criterion,
    PlacementPolicy,
    Stop,
)
from learnloop.policies.placement.ability import posterior
from learnloop.policies.placement.eligible import REST_US, eligible, questions
from learnloop.policies.placement.selection import due, information, shortlist
from learnloop.policies.placement.stopping import why_stop

NOW = datetime(2026, 1, 5, tzinfo=UTC)
N_SKILLS = 4
EVERY = np.arange(80)
LAW = settings(max_examples=30, deadline=None)


def table(n: int = 80, n_skills: int = N_SKILLS, **more: object) -> ItemTable:
    skills = [Skill(SkillId(f"s{s}"), f"S{s}") for s in range(n_skills)]
    items = [
        Item(ItemId(f"i{i}"), (SkillId(f"s{i % n_skills}"),), **more)  # type: ignore[arg-type]
        for i in range(n)
    ]
    return ItemTable("1", items, skills)


def bank(items: ItemTable, seed: int = 0, c: float = 0.0, doubt: float = 0.0) -> ItemBank:
    rng, n = np.random.default_rng(seed), len(items)
    ids = tuple(x.item_id for x in items.items)
    a, b = rng.lognormal(0.0, 0.3, n), rng.normal(size=n)
    return ItemBank(ids, a, b, np.full(n, c), np.full(n, doubt))


def context(items: ItemTable, n: int = 1, personalized: bool = True) -> Context:
    none = np.zeros(items.n_skills, dtype=np.int64)
    seen = Evidence(none, none, none, {}, {}, 0)
    learner = Learner(LearnerId("ada"), NOW, personalized=personalized)
    return Context(learner, NOW, items, np.arange(len(items)), {}, seen, n)


def sit(plan: Blueprint, config: Config, seed: int = 0, theta: float = 0.5) -> PlacementPolicy:
    """A whole sitting of a simulated learner."""
    rng, now = np.random.default_rng(seed), context(plan.items)
    policy = PlacementPolicy(plan, (), config)
    while chosen := policy.decide(now, rng):
        row = plan.items.row_of[chosen[0].action.item_id]
        right = bool(rng.random() < plan.bank.p_correct(theta)[plan.bank_row[row]])
        given = (*policy.answers, Answer(chosen[0].action.item_id, right))
        policy = PlacementPolicy(plan, given, config)
    return policy


# --- what the answers say -----------------------------------------------------------------------


def test_nothing_known_is_the_prior() -> None:
    config = Config(prior_mean=0.5, prior_stddev=2.0)
    known = posterior(bank(table()), (), config).ability()
    assert known.mean == pytest.approx(0.5)
    assert known.stddev == pytest.approx(2.0, rel=1e-4)
    assert (known.low, known.high) == pytest.approx((0.5 - 3.29, 0.5 + 3.29), abs=0.01)


@LAW
@given(st.integers(0, 50), st.lists(st.booleans(), max_size=25), st.sampled_from([0.0, 0.25]))
def test_the_posterior_is_the_integral(seed: int, right: list[bool], c: float) -> None:
    of = bank(table(), seed, c)
    answers = [Answer(of.item_ids[i], x) for i, x in enumerate(right)]
    known = posterior(of, answers, Config()).ability()
    fine = np.linspace(-6, 6, 4001)
    p = of.p_correct(fine)[:, : len(right)]
    weights = np.exp(-0.5 * fine**2) * np.where(right, p, 1 - p).prod(axis=1)
    weights /= weights.sum()
    mean = fine @ weights
    assert known.mean == pytest.approx(mean, abs=2e-3)
    assert known.stddev == pytest.approx(np.sqrt((fine - mean) ** 2 @ weights), abs=2e-3)
    below = np.interp([known.low, known.high], fine, np.cumsum(weights))
    assert below == pytest.approx([0.05, 0.95], abs=0.01)


@LAW
@given(st.integers(0, 50), st.lists(st.booleans(), min_size=1, max_size=20))
def test_a_right_answer_never_lowers_the_ability_nor_does_order_matter(
    seed: int, right: list[bool]
) -> None:
    of = bank(table(), seed)
    answers = [Answer(of.item_ids[i], x) for i, x in enumerate(right)]
    known = posterior(of, answers, Config()).ability()
    better = posterior(of, [*answers, Answer(ItemId("i70"), True)], Config()).ability()
    worse = posterior(of, [*answers, Answer(ItemId("i70"), False)], Config()).ability()
    assert worse.mean < known.mean < better.mean
    backwards = posterior(of, answers[::-1], Config()).ability()
    assert backwards == pytest.approx(known, abs=1e-9)


def test_what_is_partly_right_or_unheard_of_says_nothing() -> None:
    of = bank(table())
    said = posterior(of, [Answer(ItemId("i1"), None), Answer(ItemId("new"), True)], Config())
    assert said.ability() == posterior(of, (), Config()).ability()


# --- what informs -------------------------------------------------------------------------------


@LAW
@given(st.integers(0, 30), st.floats(-3, 3), st.sampled_from([0.0, 0.2]))
def test_information_is_the_slope_squared_over_the_variance(
    seed: int, theta: float, c: float
) -> None:
    of, h = bank(table(), seed, c), 1e-5
    p = of.p_correct(theta)
    slope = (of.p_correct(theta + h) - of.p_correct(theta - h)) / (2 * h)
    plan, known = Blueprint.of(table(), of), Ability(theta, 0.3, 0, 0, 3)
    assert information(plan, EVERY, known, Config()) == pytest.approx(
        slope**2 / (p * (1 - p)), rel=1e-4
    )


def test_information_of_the_posterior_is_its_average() -> None:
    plan = Blueprint.of(table(), bank(table()))
    draws = np.random.default_rng(1).normal(0.4, 0.7, 20_000)
    averaged = plan.bank.information(draws).mean(axis=0)
    known = Ability(0.4, 0.7, 0, 0, 3)
    found = information(plan, EVERY, known, Config(criterion=Criterion.POSTERIOR))
    assert found == pytest.approx(averaged, rel=0.02)


def test_an_unsure_difficulty_informs_less_as_its_average_curve_does() -> None:
    items = table(1, 1)
    plan = Blueprint.of(items, bank(items, doubt=1.0))
    of, theta = bank(items), np.linspace(-3, 3, 13)
    noise = np.random.default_rng(0).normal(size=(20_000, 1))
    averaged = of.p_correct(theta - noise).mean(axis=0)[:, 0]
    assert plan.bank.p_correct(theta)[:, 0] == pytest.approx(averaged, abs=0.015)
    assert plan.bank.discrimination[0] < of.discrimination[0]


# --- when it ends -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stddev", "n_asked", "n_left", "expected"),
    [
        (0.2, 4, 9, None),
        (0.3, 5, 9, Stop.PRECISE),
        (0.31, 5, 9, None),
        (0.31, 30, 9, Stop.LONG),
        (0.31, 7, 0, Stop.NOTHING_LEFT),
        (0.2, 3, 0, Stop.NOTHING_LEFT),
        (0.2, 30, 0, Stop.PRECISE),
    ],
)
def test_the_stopping_rule(stddev: float, n_asked: int, n_left: int, expected: Stop | None) -> None:
    known = Ability(0.0, stddev, 0.0, 0.0, n_asked)
    assert why_stop(known, n_asked, n_left, Config()) is expected


def test_a_sitting_ends_by_each_rule() -> None:
    plan, some = Blueprint.of(table(), bank(table())), np.arange(80)
    precise = sit(plan, Config(se_target=0.5))
    assert precise.why_stop(some, precise.ability()) is Stop.PRECISE
    before = PlacementPolicy(plan, precise.answers[:-1], precise.config).ability()
    assert precise.ability().stddev <= 0.5 < before.stddev
    long = sit(plan, Config(se_target=0.01, max_items=12))
    assert (len(long.answers), long.why_stop(some, long.ability())) == (12, Stop.LONG)
    few = Blueprint.of(table(6), bank(table(6)))
    short = sit(few, Config(se_target=0.01))
    assert short.why_stop(np.arange(6), short.ability()) is Stop.NOTHING_LEFT
    assert len(set(short.answers)) == 6


def test_intervals_hold_the_truth_of_nine_learners_in_ten() -> None:
    plan, rng = Blueprint.of(table(), bank(table())), np.random.default_rng(5)
    thetas, config = rng.normal(size=200), Config(se_target=0.5)
    inside = 0
    for seed, theta in enumerate(thetas.tolist()):
        known = sit(plan, config, seed, theta).ability()
        inside += known.low <= theta <= known.high
    assert 0.83 < inside / 200 < 0.97  # 90% +- 3.3 standard errors


# --- what it covers -----------------------------------------------------------------------------


@LAW
@given(st.integers(0, 30), st.integers(1, 20))
def test_skills_come_in_turn(seed: int, n_items: int) -> None:
    plan = Blueprint.of(table(), bank(table(), seed))
    policy = sit(plan, Config(se_target=1e-3, max_items=n_items), seed)
    asked = Counter(plan.items.row_of[x.item_id] % N_SKILLS for x in policy.answers)
    counts = [asked[s] for s in range(N_SKILLS)]
    assert max(counts) - min(counts) <= 1


@LAW
@given(st.lists(st.integers(1, 9), min_size=N_SKILLS, max_size=N_SKILLS), st.integers(0, 9))
def test_shares_are_met(parts: list[int], seed: int) -> None:
    shares = {SkillId(f"s{s}"): float(x) for s, x in enumerate(parts)}
    plan = Blueprint.of(table(), bank(table()), shares=shares)
    n = 20
    policy = sit(plan, Config(se_target=1e-3, max_items=n), seed)
    asked = Counter(plan.items.row_of[x.item_id] % N_SKILLS for x in policy.answers)
    for s, part in enumerate(parts):
        assert abs(asked[s] - n * part / sum(parts)) < 1.5


def test_a_skill_without_a_share_is_never_asked() -> None:
    plan = Blueprint.of(table(8), bank(table(8)), shares={SkillId("s1"): 2.0})
    assert plan.may_ask.nonzero()[0].tolist() == [1, 5]
    for wrong in ({SkillId("s1"): -1.0, SkillId("s2"): 2.0}, {}, {SkillId("unheard"): 1.0}):
        with pytest.raises(InvalidInput, match="shares"):
            Blueprint.of(table(8), bank(table(8)), shares=wrong)


def test_the_scope_is_skills_and_a_course() -> None:
    both = (SkillId("s0"), SkillId("s1"))
    items = ItemTable(
        "1",
        [
            Item(ItemId("a"), both[:1], course_id=CourseId("x")),
            Item(ItemId("b"), both, course_id=CourseId("x")),
            Item(ItemId("c"), (), course_id=CourseId("x")),
            Item(ItemId("d"), both[1:]),
            Item(ItemId("e"), both[:1], kind=ItemKind.VIDEO),
            Item(ItemId("f"), both[:1], visible=False),
        ],
        [Skill(s, s) for s in both],
    )
    of = bank(items)

    def asked(**scope: object) -> str:
        plan = Blueprint.of(items, of, **scope)  # type: ignore[arg-type]
        assert plan.shares.sum() == pytest.approx(1.0)
        return "".join(items.items[row].item_id for row in plan.may_ask.nonzero()[0])

    assert asked() == "abcd"
    assert asked(skills=[SkillId("s1")]) == "bd"
    assert asked(course_id=CourseId("x")) == "abc"
    assert Blueprint.of(items, of).counts([ItemId("b"), ItemId("c")]).tolist() == [0.5, 0.5, 1.0]
    nothing = Blueprint.of(items, of, course_id=CourseId("unheard"))
    assert PlacementPolicy(nothing).decide(context(items), np.random.default_rng(0)) == ()


def test_what_the_bank_lacks_is_not_asked() -> None:
    items = table(8)
    some = bank(table(3))
    assert Blueprint.of(items, some).may_ask.tolist() == [True] * 3 + [False] * 5


# --- how it is drawn ----------------------------------------------------------------------------


def test_propensities_add_up_to_one_and_are_those_of_the_draws() -> None:
    plan, now = Blueprint.of(table(), bank(table())), context(table())
    answers = [Answer(ItemId(f"i{i}"), i % 2 > 0) for i in range(3)]
    policy, rng, n = PlacementPolicy(plan, answers), np.random.default_rng(3), 2000
    drawn = [policy.decide(now, rng)[0] for _ in range(n)]
    said = {x.action.item_id: x.propensity for x in drawn}
    assert sum(said.values()) == pytest.approx(1.0)
    counts = Counter(x.action.item_id for x in drawn)
    for item_id, p in said.items():
        assert abs(counts[item_id] - n * p) < 4 * np.sqrt(n * p * (1 - p))


def test_a_shortlist_of_one_is_the_most_informative_of_what_is_due() -> None:
    plan, known = Blueprint.of(table(), bank(table())), Ability(0.3, 0.5, 0, 0, 4)
    rows, counts = due(plan, EVERY, [ItemId("i0"), ItemId("i1"), ItemId("i2")])
    assert counts.tolist() == [1, 1, 1, 0, 0]
    assert rows.tolist() == EVERY[3::N_SKILLS].tolist()
    value = information(plan, rows, known, Config())
    assert shortlist(rows, value, 1).rows.tolist() == [rows[value.argmax()]]
    assert shortlist(rows, value, 5).rows.tolist() == rows[np.argsort(-value)][:5].tolist()


def test_equals_share_the_shortlist() -> None:
    items = table(40, 1)
    alike = ItemBank(
        tuple(x.item_id for x in items.items), np.ones(40), np.zeros(40), np.zeros(40), np.zeros(40)
    )
    chosen = PlacementPolicy(Blueprint.of(items, alike)).decide(
        context(items), np.random.default_rng(0)
    )
    assert chosen[0].propensity == pytest.approx(1 / 40)


def test_the_version_follows_from_the_settings() -> None:
    plan = Blueprint.of(table(), bank(table()))
    refs = {PlacementPolicy(plan, (), c).ref for c in (Config(), Config(), Config(shortlist=3))}
    assert len(refs) == 2


def test_items_just_answered_or_dismissed_rest() -> None:
    items, none = table(6), np.zeros(N_SKILLS, dtype=np.int64)
    now_us = int(NOW.timestamp() * 1_000_000)
    last = {ItemId("i0"): now_us - 1, ItemId("i1"): now_us - REST_US - 1, ItemId("gone"): now_us}
    seen = Evidence(none, none, none, last, {}, 2)
    until = {ItemId("i2"): NOW + timedelta(days=1), ItemId("i3"): NOW - timedelta(days=1)}
    learner = Learner(LearnerId("ada"), NOW, dismissed=until)
    rows = eligible(questions(items), items, learner, seen, NOW)
    assert rows.tolist() == [1, 3, 4, 5]
