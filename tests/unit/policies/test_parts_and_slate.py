"""The score against its formula item by item, and the slate's probabilities against theirs."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.core.types import Goals, Preferences, ProgressionRate, Target
from learnloop.models.index import DEFAULT, MODELS
from learnloop.policies.curriculum import curriculum_of
from learnloop.policies.recommend import Config, RecommendPolicy
from learnloop.policies.recommend.config import KINDS_OF, Weights
from learnloop.policies.recommend.parts import in_zone, score
from learnloop.policies.recommend.slate import distribution, draw
from learnloop.testing.worlds import context_of, random_world

CONFIG = Config()


def context(seed, n=5, **learner):
    world = random_world(seed)
    changed = replace(world.learner, **learner) if learner else None
    return context_of(world, MODELS[DEFAULT].from_catalog(world.items), n, learner=changed)


def naive_score(c, row):
    """The docstring of parts.py for one item, in plain Python."""
    w, item, seen, said = CONFIG.weights, c.items.items[row], c.evidence, c.learner.preferences
    level, spread = c.estimates[Target.MASTERY].values, c.estimates[Target.MASTERY].stddev
    target = c.learner.goals.target_mastery or 0.85
    needs = {s.skill_id: s.prerequisites for s in c.items.skills}

    def ancestors(skill):
        return set(needs[skill]).union(*(ancestors(p) for p in needs[skill]))

    reach = {s: sum(s in ancestors(other) for other in needs) for s in needs}

    def skill_part(skill):
        s = c.items.column_of[skill]
        n, right = int(seen.n_answers[s]), int(seen.n_correct[s])
        n_items = sum(x.visible and skill in x.skills for x in c.items.items)
        known = n_items == 0 or (level[s] >= 0.7 and n >= min(3, n_items))
        days = (c.at.timestamp() - seen.last_us[s] / 1e6) / 86_400
        overdue = days / min(max(right, 1), 30) if n else 0.0
        fading = min(max(right / max(n, 1) - level[s], 0.0) / 0.2, 1.0)
        named = c.learner.goals.priority_skills
        leads = 0.6 if any(skill in ancestors(g) for g in named) else 0.0
        return (
            w.gap * max(target - level[s], 0.0) / target
            + w.review * (min(overdue / 2, 1.0) * (1 + fading) / 2 if overdue >= 1 else 0.0)
            + w.goal * (1.0 if skill in named else leads)
            + w.unlocks * (0.0 if known else reach[skill] / max(*reach.values(), 1))
            + w.doubt * min(spread[s] / 0.25, 1.0)
        )

    low, high = CONFIG.bands[said.progression_rate or ProgressionRate.MODERATE]
    p = c.estimates[Target.CORRECT].values[row]
    total = w.zone * min(p / low, 1.0, max(1 - (p - high) / 0.3, 0.0))
    total += sum(map(skill_part, item.skills)) / max(len(item.skills), 1)
    total += w.retry * p * (seen.item_correct.get(item.item_id) is False)
    if said.preferred_content_type:
        total += w.preference * (item.kind in KINDS_OF[said.preferred_content_type])
    if said.session_minutes:
        total += w.time * min(said.session_minutes * 60 / (item.expected_seconds or 1.0), 1.0)
    return total


@pytest.mark.parametrize("seed", range(25))
def test_the_columnar_score_is_the_formula(seed):
    c = context(seed)
    found = score(c, c.estimates[Target.CORRECT], c.estimates[Target.MASTERY], CONFIG).total
    expected = [naive_score(c, row) for row in range(len(c.items))]
    np.testing.assert_allclose(found, expected, atol=2e-6)  # the tie-break is below 1e-6


def test_weights_add_up_to_one_and_the_ref_follows_the_config():
    assert sum(Weights().model_dump().values()) == pytest.approx(1.0)
    assert RecommendPolicy().ref == RecommendPolicy(Config()).ref
    assert RecommendPolicy().ref != RecommendPolicy(Config(epsilon=0.2)).ref


def test_a_slower_learner_is_shown_easier_items():
    def mean_p(rate):
        policy = RecommendPolicy(Config(epsilon=0.0))
        ps = []
        for seed in range(20):
            c = context(seed, preferences=Preferences(progression_rate=rate), goals=Goals())
            ps += [x.p_correct for x in policy.decide(c, np.random.default_rng(0))]
        return np.mean(ps)

    assert mean_p(ProgressionRate.SLOW) > mean_p(ProgressionRate.MODERATE)
    assert mean_p(ProgressionRate.MODERATE) > mean_p(ProgressionRate.FAST)


def test_the_zone_is_one_inside_the_band_and_falls_evenly_outside():
    c = context(0, preferences=Preferences())
    p = np.array([0.0, 0.35, 0.70, 0.8, 0.85, 0.925, 1.0])
    np.testing.assert_allclose(in_zone(p, c, CONFIG), [0, 0.5, 1, 1, 1, 0.75, 0.5], atol=1e-9)


def test_a_goal_moves_its_skill_up():
    policy, moved = RecommendPolicy(Config(epsilon=0.0)), []
    for seed in range(20):
        plain = context(seed, 3, goals=Goals())
        wanted = plain.items.skills[-1].skill_id
        aimed = context(seed, 3, goals=Goals(priority_skills=(wanted,)))

        column = plain.items.column_of[wanted]
        needed = np.append(curriculum_of(plain.items).ancestors[column], False)
        needed[column] = True

        def n_wanted(c, needed=needed):
            slate = policy.decide(c, np.random.default_rng(0))
            rows = [c.items.row_of[x.action.item_id] for x in slate]
            return needed[c.items.item_skills[rows]].any(axis=1).sum()

        moved.append(n_wanted(aimed) - n_wanted(plain))
    assert min(moved) >= 0
    assert sum(moved) > 5


SCORES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40)


@given(SCORES, st.integers(1, 40), st.floats(0.0, 1.0))
@settings(max_examples=200)
def test_propensities_add_up_to_one_over_the_support(scores, gone, epsilon):
    config = Config(epsilon=epsilon)
    cost = -np.array(scores)
    n_gone = min(gone, len(scores) - 1)
    cost[:n_gone] = np.inf
    places, probabilities, values = distribution(cost, len(scores) - n_gone, config)
    assert sum(probabilities) == pytest.approx(1.0, abs=1e-12)
    assert min(probabilities) >= 0.0
    assert all(a <= b for a, b in pairwise(values))
    assert len(set(places)) == len(places) == min(config.shortlist, len(scores) - n_gone)
    assert all(place >= n_gone for place in places)


def test_the_drawn_slates_are_as_frequent_as_the_product_of_their_propensities():
    config = Config(epsilon=0.5, shortlist=3, temperature=0.3, same_skill_penalty=0.2)
    scores, skill = np.array([0.9, 0.8, 0.5, 0.1]), np.array([0, 0, 1, 2])
    rng, n = np.random.default_rng(3), 20_000
    said, counts = {}, Counter()
    for _ in range(n):
        slate = draw(scores, skill, 2, rng, config)
        key = tuple(d.place for d in slate)
        counts[key] += 1
        said[key] = slate[0].propensity * slate[1].propensity
    assert sum(said.values()) == pytest.approx(1.0)
    for key, p in said.items():
        assert abs(counts[key] - n * p) < 5 * np.sqrt(n * p * (1 - p))


def test_the_same_skill_gives_way_where_alternatives_are_near_and_only_there():
    config = Config(epsilon=0.0, same_skill_penalty=0.05)

    def skills_of(scores, skill):
        rng = np.random.default_rng(0)
        return [skill[d.place] for d in draw(np.array(scores), np.array(skill), 3, rng, config)]

    assert skills_of([0.90, 0.89, 0.88, 0.87, 0.86], [0, 0, 0, 1, 2]) == [0, 1, 2]
    assert skills_of([0.90, 0.89, 0.88, 0.50, 0.40], [0, 0, 0, 1, 2]) == [0, 0, 0]


def test_without_estimates_the_curriculum_decides():
    c = replace(context(4), estimates={})
    slate = RecommendPolicy().decide(c, np.random.default_rng(0))
    depth = {s.skill_id: i for i, s in enumerate(c.items.skills)}
    order = [
        max((depth[s] for s in c.items.items[c.items.row_of[x.action.item_id]].skills), default=99)
        for x in slate
    ]
    assert order == sorted(order)
    assert {x.propensity for x in slate} == {1.0}
