"""The estimator as a whole: what the switches do, and what is kept of it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.models.bkt_worlds import any_log, log_of, tracing_log

from learnloop.core.answers import AnswerLog
from learnloop.core.errors import ArtifactError, DataError
from learnloop.models.tracing import bkt
from learnloop.models.tracing.bkt import STANDARD, Config
from learnloop.models.tracing.bkt.book import NO_SKILL
from learnloop.models.tracing.bkt.columns import columns_of, scales, shifts_before
from learnloop.models.tracing.bkt.effects import Shifts, first_values, improved
from learnloop.models.tracing.bkt.fitting import enough
from learnloop.models.tracing.bkt.sequences import opportunities
from learnloop.training.predict import predict_rows


def world(seed: int, n_learners: int = 100, n_each: int = 30) -> AnswerLog:
    """Learners and items that differ, on top of knowing and not knowing."""
    rng = np.random.default_rng(seed)
    able, easy = rng.normal(0, 0.8, n_learners), np.random.default_rng(0).normal(0, 1, 12)
    rows = []
    for u in range(n_learners):
        knows = rng.random(3) < 0.3
        for _ in range(n_each):
            item = int(rng.integers(12))
            skill = item % 3
            logit = -1.2 + 2.5 * knows[skill] + easy[item] + able[u]
            rows.append((u, item, int(rng.random() < 1 / (1 + np.exp(-logit)))))
            knows[skill] |= rng.random() < 0.15
    return log_of(rows, [[i % 3] for i in range(12)], 3)


def log_loss(model: bkt.BktModel, log: AnswerLog) -> float:
    p = predict_rows(model, log)
    return float(-np.log(np.where(log.correct == 1, p, 1 - p)).mean())


@pytest.fixture(scope="module")
def train() -> AnswerLog:
    return world(1)


@pytest.fixture(scope="module")
def default(train: AnswerLog) -> bkt.BktModel:
    return bkt.fit(train, version="1", rng=np.random.default_rng(0))


def test_each_effect_that_is_there_predicts_better(train: AnswerLog, default: bkt.BktModel) -> None:
    test, rng = world(2), np.random.default_rng(0)
    standard = bkt.fit(train, STANDARD, version="1", rng=rng)
    items = bkt.fit(train, replace(Config(), learner_effects=False), version="1", rng=rng)
    learners = bkt.fit(train, replace(Config(), item_effects=False), version="1", rng=rng)
    default_loss, items_loss, learners_loss, standard_loss = (
        log_loss(model, test) for model in (default, items, learners, standard)
    )
    assert default_loss < min(items_loss, learners_loss)
    assert items_loss < standard_loss


def test_the_easiness_of_items_is_found(default: bkt.BktModel) -> None:
    truth = np.random.default_rng(0).normal(0, 1, 12)
    found = [default.book.items[f"i{i}"][0] for i in range(12)]
    assert np.corrcoef(found, truth)[0, 1] > 0.9


def test_each_step_of_em_makes_the_answers_likelier(train: AnswerLog) -> None:
    """With the learners' shifts given; the priors of skills and items pull a little back."""
    config, given = Config(), opportunities(train)
    columns = columns_of(train, given)
    model = bkt.fit(train, version="1", rng=np.random.default_rng(0))
    shift, variance = shifts_before(train, model.book)
    shifts = Shifts(shift[columns.row], scales(variance)[columns.row])
    values, known = first_values(columns, config), enough(train, given, config)
    likely = []
    for _ in range(12):
        values, total = improved(columns, shifts, values, known, config)
        likely.append(total)
    assert (np.diff(likely) > -0.5).all()
    assert likely[-1] > likely[0] + 100


def test_without_an_effect_it_has_no_trace_in_the_book(train: AnswerLog) -> None:
    rng = np.random.default_rng(0)
    off = Config(item_effects=False, learner_effects=False, forgetting=False)
    book = bkt.fit(train, off, version="1", rng=rng).book
    assert {easiness for easiness, _ in book.items.values()} == {0.0}
    assert book.learner == (0.0, 0.0)
    assert book.forgetting == (0.0, 0.0)
    one = bkt.fit(
        train, replace(off, item_effects=True, learning_by_answer=False), version="1", rng=rng
    )
    assert all(len(set(facts.learn)) == 1 for facts in one.book.skills.values())


def test_items_without_a_skill_share_one_that_is_nobodys() -> None:
    log = any_log(np.random.default_rng(0), 400)
    book = bkt.fit(log, version="1", rng=np.random.default_rng(0)).book
    assert set(book.skills) == {*log.skill_ids, NO_SKILL}


def test_a_fit_is_the_same_each_time(train: AnswerLog, default: bkt.BktModel) -> None:
    again = bkt.fit(train, version="1", rng=np.random.default_rng(7))
    assert again.export() == default.export()


def test_a_log_of_studied_rows_alone_is_refused() -> None:
    with pytest.raises(DataError, match="from_catalog"):
        bkt.fit(log_of([(0, 0, -1)], [[0]], 1), version="1", rng=np.random.default_rng(0))


def test_every_flipped_bit_is_noticed(default: bkt.BktModel) -> None:
    good = default.export()
    rng = np.random.default_rng(0)
    for at, bit in zip(rng.integers(0, len(good), 200), rng.integers(0, 8, 200), strict=True):
        bad = bytearray(good)
        bad[at] ^= 1 << int(bit)
        with pytest.raises(ArtifactError):
            bkt.load(bytes(bad))


@pytest.mark.parametrize("bad", [b"", b"{}", b"[1]", b"\x00\xff", b"null", b'{"format": 1}'])
def test_what_is_no_artifact_is_refused(bad: bytes) -> None:
    with pytest.raises(ArtifactError):
        bkt.load(bad)


def test_a_later_format_is_refused_by_name(default: bkt.BktModel) -> None:
    later = json.loads(default.export()) | {"format_version": 99}
    with pytest.raises(ArtifactError, match="99"):
        bkt.load(json.dumps(later).encode())


def test_what_was_exported_has_the_same_bits_and_sources(default: bkt.BktModel) -> None:
    again = bkt.load(default.export())
    assert (again.book, again.config, again.ref) == (default.book, default.config, default.ref)


def test_a_plain_fit_is_of_the_same_kind_with_rows_of_two_skills() -> None:
    rng = np.random.default_rng(4)
    log = tracing_log(rng, np.array([[0.3, 0.2, 0.2, 0.1]] * 2), 60, 10)
    rows = list(zip(log.learner.tolist(), log.item.tolist(), log.correct.tolist(), strict=True))
    both = log_of(rows, [[0], [0, 1], [0], [1], [1], [1], [0, 1], []], 2)
    for config in (STANDARD, replace(STANDARD, forgetting=True), Config()):
        p = predict_rows(bkt.fit(both, config, version="1", rng=rng), both)
        assert ((p > 0) & (p < 1)).all()
