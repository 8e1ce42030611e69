"""Does the logistic model count what it says, and does a log agree with the fold?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.models.ability_worlds import answers, fold, table

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import ArtifactError, DataError
from learnloop.core.time import from_us
from learnloop.models.tracing import logistic
from learnloop.models.tracing.logistic import Config, LogisticModel, load, predict_log
from learnloop.models.tracing.logistic.windows import (
    US_PER_DAY,
    Windows,
    counted,
    features,
    no_counts,
    windows_of,
)
from learnloop.training.predict import predict_rows

FAMILIES = ("pfa", "best_lr", "das3h")
ITEMS = table()
TRAINED_ON = answers(1)
STEPS = st.lists(
    st.tuples(st.integers(0, 28), st.integers(-1, 1), st.integers(0, 10**6)), max_size=12
)


def without_times(log: AnswerLog) -> AnswerLog:
    return AnswerLog.ordered(
        learner_ids=log.learner_ids,
        item_ids=log.item_ids,
        skill_ids=log.skill_ids,
        learner=log.learner,
        item=log.item,
        correct=log.correct,
        occurred_us=None,
        skill_starts=log.skill_starts,
        skill_of=log.skill_of,
    )


def fitted(config: Config, log: AnswerLog = TRAINED_ON) -> LogisticModel:
    return logistic.fit(log, config, version="t", rng=np.random.default_rng(0))


@pytest.mark.parametrize("timed", [True, False])
@pytest.mark.parametrize(
    "config",
    [
        *(Config(family) for family in FAMILIES),
        Config("best_lr", item_record=True),
        Config("das3h", item_record=False),
        Config("das3h", item_memory=5),
    ],
)
def test_a_log_is_predicted_as_the_fold_does(config: Config, timed: bool) -> None:
    """Instants with several rows, study rows and two skills to an item are all in the log."""
    model, log = fitted(config), answers(2, n_learners=12)
    log = log if timed else without_times(log)
    said, folded = predict_log(model, log), predict_rows(model, log)
    assert np.isnan(said).tolist() == (log.correct == STUDY).tolist()
    np.testing.assert_allclose(said, folded, rtol=0.0, atol=1e-12)


def test_what_the_fit_never_met_is_predicted_alike_too() -> None:
    model = fitted(Config(), answers(1, n_items=6))
    log = answers(3, n_learners=5)
    np.testing.assert_allclose(predict_log(model, log), predict_rows(model, log), atol=1e-12)


def test_windows_empty_by_halves() -> None:
    config = Config(days=(1.0,), answers=(1.0,))
    windows = windows_of(config, timed=True)
    counts = no_counts(windows)
    for correct, day in ((True, 1), (True, 2), (False, 4)):
        counts = counted(counts, windows, correct, int(day * US_PER_DAY))
    seen = np.expm1(features(counts, windows, int(5 * US_PER_DAY)))
    of_time = [2.0**-4 + 2.0**-3, 2.0**-1]
    of_answers = [2.0**-2 + 2.0**-1, 1.0]
    np.testing.assert_allclose(seen, [2.0, 1.0, *of_time, *of_answers], rtol=1e-12)


def test_a_log_without_times_has_no_windows_by_time_and_nothing_ages() -> None:
    model = fitted(Config(), without_times(answers(1)))
    assert model.weights.windows == windows_of(Config(), timed=False)
    timed = windows_of(Config(), timed=True)
    counts = counted(no_counts(timed), timed, True, 0)
    assert features(counts, timed, 0) == features(counts, timed, 10**18)
    assert Windows((), ()) == windows_of(Config("best_lr"), timed=True)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=40, deadline=None)
@given(STEPS, st.integers(0, 28), st.integers(0, 10**9))
def test_mastery_follows_answers_and_never_rises_by_waiting(
    family: str, steps: list[tuple[int, int, int]], row: int, wait: int
) -> None:
    model = MODELS[family]
    state, at_us = fold(model, ITEMS, steps)
    now, later = from_us(at_us), from_us(at_us + wait * 1_000_000)
    before = model.mastery(state, ITEMS, now).values
    assert (model.mastery(state, ITEMS, later).values <= before + 1e-12).all()
    for correct in (1, 0):
        after, _ = fold(model, ITEMS, [*steps, (row, correct, 0)])
        change = model.mastery(after, ITEMS, now).values - before
        assert (change >= -1e-12).all() if correct else (change <= 1e-12).all()


def test_an_unknown_item_leans_on_its_skill_and_that_on_the_course() -> None:
    model = fitted(Config())
    start, at = model.start("u"), from_us(1)
    p = {item.item_id: model.p_correct(start, item, at) for item in ITEMS.items}
    bias, weights = model.weights.bias, model.weights
    for name, logit in (
        ("new-known-skill", bias + weights.skills["add"][0]),
        ("new-unknown-skill", bias),
        ("new-no-skill", bias),
    ):
        assert p[name] == pytest.approx(1.0 / (1.0 + np.exp(-logit)))
    spread = model.predict(start, ITEMS, at)
    rows = [ITEMS.row_of[x] for x in ("i1", "new-unknown-skill")]
    of_logit = spread.stddev / (spread.values * (1.0 - spread.values))
    assert of_logit[rows[0]] < of_logit[rows[1]]


def test_an_artifact_with_a_flipped_bit_is_refused() -> None:
    artifact = MODELS["das3h"].export()
    assert load(artifact).export() == artifact
    for broken in (
        b"",
        b"[]",
        artifact.replace(b"logistic", b"ability", 1),
        artifact.replace(b'"format_version": 1', b'"format_version": 2', 1),
        artifact.replace(b"0.", b"1.", 1),
    ):
        with pytest.raises(ArtifactError):
            load(broken)


def test_no_answers_are_refused() -> None:
    log = answers(1, n_learners=2)
    with pytest.raises(DataError, match="no answers"):
        fitted(Config(), log.take_learners(np.zeros(2, dtype=bool)))


MODELS = {family: fitted(Config(family)) for family in FAMILIES}
