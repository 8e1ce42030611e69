"""Are the two sides of a log apart, and the same every time?"""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.training.answers import answers

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import DataError
from learnloop.training.past import Past
from learnloop.training.split import is_held_out

HOUR_US = 3_600_000_000


@pytest.fixture
def log() -> AnswerLog:
    """60 learners with 20 rows each, an hour apart; every seventh row is studied."""
    n = np.arange(1200)
    rng = np.random.default_rng(0)
    correct = np.where(n % 7 == 0, STUDY, rng.integers(0, 2, 1200))
    return answers(
        learner=n // 20, item=n % 5, correct=correct, us=(n % 20) * HOUR_US,
        skills=[[0], [1], [0, 1], [], [1]],
    )  # fmt: skip


def test_nobody_is_on_both_sides_and_everybody_on_one(log: AnswerLog) -> None:
    past = Past.of(log)
    train, test = set(past.training.learner_ids), set(past.held_out.learner_ids)
    assert not train & test
    assert train | test == set(log.learner_ids)
    assert all(is_held_out(name) for name in test)
    assert len(past.training) + len(past.held_out) == len(log)
    assert len(past.correct) == len(past.learner) == int(past.judged.sum())
    assert set(past.correct.tolist()) == {0, 1}


def test_a_window_leaves_out_what_is_older_but_not_the_history(log: AnswerLog) -> None:
    whole, past = Past.of(log), Past.of(log, 15 * HOUR_US)
    assert past.training.times.min() == 15 * HOUR_US
    assert len(past.training) == len(whole.training) // 4
    assert len(past.held_out) == len(whole.held_out)
    assert (past.held_out.times[past.judged] >= 15 * HOUR_US).all()
    nothing = Past.of(log, 100 * HOUR_US)
    assert (len(nothing.training), len(nothing.training.learner_ids)) == (0, 0)
    timeless = replace(log, occurred_us=None)
    assert len(Past.of(timeless).training) == len(whole.training)
    with pytest.raises(DataError, match="no times"):
        Past.of(timeless, 1)


def test_the_hash_is_of_the_data(log: AnswerLog) -> None:
    sha256 = Past.of(log).sha256
    assert Past.of(replace(log)).sha256 == sha256
    turned = log.correct.copy()
    turned[3] = 1 - turned[3]
    assert log.occurred_us is not None
    others = {
        Past.of(replace(log, correct=turned)).sha256,
        Past.of(replace(log, item_ids=("x", *log.item_ids[1:]))).sha256,
        Past.of(replace(log, occurred_us=log.occurred_us + 1)).sha256,
        Past.of(replace(log, seconds=np.full(len(log), 2.0))).sha256,
        Past.of(log, 0).sha256,
    }
    assert len(others | {sha256}) == 6


def test_the_groups_are_of_judged_answers(log: AnswerLog) -> None:
    past = Past.of(log)
    groups = past.groups(("a", "a", "b", None, "b"))
    assert list(groups) == [
        "first answers", "few answers", "many answers", "rarely right", "mostly right",
        "course a", "course b",
    ]  # fmt: skip
    item = past.held_out.item[past.judged]
    np.testing.assert_array_equal(groups["course b"], np.isin(item, (2, 4)))
    np.testing.assert_array_equal(groups["rarely right"], ~groups["mostly right"])
    assert groups["few answers"].all()
    first = np.bincount(past.learner[groups["first answers"]])
    assert first.max() <= 5
    for learner in np.unique(past.learner):
        own = past.correct[past.learner == learner]
        assert groups["mostly right"][past.learner == learner].all() == (own.mean() >= 0.5)
