"""What is done with calibrated items: scores, fit, links, and the estimator's own choices."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.models.irt_worlds import irt_world, log_of

from learnloop.core.bank import ItemBank, normal_grid
from learnloop.core.errors import ArtifactError, DataError
from learnloop.core.ids import InteractionId, ItemId, LearnerId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.types import Interaction, InteractionKind, Item, Skill
from learnloop.models import irt
from learnloop.models.irt.calibration import calibrate
from learnloop.models.irt.config import Config
from learnloop.models.irt.fit_statistics import chi_square_tail, item_fit
from learnloop.models.irt.fitting import bank_of_responses
from learnloop.models.irt.linking import Link, linked, mean_sigma, stocking_lord
from learnloop.models.irt.responses import of_matrix
from learnloop.models.irt.scoring import Method, scores

AT = datetime(2026, 1, 5, tzinfo=UTC)
ANA = LearnerId("ana")


def bank_of(world):
    n = len(world.a)
    ids = tuple(ItemId(f"i{i}") for i in range(n))
    return ItemBank(ids, world.a, world.b, world.c, np.full(n, 0.1))


def test_a_banks_posterior_is_bayes():
    bank = bank_of(irt_world(np.random.default_rng(0), 10, 5, guessing=0.2))
    nodes, prior = normal_grid(31)
    rows, correct = np.array([3, 0, 4]), np.array([True, False, True])
    p = bank.p_correct(nodes)
    expected = prior * p[:, 3] * (1 - p[:, 0]) * p[:, 4]
    found = bank.posterior(rows, correct, nodes, prior)
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-9)
    nothing = bank.posterior(rows[:0], correct[:0], nodes, prior)
    np.testing.assert_allclose(nothing, prior)


@pytest.mark.parametrize("method", Method)
def test_scores_are_finite_and_their_errors_hold(method):
    world = irt_world(np.random.default_rng(1), 2000, 30, 0.9)
    answers = world.answers.copy()
    answers[0], answers[1], answers[2] = 1.0, 0.0, np.nan
    responses = of_matrix(answers)
    bank, found = bank_of_responses(responses, tuple(ItemId(f"i{i}") for i in range(30)))
    theta, error = scores(responses, found, bank, method)
    assert np.isnan(theta[2])
    assert np.isnan(error[2])
    known = np.arange(2000) != 2
    assert np.isfinite(theta[known]).all()
    assert np.isfinite(error[known]).all()
    assert theta[0] == np.nanmax(theta)
    assert theta[1] == np.nanmin(theta)
    inside = np.abs(theta - world.theta)[known][2:] < 1.645 * error[known][2:]
    assert 0.86 < inside.mean() < 0.95
    with pytest.raises(DataError, match="in the bank"):
        scores(of_matrix(answers[:, :5]), found, bank, method)


def test_fit_is_one_for_items_that_fit_and_names_those_that_do_not():
    rng = np.random.default_rng(2)
    world = irt_world(rng, 1500, 24, 0.8)
    answers = world.answers.copy()
    coin = (rng.random(1500) < 0.5).astype(float)
    flat = np.where(np.abs(world.theta) > 0.8, coin, world.theta > 0)  # no logistic curve
    answers[:, 0] = np.where(np.isnan(answers[:, 0]), np.nan, flat)
    answers[:, 23] = np.nan
    responses = of_matrix(answers)
    found = item_fit(responses, calibrate(responses, Config()))
    assert np.isnan(found.infit[23])
    assert np.isnan(found.p_value[23])
    good = slice(1, 23)
    np.testing.assert_allclose(found.infit[good], 1.0, atol=0.05)
    np.testing.assert_allclose(found.outfit[good], 1.0, atol=0.15)
    assert found.p_value[0] < 1e-6
    assert (found.p_value[good] < 0.05).mean() < 0.3
    assert found.freedom == 8


@pytest.mark.parametrize(
    ("x", "freedom", "tail"),
    [(3.841, 1, 0.05), (5.991, 2, 0.05), (7.815, 3, 0.05), (15.507, 8, 0.05), (14.067, 7, 0.05)],
)
def test_the_tail_of_chi_square_is_that_of_the_tables(x, freedom, tail):
    assert chi_square_tail(x, freedom) == pytest.approx(tail, abs=1e-4)
    assert chi_square_tail(0.0, freedom) == pytest.approx(1.0)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.floats(0.4, 2.5), st.floats(-2.0, 2.0), st.sampled_from([0, 0.2])
)
def test_a_known_link_is_found_again(seed, slope, shift, guessing):
    here = bank_of(irt_world(np.random.default_rng(seed), 2, 12, guessing=guessing))
    there = linked(here, Link(slope, shift))
    for method in (mean_sigma, stocking_lord):
        found = method(here, there)
        assert found.slope == pytest.approx(slope, rel=1e-3)
        assert found.shift == pytest.approx(shift, abs=1e-3)
    back = linked(there, Link(1.0 / slope, -shift / slope))
    np.testing.assert_allclose(back.difficulty, here.difficulty, atol=1e-9)
    theta = np.linspace(-2.0, 2.0, 5)
    np.testing.assert_allclose(
        there.p_correct(slope * theta + shift), here.p_correct(theta), atol=1e-9
    )


def test_two_forms_are_linked_by_their_common_items():
    world = irt_world(np.random.default_rng(3), 3000, 30)
    able = world.theta > 0.0
    ids = tuple(ItemId(f"i{i}") for i in range(30))
    banks = []
    for who, items in ((able, slice(0, 20)), (~able, slice(10, 30))):
        bank, _ = bank_of_responses(of_matrix(world.answers[who, items]), ids[items])
        banks.append(bank)
    link = stocking_lord(banks[0], banks[1])
    assert link.shift > 1.0  # the first form's learners are the abler ones
    moved = linked(banks[0], link)
    rows = [banks[1].row_of[x] for x in ids[10:20]]
    off = moved.difficulty[10:20] - banks[1].difficulty[rows]
    assert np.abs(off).mean() < 0.25
    with pytest.raises(DataError, match="two or more"):
        mean_sigma(banks[0], linked(bank_of(irt_world(np.random.default_rng(0), 2, 1)), link))


def fitted(parameters=2):
    world = irt_world(np.random.default_rng(4), 400, 16, 0.6)
    config = Config(parameters=parameters)
    return world, irt.fit(log_of(world.answers), config, version="v", rng=np.random.default_rng(0))


@pytest.mark.parametrize("parameters", [1, 2, 3])
def test_a_fitted_model_keeps_its_bank(parameters):
    world, model = fitted(parameters)
    assert len(model.bank) == 16
    assert np.corrcoef(model.bank.difficulty, world.b)[0, 1] > 0.9
    again = irt.load(model.export())
    np.testing.assert_array_equal(again.bank.difficulty, model.bank.difficulty)
    np.testing.assert_array_equal(again.bank.guessing, model.bank.guessing)


def test_an_unknown_item_is_flatter_and_as_hard_as_is_said_or_as_its_skill():
    _, model = fitted()
    book = model.book
    known = book.curve(Item(ItemId("i0")), model.config)
    by_skill = book.curve(Item(ItemId("new"), (SkillId("s1"),)), model.config)
    said = book.curve(Item(ItemId("said"), difficulty_logit=1.0), model.config)
    bare = book.curve(Item(ItemId("bare")), model.config)
    assert by_skill.difficulty == pytest.approx(book.skills["s1"])
    assert said.difficulty == pytest.approx(1.0 / book.discrimination)
    assert bare.difficulty == book.difficulty
    assert known.stddev < by_skill.stddev < bare.stddev
    assert bare.slope < by_skill.slope < book.discrimination


def test_a_skill_is_as_mastered_as_its_middle_item():
    items = [Item(ItemId(f"x{b}"), (SkillId("s"),), difficulty_logit=b) for b in (-1.0, 0.5, 3.0)]
    table = ItemTable("t", items, [Skill(SkillId("s"), "S"), Skill(SkillId("empty"), "E")])
    model = irt.from_catalog(table)
    mastery = model.mastery(model.start(ANA), table, AT).values
    assert mastery[0] < mastery[1] == pytest.approx(0.5)


def test_ability_follows_the_answers_and_comes_back_after_a_long_streak():
    items = [Item(ItemId(f"x{i}"), difficulty_logit=i / 10 - 1) for i in range(20)]
    table = ItemTable("t", items, [])
    model = irt.from_catalog(table)
    state = model.start(ANA)
    mean, spread = model.ability(state)
    assert (mean, spread) == (pytest.approx(0.0, abs=1e-9), pytest.approx(1.0, abs=1e-3))

    def answer(state, n, correct):
        for i in range(n):
            event = Interaction(
                InteractionId(f"e{i}"), ANA, items[i % 20].item_id, InteractionKind.ANSWERED, AT,
                correct=correct,
            )  # fmt: skip
            state = model.update(state, event, items[i % 20])
        return state

    able = answer(state, 500, correct=True)
    assert able.n == 500
    assert model.ability(able)[0] > 3.0
    assert model.ability(answer(able, 100, correct=False))[0] < 0.0


def test_other_bytes_are_no_model():
    good = irt.from_catalog(ItemTable("t", [], [])).export()
    assert len(irt.load(good).bank) == 0
    for bad in (b"", b"[]", b"{}", good[:-3], good.replace(b"skills", b"skillz")):
        with pytest.raises(ArtifactError):
            irt.load(bad)
    with pytest.raises(ArtifactError, match="fit the model again"):
        irt.load(good.replace(b'"format_version": 1', b'"format_version": 9'))
