"""Does a policy keep every promise of `learnloop.core.protocols.Policy`? Subclass `PolicySuite`.

    class TestMyPolicy(PolicySuite):
        def make_policy(self) -> Policy:
            return MyPolicy()

It decides in random worlds (`worlds.py`) with the default model's estimates.
"""

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import replace
from math import isfinite, sqrt

import numpy as np
import pytest

from learnloop.core.context import Context
from learnloop.core.protocols import Policy
from learnloop.core.types import Choice, Target
from learnloop.models.index import DEFAULT, MODELS
from learnloop.policies.explain import SENTENCES, sentence
from learnloop.testing.worlds import context_of, random_world

SEEDS = range(12)
N_DRAWS = 1500


def _context(seed: int, n: int = 5, **shape: int) -> Context:
    world = random_world(seed, **shape)
    return context_of(world, MODELS[DEFAULT].from_catalog(world.items), n)


def _decided(policy: Policy, context: Context, seed: int = 0) -> tuple[Choice, ...]:
    return policy.decide(context, np.random.default_rng(seed))


class PolicySuite(ABC):
    """Every promise; `make_policy` gives the policy to test.

    Stability: stable.
    """

    @abstractmethod
    def make_policy(self) -> Policy:
        """The policy to test."""

    @pytest.mark.parametrize("seed", SEEDS)
    def test_choices_are_distinct_candidates_and_as_many_as_there_can_be(self, seed: int) -> None:
        context = _context(seed)
        ids = [c.action.item_id for c in _decided(self.make_policy(), context, seed)]
        allowed = {context.items.items[row].item_id for row in context.candidates}
        assert len(set(ids)) == len(ids) == min(context.n, len(allowed))
        assert set(ids) <= allowed

    @pytest.mark.parametrize("seed", SEEDS)
    def test_numbers_are_probabilities_and_every_choice_says_why(self, seed: int) -> None:
        context = _context(seed)
        for choice in _decided(self.make_policy(), context, seed):
            assert 0.0 < choice.propensity <= 1.0 + 1e-12
            assert isfinite(choice.score)
            assert choice.p_correct is None or 0.0 < choice.p_correct < 1.0
            assert 1 <= len(choice.reasons) <= 3
            assert {r.code for r in choice.reasons} <= set(SENTENCES)
            assert all(len(sentence(r, context.items)) > 10 for r in choice.reasons)
            assert all(r.weight >= 0.0 for r in choice.reasons)

    @pytest.mark.parametrize("n", [1, 100])
    def test_a_slate_is_never_longer_than_what_is_there(self, n: int) -> None:
        context = _context(3, n, n_items=20)
        policy = self.make_policy()
        assert len(_decided(policy, context)) == min(n, len(context.candidates))
        nothing = replace(context, candidates=context.candidates[:0])
        assert _decided(policy, nothing) == ()
        one = replace(context, candidates=context.candidates[:1])
        assert [c.propensity for c in _decided(policy, one)] == pytest.approx([1.0])

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_same_generator_decides_the_same_and_nothing_is_changed(self, seed: int) -> None:
        context, policy = _context(seed), self.make_policy()
        before = _fingerprint(context)
        first = _decided(policy, context, seed)
        assert _decided(policy, context, seed) == first
        assert _decided(self.make_policy(), _context(seed), seed) == first
        assert _fingerprint(context) == before

    @pytest.mark.parametrize("known", [(), (Target.CORRECT,), (Target.MASTERY,)])
    def test_missing_estimates_are_said_and_are_no_error(self, known: tuple[Target, ...]) -> None:
        context, policy = _context(1), self.make_policy()
        poorer = replace(context, estimates={t: context.estimates[t] for t in known})
        choices = _decided(policy, poorer)
        assert len(choices) == min(context.n, len(context.candidates))
        if not policy.needs <= set(known):
            assert all("no_estimate" in [r.code for r in c.reasons] for c in choices)

    def test_a_learner_who_switched_personalization_off_gets_no_draw(self) -> None:
        context, policy = _context(2), self.make_policy()
        off = replace(context, learner=replace(context.learner, personalized=False))
        slates = {tuple(c.action.item_id for c in _decided(policy, off, s)) for s in range(20)}
        assert len(slates) == 1
        for choice in _decided(policy, off):
            assert choice.propensity == 1.0
            assert "personalization_off" in [r.code for r in choice.reasons]

    @pytest.mark.parametrize("seed", [0, 5])
    def test_each_position_is_drawn_as_often_as_its_propensity_says(self, seed: int) -> None:
        context, policy = _context(seed, 2), self.make_policy()
        draws = [_decided(policy, context, s) for s in range(N_DRAWS)]
        _check_frequencies([slate[0] for slate in draws])
        usual = Counter(slate[0].action.item_id for slate in draws).most_common(1)[0][0]
        _check_frequencies([s[1] for s in draws if s[0].action.item_id == usual])


def _check_frequencies(choices: list[Choice]) -> None:
    n, counts = len(choices), Counter(c.action.item_id for c in choices)
    said = {c.action.item_id: c.propensity for c in choices}
    assert all(c.propensity == said[c.action.item_id] for c in choices)
    assert sum(said.values()) <= 1.0 + 1e-9
    for item_id, p in said.items():
        assert abs(counts[item_id] - n * p) <= 5.0 * sqrt(n * p * (1.0 - p)) + 2.0


def _fingerprint(context: Context) -> list[object]:
    estimates = [(t, e.values.tobytes(), e.stddev.tobytes()) for t, e in context.estimates.items()]
    seen = context.evidence
    arrays = (context.candidates, seen.n_answers, seen.n_correct, seen.last_us)
    return [estimates, [a.tobytes() for a in arrays], dict(seen.item_last_us), context.learner]
