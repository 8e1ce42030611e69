"""What a fit finds, what it refuses, and that nothing later than a row reaches it."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.models.ability_worlds import T0, answers

from learnloop.core.answers import AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.ids import LearnerId
from learnloop.core.items import ItemTable
from learnloop.core.time import from_us
from learnloop.models import ability
from learnloop.models.ability import AbilityModel
from learnloop.models.ability.config import Config
from learnloop.models.ability.difficulty import book_of, fit_difficulties, skill_sets
from learnloop.models.ability.features import ITEM_SLOPES, SET_SLOPES, VIEW
from learnloop.models.ability.fitting import fit_slopes, fit_weights, replay
from learnloop.models.ability.readout import unfitted
from learnloop.models.index import DEFAULT, MODELS


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_harder_items_get_lower_easiness(fitted: AbilityModel, items: ItemTable) -> None:
    book = fitted.book
    found = [book.facts(x.item_id, x.skills, None).easiness for x in items.items[:24]]
    assert np.corrcoef(found, -np.linspace(-1.5, 1.5, 24))[0, 1] > 0.9


def test_predictions_on_new_learners_beat_the_items_alone(fitted: AbilityModel) -> None:
    log = answers(7)
    y, p, alone = _one_pass(fitted, log)
    assert _log_loss(y, p) < _log_loss(y, alone) - 0.01
    assert abs(np.mean(y - p)) < 0.05


def test_the_same_data_and_seed_give_the_same_bytes() -> None:
    log = answers(3)
    one = ability.fit(log, version="a", rng=rng()).export()
    assert ability.fit(log, version="a", rng=rng()).export() == one


def test_few_answers_leave_the_readout_as_it_was_installed() -> None:
    model = ability.fit(answers(3, n_learners=12, length=20), version="a", rng=rng())
    assert model.readout == unfitted(model.book.mu)
    assert model.book.items


def test_nothing_to_learn_from_is_refused() -> None:
    log = answers(3, n_learners=3)
    with pytest.raises(DataError, match="from_catalog"):
        ability.fit(replace(log, correct=np.full(len(log), -1, np.int8)), version="a", rng=rng())


@pytest.mark.parametrize("n_learners", [1, 2, 3])
@pytest.mark.parametrize("correct", [None, 0, 1])
def test_tiny_and_one_sided_logs_still_fit(n_learners: int, correct: int | None) -> None:
    log = answers(3, n_learners=n_learners, length=4)
    if correct is not None:
        log = replace(log, correct=np.full(len(log), correct, np.int8))
    model = ability.fit(log, version="a", rng=rng())
    _, p, _ = _one_pass(model, answers(4, n_learners=2))
    assert ((p > 0) & (p < 1)).all()


def test_rows_of_one_instant_are_seen_from_before_it() -> None:
    log, config = answers(5, n_learners=4), Config()
    book = book_of(log, fit_difficulties(log, np.ones(len(log), bool), config), config)
    rows = replay(log, np.zeros(4, np.int64), [book], config)
    kept = log.correct >= 0
    n_before = np.expm1(rows.view[:, VIEW.index("ln_n")])
    instant, first = log.instant, log.starts[log.learner]
    expected = [
        int(kept[a:r][instant[a:r] < instant[r]].sum())
        for a, r in zip(first, range(len(log)), strict=True)
    ]
    np.testing.assert_allclose(n_before, np.array(expected)[kept], atol=1e-9)


def test_a_planted_future_changes_no_earlier_row() -> None:
    log, config = answers(5, n_learners=4), Config()
    book = book_of(log, fit_difficulties(log, np.ones(len(log), bool), config), config)
    planted = log.correct.copy()
    planted[log.starts[1:] - 1] = 1 - np.abs(planted[log.starts[1:] - 1])
    fold = np.zeros(4, np.int64)
    one, two = (replay(x, fold, [book], config) for x in (log, replace(log, correct=planted)))
    last = np.isin(np.arange(len(log)), log.starts[1:] - 1)
    a, b = ~last[log.correct >= 0], ~last[planted >= 0]
    np.testing.assert_array_equal(one.view[a], two.view[b])


def test_the_readout_in_bulk_is_the_readout_row_by_row(fitted: AbilityModel) -> None:
    log = answers(6, n_learners=10)
    rows = replay(log, np.zeros(10, np.int64), [fitted.book], fitted.config)
    r = fitted.readout
    weights = np.concatenate(
        (r.shared, r.easiness, r.reliability, r.recall, r.recall_easiness, r.traits)
    )
    logit = rows.design(slice(None)) @ weights
    named = [log.items()[i] for i in rows.item]
    own = [np.array(r.sets[x.skills]) - np.array(r.shared) for x in named]
    items = np.array([r.items[x.item_id] for x in named])
    logit += (np.array(own) * rows.view).sum(1)
    logit += items[:, 0] + (items[:, 1:] * rows.view[:, ITEM_SLOPES]).sum(1)
    unbiased = replace(fitted.config, bias_variance=0.0)
    _, p, _ = _one_pass(AbilityModel("a", unbiased, fitted.book, r), log)
    np.testing.assert_allclose(p, 1.0 / (1.0 + np.exp(-logit)), rtol=0, atol=1e-9)


def test_a_count_says_the_same_in_the_book_of_a_fold_as_in_that_of_everyone() -> None:
    log, config = answers(5, n_learners=50), Config()
    most = log.learner % 10 > 0
    whole, part = (fit_difficulties(log, rows, config) for rows in (most | True, most))
    told, scaled = book_of(log, whole, config), book_of(log, part, config, 10 / 9)
    n, n_scaled = (sum(n for _, n, _ in book.items.values()) for book in (told, scaled))
    assert n_scaled == pytest.approx(n, rel=0.02)


def test_newton_finds_the_weights_that_made_the_answers() -> None:
    log, config = answers(5, n_learners=50), Config()
    book = book_of(log, fit_difficulties(log, np.ones(len(log), bool), config), config)
    rows = replay(log, np.zeros(50, np.int64), [book], config)
    weights = fit_weights(rows, 1e-3)
    x = rows.design(slice(None))
    gradient = x.T @ (rows.y - 1.0 / (1.0 + np.exp(-x @ weights)))
    assert np.abs(gradient / len(rows.y)).max() < 1e-3


def test_slopes_are_shrunk_away_where_skills_behave_alike() -> None:
    log, config = answers(5, n_learners=50), Config()
    book = book_of(log, fit_difficulties(log, np.ones(len(log), bool), config), config)
    rows = replay(log, np.zeros(50, np.int64), [book], config)
    group, columns, zero = skill_sets(log)[rows.item], rows.view[:, SET_SLOPES], rows.y * 0.0
    alike = (rng().random(len(zero)) < 0.5).astype(float)
    differ = (group % 2).astype(float)
    slopes = fit_slopes(columns, alike, zero, group, int(group.max()) + 1, 2.0)
    assert np.abs(slopes[:, 1]).max() < 0.25
    slopes = fit_slopes(columns, differ, zero, group, int(group.max()) + 1, 2.0)
    logit = slopes[group, 0] + (slopes[group, 1:] * columns).sum(1)
    assert logit[group % 2 == 1].min() > 0.5 > -0.5 > logit[group % 2 == 0].max()


def test_a_fresh_install_ranks_by_the_authors_difficulty() -> None:
    log = replace(answers(2, n_learners=1, length=2), difficulty_logit=np.linspace(-2, 2, 24))
    items = ItemTable("1", log.items(), log.skills())
    model = ability.from_catalog(items)
    p = model.predict(model.start(LearnerId("u")), items, from_us(T0)).values
    np.testing.assert_allclose(p, 1.0 / (1.0 + np.exp(np.linspace(-2, 2, 24))), atol=1e-12)


def test_the_index_names_the_default() -> None:
    assert MODELS[DEFAULT] is ability


def _one_pass(model: AbilityModel, log: AnswerLog) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Answers, one-pass predictions, and the items' own rates."""
    items, y, p, alone = {x.item_id: x for x in log.items()}, [], [], []
    for learner, name in enumerate(log.learner_ids):
        state = before = model.start(LearnerId(name))
        at = None
        for x in log.interactions(learner):
            if x.occurred_at != at:
                before, at = state, x.occurred_at
            if x.correct is not None:
                y.append(float(x.correct))
                p.append(model.p_correct(before, items[x.item_id], at))
                facts = model.book.facts(x.item_id, items[x.item_id].skills, None)
                alone.append(facts.p_base)
            state = model.update(state, x, items[x.item_id])
    return np.array(y), np.array(p), np.array(alone)


def _log_loss(y: np.ndarray, p: np.ndarray) -> float:
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))
