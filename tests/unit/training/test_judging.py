"""Protocol P1: predicted from before, scored without study rows, compared in pairs."""

import json
import math
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.types import Item
from learnloop.metrics import auc, ece
from learnloop.training.baselines import BASELINES, fit_constant, fit_item, fit_skill
from learnloop.training.dataset import Dataset, read_dataset
from learnloop.training.evaluate import compare, evaluate, score
from learnloop.training.predict import predict_rows

from .conftest import Write
from .simulated import Record, RunningShare, clean_log, q_matrix


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def a_log(learner: list[int], correct: list[int], times: list[int] | None) -> AnswerLog:
    """Answers to one item with one skill."""
    n = max(learner) + 1
    return AnswerLog.ordered(
        learner_ids=tuple(f"u{i}" for i in range(n)),
        item_ids=("i",),
        skill_ids=("s",),
        learner=np.array(learner),
        item=np.zeros(len(learner), np.int64),
        correct=np.array(correct, np.int8),
        occurred_us=None if times is None else np.array(times),
        skill_starts=np.array([0, 1]),
        skill_of=np.array([0]),
    )


def test_rows_of_one_instant_are_all_predicted_from_before_it() -> None:
    log = a_log([0] * 5, [1, 1, 0, STUDY, 1], [10, 20, 20, 20, 30])
    p = predict_rows(RunningShare(), log)
    np.testing.assert_allclose(p, [1 / 2, 2 / 3, 2 / 3, math.nan, 3 / 5])


def test_without_times_each_row_is_predicted_from_all_rows_before() -> None:
    p = predict_rows(RunningShare(), a_log([0] * 4, [1, 1, 0, 1], None))
    np.testing.assert_allclose(p, [1 / 2, 2 / 3, 3 / 4, 3 / 5])


def test_every_learner_starts_from_nothing() -> None:
    p = predict_rows(RunningShare(), a_log([0, 0, 1, 1], [1, 1, 0, 0], [1, 2, 1, 2]))
    np.testing.assert_allclose(p, [1 / 2, 2 / 3, 1 / 2, 1 / 3])


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 4), st.sampled_from([STUDY, 0, 1])),
        min_size=1,
        max_size=25,
    )
)
def test_each_prediction_is_the_share_among_strictly_earlier_answers(
    rows: list[tuple[int, int, int]],
) -> None:
    learner, times, correct = (list(c) for c in zip(*rows, strict=True))
    log = a_log(learner, correct, times)
    said = predict_rows(RunningShare(), log)
    for row in range(len(log)):
        before = (log.learner == log.learner[row]) & (log.times < log.times[row])
        answers = log.correct[before & (log.correct != STUDY)]
        told = math.nan if log.correct[row] == STUDY else (answers.sum() + 1) / (len(answers) + 2)
        assert said[row] == pytest.approx(told, nan_ok=True)


@pytest.mark.parametrize("chance", [math.nan, -0.1, 1.5])
def test_what_is_no_chance_is_refused_by_name(chance: float) -> None:
    class Broken(RunningShare):
        def p_correct(self, state: Record, item: Item, at: datetime) -> float:
            return chance

    with pytest.raises(DataError, match=r"test/running-share@1: said .* for learner u0, item i"):
        predict_rows(Broken(), a_log([0], [1], None))


@pytest.fixture
def data(write: Write) -> Dataset:
    return read_dataset(write(interactions=clean_log(n_learners=60), q_matrix=q_matrix()))


def test_figures_are_the_metrics_of_the_held_out_answers(data: Dataset) -> None:
    told = evaluate(data, RunningShare(), rng(), n_resamples=50)
    test = data.test
    p = predict_rows(RunningShare(), test)
    assert (told.model, told.n) == ("test/running-share@1", len(test))
    assert told.n_learners == len(test.learner_ids)
    assert told.figures["auc"].point == pytest.approx(auc(test.correct, p))
    assert told.figures["ece"].point == pytest.approx(ece(test.correct, p))
    first = np.concatenate([np.arange(s, s + 5) for s in test.starts[:-1]])
    assert told.figures["first5_auc"].point == pytest.approx(auc(test.correct[first], p[first]))
    assert told.figures["first5_ece"].point == pytest.approx(ece(test.correct[first], p[first]))
    assert all(f.low <= f.point <= f.high for f in told.figures.values())
    assert told.audit.passed


def test_study_rows_teach_and_are_not_scored(data: Dataset) -> None:
    studied = np.where(np.arange(len(data.log)) % 3 == 0, STUDY, data.log.correct)
    with_study = replace(data, log=replace(data.log, correct=studied.astype(np.int8)))
    told = evaluate(with_study, RunningShare(), rng(), n_resamples=10)
    assert told.n == (with_study.test.correct != STUDY).sum() < len(with_study.test)
    test = with_study.test
    p, answered = predict_rows(RunningShare(), test), test.correct != STUDY
    assert told.figures["auc"].point == pytest.approx(auc(test.correct[answered], p[answered]))
    first = np.concatenate(
        [np.flatnonzero(answered & (test.learner == x))[:5] for x in np.unique(test.learner)]
    )
    assert told.figures["first5_auc"].point == pytest.approx(auc(test.correct[first], p[first]))


def test_the_same_generator_gives_the_same_json_and_it_is_plain(data: Dataset) -> None:
    told = [evaluate(data, fit_item(data.train), rng(), 20).as_json() for _ in range(2)]
    text = [json.dumps(t, allow_nan=False) for t in told]
    assert text[0] == text[1]
    assert {"model", "n", "auc", "log_loss", "ece", "first5_auc", "first5_ece"} <= set(told[0])
    assert set(told[0]["intervals"]) == {
        "auc", "log_loss", "brier", "accuracy", "ece", "first5_auc", "first5_ece",
    }  # fmt: skip
    assert told[0]["audit"]["passed"] is True


def test_an_auc_of_one_class_is_null_in_json() -> None:
    log = a_log([0, 0, 1, 1], [1, 0, 1, 1], None)
    data = Dataset("tiny", log, np.array([False, True]))
    told = evaluate(data, fit_constant(data.train), rng(), 10).as_json()
    assert told["auc"] is None
    assert told["intervals"]["auc"] == [None, None]
    assert told["log_loss"] > 0


def test_without_held_out_answers_there_is_nothing_to_judge() -> None:
    log = a_log([0, 1], [1, STUDY], None)
    data = Dataset("studied", log, np.array([False, True]))
    with pytest.raises(DataError, match="studied: the held-out learners have no answers"):
        evaluate(data, RunningShare(), rng())


def test_a_comparison_is_paired_and_signed(data: Dataset) -> None:
    fitted = fit_item(data.train)
    item = score(data, "item", lambda log: predict_rows(fitted, log))
    constant = score(data, "constant", lambda log: np.full(len(log), 0.5))
    told = compare(item, constant, rng(), 200)
    point, low, high = told.differences["auc"]
    assert point == pytest.approx(auc(data.test.correct, item.p) - 0.5)
    assert 0 < low < point < high
    back = compare(constant, item, rng(), 200).differences["auc"]
    assert back == pytest.approx((-point, -high, -low))


def test_models_judged_on_different_data_are_not_compared(data: Dataset) -> None:
    a = score(data, "a", lambda log: np.full(len(log), 0.5))
    b = score(replace(data), "b", lambda log: np.full(len(log), 0.5))
    with pytest.raises(DataError, match="a and b predicted different data sets"):
        compare(a, b, rng())


def test_baselines_are_shrunk_rates_of_the_training_rows() -> None:
    log = AnswerLog.ordered(
        learner_ids=("u",),
        item_ids=("i", "j", "new"),
        skill_ids=("s", "t"),
        learner=np.zeros(5, np.int64),
        item=np.array([0, 0, 0, 1, 1]),
        correct=np.array([1, 1, 1, 0, STUDY], np.int8),
        occurred_us=None,
        skill_starts=np.array([0, 1, 3, 4]),
        skill_of=np.array([0, 0, 1, 1]),
    )
    overall = (3 + 2.5) / (4 + 5)
    at_s, at_t = (3 + 5 * overall) / (4 + 5), (0 + 5 * overall) / (1 + 5)
    expected = {
        "baseline/constant": [overall] * 3,
        "baseline/item": [(3 + 5 * overall) / 8, (0 + 5 * overall) / 6, overall],
        "baseline/skill": [at_s, (at_s + at_t) / 2, at_t],
    }
    moment = datetime.fromisoformat("2026-01-05T00:00:00Z")
    for name, fit in BASELINES.items():
        model = fit(log)
        said = [model.p_correct(model.start("u"), item, moment) for item in log.items()]
        assert said == pytest.approx(expected[name])
        assert model.ref.name == name


def test_a_skill_baseline_falls_back_to_the_overall_rate() -> None:
    model = fit_skill(a_log([0, 0], [1, 0], None))
    moment = datetime.fromisoformat("2026-01-05T00:00:00Z")
    assert model.p_correct(model.start("u"), Item("elsewhere", ("unseen",)), moment) == 0.5
