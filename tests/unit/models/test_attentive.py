"""Does attention see what it may see, and nothing else? Does the fold say what was trained?"""

import inspect
from dataclasses import replace

import numpy as np
import pytest
import torch

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import ArtifactError, DataError
from learnloop.core.ids import ItemId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.types import Item, Skill
from learnloop.features.state import encode
from learnloop.models.tracing import attentive
from learnloop.models.tracing.attentive.asking import asked_of, features_of, inputs, specs
from learnloop.models.tracing.attentive.columns import columns_of
from learnloop.models.tracing.attentive.config import Config
from learnloop.models.tracing.attentive.direction import Held, held_of, pushed
from learnloop.models.tracing.attentive.items import ItemBook, fit_book
from learnloop.models.tracing.attentive.linear import N_COLUMNS, design, fit_base
from learnloop.models.tracing.attentive.replay import replay
from learnloop.models.tracing.attentive.state import (
    EVENT,
    FEATURES,
    KEPT,
    RIGHT,
    START,
    STUDIED,
    WRONG,
    advanced,
)
from learnloop.models.tracing.attentive.train import Attentive, Served
from learnloop.models.train.batches import collate
from learnloop.training.predict import predict_rows

CONFIG = Config(width=16, heads=2, length=12, overlap=6, epochs=2)
N_ITEMS, N_SKILLS = 15, 4


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def answers(rng: np.random.Generator, n_learners: int = 12, n_each: int = 30) -> AnswerLog:
    """Some in bundles of one instant, some only studied; items have one or two skills."""
    n = n_learners * n_each
    learner, item = np.repeat(np.arange(n_learners), n_each), rng.integers(N_ITEMS, size=n)
    logit = rng.normal(0.5, 1, n_learners)[learner] - rng.normal(0, 1, N_ITEMS)[item]
    correct = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.int8)
    correct[rng.random(n) < 0.05] = STUDY
    skills = [{i % N_SKILLS, i % 3} for i in range(N_ITEMS)]
    return AnswerLog.ordered(
        learner_ids=tuple(f"l{i}" for i in range(n_learners)),
        item_ids=tuple(f"item-{i}" for i in range(N_ITEMS)),
        skill_ids=tuple(f"skill-{s}" for s in range(N_SKILLS)),
        learner=learner,
        item=item,
        correct=correct,
        occurred_us=10**12 + np.cumsum(rng.integers(3, size=n)) * 10**9,
        skill_starts=np.cumsum([0, *map(len, skills)]),
        skill_of=np.array([s for own in skills for s in sorted(own)]),
    )


def random_net(rng: np.random.Generator) -> Attentive:
    """Every weight is random, so that whatever can be seen is seen."""
    torch.manual_seed(int(rng.integers(1000)))
    zeros = np.zeros(len(FEATURES))
    net = Attentive(N_SKILLS + 1, CONFIG, np.zeros(N_COLUMNS), zeros, zeros + 1.0)
    with torch.no_grad():
        for own in net.parameters():
            own.normal_(0.0, 0.3)
    return net.eval()


def said(net: Attentive, log: AnswerLog, book: ItemBook) -> np.ndarray:
    """(n, 2) logits of each row of a log whose learners fit into one window."""
    rows = replay(log, np.zeros(len(log.learner_ids), np.int64), [book])
    everyone = np.ones(len(log.learner_ids), dtype=bool)
    whole = columns_of(
        log, rows, everyone, Held(True, True), CONFIG.model_copy(update={"length": 30})
    )
    batch = collate(whole, np.arange(len(log.learner_ids)))
    names = inspect.signature(net.forward).parameters
    with torch.no_grad():
        found = net(**{name: torch.from_numpy(batch[name]) for name in names})
    return found.numpy()[batch["mask"]]


def book_of(log: AnswerLog) -> ItemBook:
    return fit_book(log, np.ones(len(log), dtype=bool))


@pytest.mark.parametrize("planted", [0, 7, 15, 29])
def test_an_answer_of_the_same_instant_or_later_changes_nothing(
    rng: np.random.Generator, planted: int
) -> None:
    log = answers(rng)
    net, book = random_net(rng), book_of(log)
    row = 5 * 30 + planted
    other = log.correct.copy()
    later = (log.learner == 5) & (log.instant >= log.instant[row]) & (other != STUDY)
    other[later] = 1 - other[later]
    changed = replace(log, correct=other)
    before, after = said(net, log, book)[:, 0], said(net, changed, book)[:, 0]
    not_later = (log.learner != 5) | (log.instant <= log.instant[row])
    np.testing.assert_array_equal(before[not_later], after[not_later])
    assert not_later.all() or (before != after).any()


def test_a_bundle_is_asked_from_before_it(rng: np.random.Generator) -> None:
    log = answers(rng)
    net, book = random_net(rng), book_of(log)
    bundled = np.append(np.diff(log.instant) == 0, False)
    assert bundled.any()
    other = np.where(bundled & (log.correct != STUDY), 1 - log.correct, log.correct)
    first = int(np.flatnonzero(bundled)[0])
    changed = replace(log, correct=np.where(np.arange(len(log)) == first, other, log.correct))
    mine = log.instant == log.instant[first]
    assert mine.sum() > 1
    before, after = said(net, log, book)[:, 0], said(net, changed, book)[:, 0]
    np.testing.assert_array_equal(before[mine], after[mine])


def test_the_fold_asks_what_was_trained(rng: np.random.Generator) -> None:
    log = answers(rng)
    net, book = random_net(rng), book_of(log)
    trained = said(net, log, book)
    served = Served(net, 1.0, 0.0)
    names = [tuple(log.skill_ids[s] for s in log.skills_of(i)) for i in range(N_ITEMS)]
    results = {STUDY: STUDIED, 0: WRONG, 1: RIGHT}
    for learner in (0, 7):
        state, instant = START, -1
        for row in range(*log.starts[learner : learner + 2]):
            item, at_us = int(log.item[row]), int(log.times[row])
            facts = book.facts(log.item_ids[item], names[item])
            if log.instant[row] != instant:
                instant, asked = log.instant[row], state
            assert logit(served, asked, facts, at_us) == pytest.approx(trained[row, 0], abs=2e-3)
            state = advanced(state, facts, book.mu, results[int(log.correct[row])], at_us)
            assert logit(served, state, facts, at_us) == pytest.approx(trained[row, 1], abs=2e-3)


def logit(served: Served, state, facts, at_us: int) -> float:
    given = inputs(state, asked_of((facts,)), at_us, 40)
    with torch.no_grad():
        return float(served(*(torch.from_numpy(given[spec.name]) for spec in specs(40)))[0, 0])


def test_a_network_that_learnt_nothing_is_its_base(rng: np.random.Generator) -> None:
    log = answers(rng)
    book = book_of(log)
    rows = replay(log, np.zeros(len(log.learner_ids), np.int64), [book])
    base = rng.normal(0, 0.1, N_COLUMNS)
    net = Attentive(N_SKILLS + 1, CONFIG, base, rows.before.mean(0), 1 / (rows.before.std(0) + 1))
    np.testing.assert_allclose(
        said(net.eval(), log, book)[:, 0], design(rows.before) @ base, rtol=0, atol=1e-4
    )


def test_without_evidence_the_base_is_the_filter_of_the_record(rng: np.random.Generator) -> None:
    x = rng.normal(size=(50, len(FEATURES))).astype(np.float32)
    weights = fit_base(x, (rng.random(50) < 0.5).astype(float), 0.3, ridge=1e9)
    easiness, latent = (x[:, FEATURES.index(name)] for name in ("easiness", "latent"))
    np.testing.assert_allclose(design(x) @ weights - weights[0], easiness + latent, atol=1e-3)


def test_a_table_is_read_as_each_of_its_items(rng: np.random.Generator) -> None:
    log = answers(rng)
    book = book_of(log)
    facts = [book.facts(x.item_id, x.skills) for x in log.items()]
    facts += [book.facts("new", ("skill-1",)), book.facts("bare", ())]
    state = START
    for step in range(40):
        state = advanced(state, facts[step % 7], book.mu, step % 3, 10**12 + step * 10**8)
    whole = features_of(state, asked_of(facts), 10**12 + 10**10)
    each = [features_of(state, asked_of((f,)), 10**12 + 10**10)[0] for f in facts]
    np.testing.assert_array_equal(whole, each)


def test_only_the_last_events_are_kept(rng: np.random.Generator) -> None:
    book = book_of(answers(rng))
    state = START
    for step in range(2 * KEPT):
        state = advanced(state, book.facts("item-1", ("skill-1",)), book.mu, step % 2, step)
    assert len(state.events) == KEPT * EVENT.itemsize
    assert np.frombuffer(state.events, EVENT)["at_us"][-1] == 2 * KEPT - 1
    assert len(encode(state)) < 10_000


@pytest.fixture(scope="module")
def fitted() -> tuple[AnswerLog, attentive.AttentiveModel]:
    log = answers(np.random.default_rng(3), n_learners=20)
    rng = np.random.default_rng(5)
    return log, attentive.fit(log, CONFIG, version="v", rng=rng)


def test_the_same_seed_makes_the_same_model(
    fitted: tuple[AnswerLog, attentive.AttentiveModel],
) -> None:
    log, model = fitted
    again = attentive.fit(log, CONFIG, version="v", rng=np.random.default_rng(5))
    np.testing.assert_array_equal(predict_rows(again, log), predict_rows(model, log))


def test_a_new_item_is_as_its_skills_say(
    fitted: tuple[AnswerLog, attentive.AttentiveModel],
) -> None:
    log, model = fitted
    skill = SkillId("skill-1")
    item, other = Item(ItemId("new"), (skill,)), Item(ItemId("newer"), (skill,))
    table = ItemTable("t", (*log.items(), item, other), (Skill(skill, "One"),))
    state = model.start(None)
    for answer in log.interactions(0):
        state = model.update(state, answer, table.items[table.row_of[answer.item_id]])
        at = answer.occurred_at
    found = model.predict(state, table, at)
    assert found.values[-1] == found.values[-2]
    assert found.stddev[-1] > found.stddev[:-2].min()


def test_what_is_corrupt_is_refused(fitted: tuple[AnswerLog, attentive.AttentiveModel]) -> None:
    data = fitted[1].export()
    flipped = (
        data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]
    )
    for wrong in (b"", data[:1000], flipped):
        with pytest.raises(ArtifactError):
            attentive.load(wrong)


def test_too_little_to_learn_from_is_refused(rng: np.random.Generator) -> None:
    log = answers(rng)
    few = log.take_learners(np.arange(12) < 3)
    with pytest.raises(DataError, match="200"):
        attentive.fit(few, version="v", rng=rng)
    right = replace(log, correct=np.ones_like(log.correct))
    with pytest.raises(DataError, match="all answers are right"):
        attentive.fit(right, version="v", rng=rng)


@pytest.mark.parametrize("feedback", [False, True])
def test_a_result_is_held_unless_the_log_shows_otherwise(
    rng: np.random.Generator, feedback: bool
) -> None:
    log = answers(rng, n_learners=40)
    log = replace(log, occurred_us=None, correct=np.abs(log.correct))
    if feedback:  # each item is asked again at once, and is right then
        pairs = np.arange(len(log)) // 2 * 2
        right = np.where(np.arange(len(log)) % 2, 1, log.correct)
        log = replace(log, item=log.item[pairs], correct=right.astype(np.int8))
    rows = replay(log, np.zeros(len(log.learner_ids), np.int64), [book_of(log)])
    base = np.zeros(N_COLUMNS)
    base[1 + FEATURES.index("met")] = 1.0
    held = held_of(log, rows, base)
    assert held == Held(right=True, wrong=not feedback)
    better = pushed(log, rows, base, held, 0.02)
    moved = (design(rows.after) - design(rows.before)) @ better
    astray = (2 * log.correct - 1) * moved < 0
    assert astray[held.rows(log)].mean() <= 0.03
