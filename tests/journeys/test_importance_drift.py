"""Is it seen that other features move a model's answers now, and is an unchanged world quiet?"""

from datetime import timedelta

import numpy as np
import pytest

from learnloop.api.schemas.ml import period_out
from learnloop.core.ids import LearnerId
from learnloop.core.time import ManualClock
from learnloop.core.types import Ref
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.monitor.importance import Sample, sample
from learnloop.journeys.monitor.page import page
from learnloop.journeys.monitor.report import look
from learnloop.journeys.monitor.rules import judge
from learnloop.journeys.monitor.watch import watch
from learnloop.journeys.registry import store_artifact
from learnloop.testing import builders as make
from tests import toy_models
from tests.journeys.cohorts import START

WIDTH = 4
N = 90


def asked(*, spread_from=None, n_weeks=5, n=N, seed=1):
    """A model that adds up its inputs, and the log of what it was asked, a class each week.

    Args:
        spread_from: From this week on the third input differs five times as much.
    """
    engine = PersonalizationEngine.open("memory://", clock=ManualClock(START))
    rng = np.random.default_rng(seed)
    said = []
    for week in range(n_weeks):
        x = rng.normal(size=(n, 3, WIDTH)) + rng.normal(size=(n, 1, WIDTH))
        if spread_from is not None and week >= spread_from:
            x[:, :, 2] *= 5
        said += [
            make.a_prediction(
                f"p{week}-{who}-{k}",
                at=START + timedelta(weeks=week, minutes=who * 3 + k),
                slot=toy_models.TOY,
                ref=Ref(toy_models.TOY, "0"),
                learner_id=LearnerId(f"w{week}-{who}"),
                features=x[who, k].astype(np.float32).tobytes(),
            )
            for who in range(n)
            for k in range(3)
        ]
    with engine.store.begin() as tx:
        store_artifact(tx, toy_models.artifact("0", WIDTH))
        tx.predictions.append(said)
    engine.clock.set(START + timedelta(weeks=n_weeks))
    return engine


def seen(engine, **more):
    with engine.store.begin(write=False) as tx:
        return look(engine.live(tx), tx, **{"days": 400, "period": 7, **more})


@pytest.fixture(scope="module")
def spread():
    with asked(spread_from=2) as engine:
        yield engine


def test_a_planted_shift_is_named_and_raises_an_alert(spread):
    report = seen(spread)
    named = ["input 2" in one.reweighed for one in report.periods]
    assert named == [False, False, True, True, True]
    latest = report.periods[-1].importance
    assert latest[0].name == "input 2"
    assert latest[0].value > 3 * latest[0].before
    raised = [a.subject for a in judge(report, {}).alerts if a.rule == "importance"]
    assert raised == ["toy toy@0 input 2"]


def test_an_unchanged_world_stays_quiet():
    named = 0
    for seed in range(4):
        with asked(seed=seed, n_weeks=4) as engine:
            report = seen(engine)
        assert not [a for a in judge(report, {}).alerts if a.rule == "importance"]
        named += sum(bool(one.reweighed) for one in report.periods)
    assert named <= 3  # P(more of 12 | 5% each) < 0.003


def test_the_importances_are_those_of_the_model():
    with asked(n_weeks=1) as engine:
        (first,) = seen(engine).periods
    assert first.sample is not None
    assert len(first.sample) == 150
    assert first.sample.n_learners == N
    for one in first.importance:
        assert (one.before, one.p_value) == (None, None)
        assert 0.0005 < one.value < 0.003  # what one input moves, in thousandths


def test_few_learners_are_not_enough_yet():
    with asked(n=20, n_weeks=2, spread_from=1) as engine:
        report = seen(engine)
    assert not any(one.importance or one.sample for one in report.periods)
    assert not judge(report, {}).alerts


def test_what_was_explained_is_kept_and_not_explained_again(monkeypatch):
    with asked(spread_from=2) as engine:
        report = seen(engine)
        watch(engine, days=400, period=7)
        with engine.store.begin(write=False) as tx:
            stored = tx.watch.figures(START)
        assert ["importance_sample" in one.figures for one in stored] == [True, *[False] * 4]
        monkeypatch.setattr("learnloop.journeys.monitor.importance.explain", None)
        again = seen(engine)
        assert [x.importance for x in again.periods] == [x.importance for x in report.periods]
        assert watch(engine, days=400, period=7, explained=False) == []
        assert seen(engine).periods[0].sample is not None
        assert [period_out(one).n for one in stored] == [3 * N] * 5


def test_nothing_is_explained_where_nobody_asks(spread):
    assert not any(one.importance for one in seen(spread, explained=False).periods)


def test_a_page_shows_the_features(spread):
    report = seen(spread)
    text = page(report, ())
    assert "<h3>Importance</h3>" in text
    assert "input 2" in text


def test_a_sample_has_rows_of_as_many_learners_as_it_can():
    learner = np.repeat([0, 1, 2], [50, 2, 1])
    x = np.arange(53.0)[:, None]
    found = sample(("a",), x, learner, np.random.default_rng(0), n_rows=5)
    assert sorted(found.learner.tolist()) == [0, 0, 1, 1, 2]
    again = Sample.of_plain(found.plain())
    assert again.x.tolist() == found.x.tolist()
    assert again.learner.tolist() == found.learner.tolist()
