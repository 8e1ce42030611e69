"""Are items found again, whatever is missing, and is the likelihood what it says it is?"""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.models.irt_worlds import irt_world, log_of

from learnloop.core.answers import STUDY
from learnloop.core.bank import normal_grid
from learnloop.core.errors import DataError
from learnloop.models.irt.calibration import Mixing, calibrate
from learnloop.models.irt.config import Config
from learnloop.models.irt.curves import Curves, values
from learnloop.models.irt.expectation import Filled, Sparse
from learnloop.models.irt.maximization import (
    Priors,
    add_priors,
    gradients,
    integrate_difficulty,
)
from learnloop.models.irt.precision import standard_errors
from learnloop.models.irt.responses import first_attempts, of_matrix

THETA, WEIGHTS = normal_grid(21)


def some_curves(rng, n, parameters=3):
    gamma = rng.normal(-1.0, 0.5, n) if parameters == 3 else None
    return Curves(rng.normal(0.0, 0.3, n), rng.normal(0.0, 1.0, n), gamma)


@pytest.mark.parametrize("layout", [Filled, Sparse])
@pytest.mark.parametrize("filled", [1.0, 0.4])
def test_the_likelihood_is_that_of_counting_every_answer(layout, filled):
    rng = np.random.default_rng(3)
    world = irt_world(rng, 30, 4, filled)
    curves = some_curves(rng, 4)
    at = values(curves, THETA)
    found = layout(of_matrix(world.answers)).expect(at, np.log(WEIGHTS))
    total, right, seen = 0.0, np.zeros((4, 21)), np.zeros((4, 21))
    for row in world.answers:
        joint = WEIGHTS.copy()
        for i, x in enumerate(row):
            if not np.isnan(x):
                joint *= at.p[i] if x else at.wrong[i]
        if np.isnan(row).all():
            continue
        total += np.log(joint.sum())
        for i, x in enumerate(row):
            if not np.isnan(x):
                seen[i] += joint / joint.sum()
                right[i] += x * joint / joint.sum()
    assert found.log_likelihood == pytest.approx(total, rel=1e-6)
    np.testing.assert_allclose(found.right, right, atol=1e-4)
    np.testing.assert_allclose(found.seen, seen, atol=1e-4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 3]))
def test_slopes_are_those_of_finite_differences(seed, parameters):
    rng = np.random.default_rng(seed)
    curves, n = some_curves(rng, 5, parameters), 5
    seen = rng.gamma(2.0, 3.0, (n, 21))
    right = seen * rng.random((n, 21))
    priors = Priors(0.1, 0.5, rng.normal(size=n), rng.uniform(0.5, 2.0, n), (4.0, 16.0))

    def objective(at):
        p = values(at, THETA)
        fit = (right * np.log(p.p) + (seen - right) * np.log(p.wrong)).sum(axis=1)
        return fit + priors.log_density(at)

    g, h = gradients(curves, values(curves, THETA), THETA, right, seen)
    add_priors(g, h, curves, priors, shared=False)
    for k in range(len(g)):
        step = np.zeros_like(g)
        step[k] = 1e-5
        numeric = (objective(curves.plus(step)) - objective(curves.plus(-step))) / 2e-5
        np.testing.assert_allclose(g[k], numeric, rtol=1e-4, atol=1e-3)
    eigenvalues = np.linalg.eigvalsh(h.transpose(2, 0, 1))
    assert (eigenvalues > 0.0).all()


def test_integrating_difficulty_lowers_the_slope_of_discrimination_by_at_most_one():
    curves = some_curves(np.random.default_rng(0), 6, 2)
    h = np.zeros((2, 2, 6))
    h[1, 1] = [0.0, 0.1, 1.0, 10.0, 1e3, 1e6]
    g = np.zeros((2, 6))
    term = integrate_difficulty(g, h, curves, Priors.of(Config(), 6))
    assert term < 0.0
    assert (np.diff(-g[0]) > 0.0).all()
    assert g[0, 0] == 0.0
    assert g[0, 5] > -1.0


@pytest.mark.parametrize("filled", [1.0, 0.3, 0.12])
def test_parameters_are_found_within_their_standard_errors(filled):
    inside = []
    for seed in range(3):
        world = irt_world(np.random.default_rng(seed), 1500, 30, filled)
        responses = of_matrix(world.answers)
        found = calibrate(responses, Config())
        errors = standard_errors(responses, found)
        off_a = (found.curves.discrimination - world.a) / errors.discrimination
        off_b = (found.curves.difficulty - world.b) / errors.difficulty
        inside.append([np.abs(off_a) < 1.96, np.abs(off_b) < 1.96])
        assert found.converged
    coverage = np.mean(inside, axis=(0, 2))
    assert (coverage > 0.87).all()


def test_errors_of_each_item_alone_are_a_little_smaller(monkeypatch):
    world = irt_world(np.random.default_rng(1), 1000, 25)
    responses = of_matrix(world.answers)
    for parameters in (1, 2, 3):
        found = calibrate(responses, Config(parameters=parameters))
        whole = standard_errors(responses, found, shared=parameters == 1)
        monkeypatch.setattr("learnloop.models.irt.precision.TOGETHER", 0)
        alone = standard_errors(responses, found, shared=parameters == 1)
        monkeypatch.undo()
        for x, y in zip(whole, alone, strict=True):
            assert (y <= x * 1.001).all()
            assert (y >= x * 0.6).all()


def test_one_parameter_means_one_discrimination_and_it_is_found():
    rng = np.random.default_rng(4)
    theta, b = rng.normal(size=2000), rng.normal(size=40)
    answers = (rng.random((2000, 40)) < 1 / (1 + np.exp(-1.4 * (theta[:, None] - b)))) * 1.0
    answers[rng.random(answers.shape) < 0.8] = np.nan
    found = calibrate(of_matrix(answers), Config(parameters=1)).curves
    assert np.ptp(found.discrimination) < 1e-12
    assert found.discrimination[0] == pytest.approx(1.4, abs=0.12)
    assert np.corrcoef(found.difficulty, b)[0, 1] > 0.98


def test_guessing_is_found_where_there_is_some():
    world = irt_world(np.random.default_rng(5), 4000, 30, guessing=0.25)
    three = calibrate(of_matrix(world.answers), Config(parameters=3))
    assert three.curves.guessing.mean() == pytest.approx(0.25, abs=0.05)
    two = calibrate(of_matrix(world.answers), Config())
    off = [np.abs(x.curves.difficulty - world.b).mean() for x in (three, two)]
    assert off[0] < off[1]


def test_thousands_of_items_with_few_answers_do_not_drive_discrimination_up():
    rng = np.random.default_rng(6)
    theta, b = rng.normal(size=200), rng.normal(size=1500)
    answers = (rng.random((200, 1500)) < 1 / (1 + np.exp(-(theta[:, None] - b)))) * 1.0
    answers[rng.random(answers.shape) < 0.97] = np.nan
    for parameters in (1, 2):
        found = calibrate(of_matrix(answers), Config(parameters=parameters))
        assert 0.6 < np.median(found.curves.discrimination) < 1.5


@pytest.mark.parametrize("parameters", [1, 2, 3])
def test_items_of_one_class_and_turned_around_stay_finite_and_upright(parameters):
    world = irt_world(np.random.default_rng(7), 300, 12)
    answers = world.answers.copy()
    answers[:, 0], answers[:, 1] = 1.0, 0.0
    answers[:, 2] = 1.0 - answers[:, 3]
    answers[:, 4] = np.nan
    responses = of_matrix(answers)
    found = calibrate(responses, Config(parameters=parameters))
    errors = standard_errors(responses, found, shared=parameters == 1)
    curves = found.curves
    for column in (curves.discrimination, curves.difficulty, curves.guessing, *errors):
        assert np.isfinite(column).all()
    assert (curves.discrimination > 0.0).all()
    assert curves.difficulty[0] < curves.difficulty[5:].min()
    assert curves.difficulty[1] > curves.difficulty[5:].max()


def test_only_the_first_attempt_counts_and_study_rows_do_not():
    world = irt_world(np.random.default_rng(8), 50, 6, 0.7)
    once, twice = log_of(world.answers), log_of(world.answers, repeats=2)
    for log in (once, twice):
        found = first_attempts(log)
        direct = of_matrix(world.answers)
        np.testing.assert_array_equal(found.counts(), direct.counts())
        assert found.n_patterns == direct.n_patterns
    studied = log_of(world.answers)
    studied.correct[:] = STUDY
    with pytest.raises(DataError, match="no answers"):
        first_attempts(studied)


def test_learners_with_the_same_answers_are_one_pattern():
    every = np.array(list(product((0.0, 1.0, np.nan), repeat=3)))
    answers = np.repeat(every, 2, axis=0)
    found = of_matrix(answers)
    assert found.n_patterns == 26
    assert (found.weight == 2.0).all()
    assert (found.pattern_of[::2] == found.pattern_of[1::2]).all()
    assert (found.pattern_of[-2:] == -1).all()
    for row, pattern in zip(answers[:-2], found.pattern_of, strict=False):
        rows = slice(found.starts[pattern], found.starts[pattern + 1])
        assert found.item[rows].tolist() == np.flatnonzero(~np.isnan(row)).tolist()
        assert found.correct[rows].tolist() == row[~np.isnan(row)].tolist()


def test_partial_credit_is_refused():
    with pytest.raises(DataError, match="partial credit"):
        of_matrix(np.array([[0.5, 1.0]]))


def test_mixing_solves_a_linear_problem_in_as_many_steps_as_it_has_numbers():
    rng = np.random.default_rng(9)
    slow = np.diag([0.99, 0.9, 0.5])
    x, mixing = rng.normal(size=3), Mixing(5)
    for _ in range(5):
        f = slow @ x - x
        x = x + f + mixing.beyond(x, f)
    assert np.abs(x).max() < 1e-6


def test_too_few_passes_are_told():
    world = irt_world(np.random.default_rng(10), 100, 5)
    found = calibrate(of_matrix(world.answers), Config(max_steps=2))
    assert not found.converged
    assert found.n_steps == 2


@pytest.mark.parametrize("wrong", [{"parameters": 4}, {"rise": 1.0}, {"fall": -0.1}])
def test_a_config_that_can_not_be_is_refused(wrong):
    with pytest.raises(DataError):
        Config(**wrong)
