"""Which item tells most: Fisher information times prior variance, for any model."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnloop.core.types import Estimate, Ref, Target
from learnloop.models.index import DEFAULT, MODELS
from learnloop.policies.explain import sentence
from learnloop.policies.placement.informative import expected_information, most_informative
from learnloop.testing.worlds import context_of, random_world

LAW = settings(max_examples=40, deadline=None)
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def estimate(p: object, stddev: object) -> Estimate:
    values, spread = np.atleast_1d(np.asarray(p, float)), np.atleast_1d(np.asarray(stddev, float))
    return Estimate(Target.CORRECT, values, spread, Ref("any", "1"), NOW)


@LAW
@given(st.floats(0.02, 0.98), st.floats(0.0, 0.1))
def test_it_is_fisher_information_times_variance_on_the_logit_scale(p: float, s: float) -> None:
    variance = (s / (p * (1 - p))) ** 2
    information = p * (1 - p)
    expected = min(information * variance, 1.0)
    assert expected_information(estimate(p, s))[0] == pytest.approx(expected)


@LAW
@given(st.floats(-2, 2), st.floats(0.05, 0.4))
def test_it_foretells_how_much_the_variance_falls(mean: float, stddev: float) -> None:
    """By Bayes on a grid of logits, averaged over both answers: V / (1 + I V), within a tenth."""
    eta = np.linspace(mean - 6 * stddev, mean + 6 * stddev, 2001)
    prior = np.exp(-0.5 * ((eta - mean) / stddev) ** 2)
    prior /= prior.sum()
    p = 1 / (1 + np.exp(-eta))
    said = p @ prior
    told = expected_information(estimate(said, np.sqrt((p - said) ** 2 @ prior)))[0]
    after = 0.0
    for likelihood in (p, 1 - p):
        weights = prior * likelihood
        chance, weights = weights.sum(), weights / weights.sum()
        after += chance * ((eta - eta @ weights) ** 2 @ weights)
    assert 1 - after / stddev**2 == pytest.approx(told / (1 + told), rel=0.1, abs=0.002)


def test_what_is_certain_or_known_tells_nothing_and_nothing_is_above_one() -> None:
    worth = expected_information(estimate([0.0, 1.0, 0.5, 0.5], [0.0, 0.0, 0.0, 0.9]))
    assert worth.tolist() == [0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("seed", range(6))
def test_the_most_telling_come_first_with_a_reason(seed: int) -> None:
    world = random_world(seed)
    context = context_of(world, MODELS[DEFAULT].from_catalog(world.items), 7)
    found = most_informative(context)
    worth = [x.information for x in found]
    assert worth == sorted(worth, reverse=True)
    everything = expected_information(context.estimates[Target.CORRECT])[context.candidates]
    assert worth == pytest.approx(np.sort(everything)[::-1][:7].tolist())
    assert {x.row for x in found} <= set(context.candidates.tolist())
    assert all(len(sentence(r, world.items)) > 10 for x in found for r in x.reasons)


def test_without_a_model_nobody_can_say() -> None:
    world = random_world(1)
    context = context_of(world, MODELS[DEFAULT].from_catalog(world.items))
    object.__setattr__(context, "estimates", {})
    assert most_informative(context) == ()
