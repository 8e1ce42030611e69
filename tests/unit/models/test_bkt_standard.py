"""Plain knowledge tracing: EM climbs, finds what was put in, and never turns the states around."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.models.bkt_worlds import any_log, log_of, tracing_log

from learnloop.models.tracing import bkt
from learnloop.models.tracing.bkt import STANDARD, Source
from learnloop.models.tracing.bkt.filtering import sigmoid
from learnloop.models.tracing.bkt.sequences import collapsed, opportunities
from learnloop.models.tracing.bkt.smoothing import expect
from learnloop.models.tracing.bkt.standard import (
    FIRST,
    FORGET,
    GUESS,
    LEAST,
    MOST,
    SLIP,
    Problem,
    chances_of,
    fit,
    step,
)


def problem_of(log, *, strength=0.0, forgets=False):
    n = len(log.skill_ids) + 1
    return Problem(collapsed(log, opportunities(log), n), FIRST, strength, forgets)


# What predict_onestep of pyBKT 1.4.3 (its compiled build) says before each answer, by prior, learn,
# guess, slip and forget.
SAID_BY_PYBKT = {
    (0.4, 0.15, 0.25, 0.15, 0.0): (
        (0.49, 0.69387755102, 0.8021875, 0.695912322275),
        (0.49, 0.4, 0.371875, 0.576785714286, 0.438449367089, 0.650536809816, 0.784844689379),
    ),
    (0.1, 0.3, 0.1, 0.3, 0.05): (
        (0.16, 0.450625, 0.634029126214, 0.564546358934),
        (0.16, 0.293928571429, 0.333558421851, 0.598592111548, 0.522211138717, 0.647870491212,
         0.664769914486),
    ),
}  # fmt: skip
ANSWERED = ((1, 1, 0, 1), (0, 0, 1, 0, 1, 1, 1))


@pytest.mark.parametrize("values", SAID_BY_PYBKT)
@pytest.mark.parametrize("nth", [0, 1])
def test_the_likelihood_is_that_of_pybkt(values, nth):
    """What pyBKT calls learn is ours times what is kept: learnt, and not lost again at once."""
    prior, learn, guess, slip, forget = values
    answers, said = ANSWERED[nth], np.array(SAID_BY_PYBKT[values][nth])
    forest = problem_of(log_of([(0, 0, y) for y in answers], [[0]], 1)).forest
    own = np.array([[prior, learn / (1.0 - forget), guess, slip, forget]] * 2)
    found = expect(forest, chances_of(forest, own)).log_likelihood
    likely = np.where(np.array(answers) == 1, said, 1.0 - said)
    np.testing.assert_allclose(found, np.log(likely), atol=1e-10)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("forgets", [False, True])
@pytest.mark.parametrize("strength", [0.0, 5.0])
def test_no_step_lowers_the_penalised_likelihood(seed, forgets, strength):
    problem = problem_of(any_log(np.random.default_rng(seed)), strength=strength, forgets=forgets)
    values, before = problem.first(), None
    for _ in range(25):
        now = step(problem, values)
        if before is not None:
            assert (now.penalised >= before - 1e-9).all()
        values, before = now.values, now.penalised


@pytest.mark.parametrize("seed", range(4))
def test_an_extrapolated_fit_is_no_worse_than_the_same_passes_of_em(seed):
    problem = problem_of(any_log(np.random.default_rng(seed), 200), strength=5.0)
    found = fit(problem, 0.0, 21)
    values = problem.first()
    for _ in range(21):
        plain = step(problem, values)
        values = plain.values
    assert (found.penalised >= plain.penalised - 1e-6).all()
    assert found.n_passes <= 21
    said = step(problem, found.values)
    assert (said.penalised >= found.penalised - 1e-9).all()


def test_what_learners_were_made_with_is_found_again():
    rng = np.random.default_rng(5)
    truth = np.array([[0.3, 0.2, 0.15, 0.1], [0.6, 0.08, 0.3, 0.05], [0.1, 0.35, 0.2, 0.2]])
    log = tracing_log(rng, truth, n_learners=1500, n_each=30)
    model = bkt.fit(log, STANDARD, version="1", rng=rng)
    for skill, (prior, learn, guess, slip) in zip(log.skill_ids, truth, strict=True):
        found = model.book.skill(skill)
        assert found.source is Source.FITTED
        assert sigmoid(found.prior_logit) == pytest.approx(prior, abs=0.05)
        assert found.learn[0] == pytest.approx(learn, abs=0.05)
        assert sigmoid(found.guess_logit) == pytest.approx(guess, abs=0.04)
        assert 1.0 - sigmoid(found.guess_logit + found.gap) == pytest.approx(slip, abs=0.03)


def test_a_skill_that_is_forgotten_is_found_to_be():
    rng = np.random.default_rng(6)
    rows = []
    for learner in range(800):
        knows = rng.random() < 0.5
        for _ in range(20):
            rows.append((learner, 0, int(rng.random() < (0.9 if knows else 0.2))))
            knows = rng.random() < (0.85 if knows else 0.15)
    log = log_of(rows, [[0]], 1)
    model = bkt.fit(log, replace(STANDARD, forgetting=True), version="1", rng=rng)
    assert model.book.skill("s0").forget == pytest.approx(0.15, abs=0.05)
    assert model.book.skill("s0").learn[0] * 0.85 == pytest.approx(0.15, abs=0.05)


@pytest.mark.parametrize("right", ["all", "none", "falling", "random"])
@pytest.mark.parametrize("config", [STANDARD, bkt.Config()], ids=["standard", "default"])
def test_no_log_turns_the_states_around_or_fixes_learning(right, config):
    """Answers that get worse with practice invite a model in which knowing means being wrong."""
    rng = np.random.default_rng(7)
    p = {"all": np.ones(12), "none": np.zeros(12), "falling": np.linspace(0.9, 0.1, 12)}
    chance = p.get(right, np.full(12, 0.5))
    rows = [(u, t % 2, int(rng.random() < chance[t])) for u in range(60) for t in range(12)]
    log = log_of(rows, [[0], [1]], 2)
    book = bkt.fit(log, config, version="1", rng=rng).book
    for skill in (*log.skill_ids, "never seen"):
        found = book.skill(skill)
        guess, slip = sigmoid(found.guess_logit), 1 - sigmoid(found.guess_logit + found.gap)
        assert 0.0 < guess <= 0.5
        assert 0.0 < slip <= 0.5
        assert guess + slip < 1.0
        assert all(0.0 < rate < 1.0 for rate in found.learn)
        assert 0.0 < sigmoid(found.prior_logit) < 1.0


def test_a_skill_with_few_answers_has_the_values_of_the_course_and_says_so():
    rng = np.random.default_rng(8)
    log = tracing_log(rng, np.array([[0.3, 0.2, 0.15, 0.1]] * 2), n_learners=40, n_each=10)
    extra = [(0, 8, 1), (1, 8, 0)]
    rows = list(zip(log.learner.tolist(), log.item.tolist(), log.correct.tolist(), strict=True))
    items = [[0]] * 4 + [[1]] * 4 + [[2]]
    for config in (STANDARD, bkt.Config()):
        book = bkt.fit(log_of(rows + extra, items, 3), config, version="1", rng=rng).book
        assert book.skill("s0").source is Source.FITTED
        assert book.skill("s2").source is Source.POOLED
        assert book.skill("s2") == book.population == book.skill("never seen")


def test_learners_who_answer_alike_weigh_as_many():
    one = problem_of(log_of([(0, 0, 1), (0, 0, 0), (0, 0, 1)], [[0]], 1))
    rows = [(u, 0, y) for u in range(7) for y in (1, 0, 1)]
    seven = problem_of(log_of(rows, [[0]], 1))
    assert len(seven.forest) == len(one.forest) == 3
    values = one.first()
    np.testing.assert_allclose(
        step(seven, values).log_likelihood, 7 * step(one, values).log_likelihood
    )


def test_bounds_keep_guess_and_slip_apart():
    assert MOST[GUESS] + MOST[SLIP] < 1.0
    assert (LEAST < MOST).all()
    assert FIRST[FORGET] < MOST[FORGET]


def test_a_part_of_a_forest_is_that_of_its_skills():
    log = any_log(np.random.default_rng(9), 120)
    whole = collapsed(log, opportunities(log), 4)
    values = np.tile(FIRST, (4, 1))
    part = whole.part(whole.skill == 2)
    alone = expect(part, chances_of(part, values))
    together = expect(whole, chances_of(whole, values))
    np.testing.assert_array_equal(alone.known, together.known[whole.skill == 2])
    assert len(whole.part(np.zeros(len(whole), dtype=bool))) == 0
