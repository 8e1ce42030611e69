"""Is planted drift seen, does an unchanged world stay quiet, is each alert raised once?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from learnloop.core.ids import InteractionId, LearnerId
from learnloop.core.registry import ESTIMATOR
from learnloop.core.types import Interaction, InteractionKind, Ref
from learnloop.core.watch import Change
from learnloop.journeys.job_kinds import KINDS
from learnloop.journeys.jobs import enqueue
from learnloop.journeys.monitor.alerts import up
from learnloop.journeys.monitor.page import page
from learnloop.journeys.monitor.report import look
from learnloop.journeys.monitor.rows import RECOMMENDATIONS, of_log
from learnloop.journeys.monitor.rules import judge
from learnloop.journeys.monitor.watch import watch
from learnloop.journeys.worker import Worker
from learnloop.testing import builders as make
from tests.journeys.cohorts import N_ANSWERS, N_LEARNERS, N_WEEKS, START, school

N = N_LEARNERS * N_ANSWERS


def seen(engine, **more):
    with engine.store.begin(write=False) as tx:
        return look(engine.live(tx), tx, **{"days": 400, "period": 7, **more})


@pytest.fixture(scope="module")
def quiet():
    with school() as engine:
        yield engine


@pytest.fixture(scope="module")
def harder():
    with school(harder_from=3) as engine:
        yield engine


def test_every_answer_is_judged_by_what_was_said_before_it(quiet):
    report = seen(quiet)
    assert [one.performance.n_known for one in report.periods] == [N] * N_WEEKS
    assert {one.slot for one in report.periods} == {ESTIMATOR}
    assert [one.start for one in report.periods] == [
        START + timedelta(weeks=week) for week in range(N_WEEKS)
    ]
    first, *rest = report.periods
    assert first.baseline is not None
    assert not first.drift
    assert all(one.drift and one.is_over and one.baseline is None for one in rest)
    for one in report.periods:
        assert 0.6 < one.performance.auc.point < 0.85
        assert one.relation.low > 0.2


def test_an_unchanged_world_stays_quiet(quiet):
    report = seen(quiet)
    assert not judge(report, {}).alerts
    assert not [one for one in report.periods if one.drifted]


def test_a_planted_shift_of_what_is_answered_is_seen_within_two_weeks(harder):
    report = seen(harder)
    drifted = [one.start for one in report.periods if "prediction" in one.drifted]
    assert drifted
    assert drifted[0] == START + timedelta(weeks=3)
    alerts = {a.rule: a for a in judge(report, {}).alerts}
    assert alerts["calibration"].at == START + timedelta(weeks=5)
    assert alerts["calibration"].change is Change.RAISED


def test_a_planted_shift_of_the_data_alone_is_seen_and_accuracy_is_not_blamed():
    with school(slower_from=3) as engine:
        report = seen(engine)
    drifted = [one.drifted for one in report.periods]
    assert drifted == [(), (), (), *[("log_seconds",)] * 3]
    assert {a.rule for a in judge(report, {}).alerts} == {"drift"}


def test_a_week_that_is_not_over_is_shown_and_not_judged(harder):
    harder.clock.set(START + timedelta(weeks=4, days=6))
    try:
        report = seen(harder)
        assert [one.is_over for one in report.periods] == [True] * 4 + [False]
        assert not judge(report, {}).alerts
    finally:
        harder.clock.set(START + timedelta(weeks=N_WEEKS))


def test_alerts_are_stored_once_however_often_one_looks():
    with school(harder_from=2, n_weeks=4) as engine:
        first = watch(engine, days=400, period=7)
        assert {a.rule for a in first} >= {"calibration", "ece"}
        assert watch(engine, days=400, period=7) == []
        assert watch(engine, days=20, period=7) == []
        with engine.store.begin(write=False) as tx:
            assert sorted(map(str, up(tx))) == sorted(map(str, first))
            assert not tx.jobs.page(9)  # nobody asked to be told
            figures = tx.watch.figures(START)
            assert [one.start for one in figures] == [START + timedelta(weeks=w) for w in range(4)]
            assert [("baseline" in one.figures) for one in figures] == [True, False, False, False]
        # The stored baseline goes on counting when its week is out of sight.
        later = seen(engine, days=7)
        assert later.periods[0].drifted == ("prediction",)
        assert engine.models()[0].periods[0].figures["drifted"] == ["prediction"]


def test_the_job_does_the_same(harder):
    now = harder.clock.now()
    with harder.store.begin() as tx:
        enqueue(tx, now, "monitor", {"days": 60, "period": 7})
    done = Worker(harder, kinds={"monitor": KINDS["monitor"]}).run_due()
    assert any("raised calibration" in text for text in done[0].result["alerts"])


def test_a_page_shows_it(harder):
    report = seen(harder)
    text = page(report, judge(report, {}).alerts)
    assert text.count("<svg") == 4  # log loss, AUC, bias, confidence
    assert "calibration" in text
    assert 'class="strange"' in text
    assert "http" not in text.replace("http-equiv", "")


def test_without_anything_said_there_is_nothing_to_see(quiet):
    report = seen(quiet, slot="elsewhere")
    assert not report.periods
    assert not judge(report, {}).alerts
    assert "<svg" not in page(report, ())


# --- other sources --------------------------------------------------------------------------------


def answer(n, learner, item, at, *, correct=True, decision=None):
    return Interaction(
        InteractionId(f"x{n}"),
        LearnerId(learner),
        item,
        InteractionKind.ANSWERED,
        at,
        correct=correct,
        decision_id=decision,
    )


@pytest.fixture
def small():
    with school(n_weeks=1) as engine:
        yield engine


def test_a_prediction_is_joined_to_the_answer_that_followed(small):
    ada, at = LearnerId("w00-000"), START + timedelta(weeks=1)
    said = [
        make.a_prediction(name, at=at + timedelta(hours=h), learner_id=ada, item_id=item, p=0.5)
        for name, h, item in (
            ("followed", 0, "add-subtract-exercise-01"),
            ("too late", -30, "add-subtract-exercise-01"),
            ("other item", 0, "add-subtract-exercise-02"),
            ("named", 0, "add-subtract-exercise-03"),
        )
    ]
    nobody = make.a_prediction("nobody", at=at)
    given = [
        answer(1, ada, "add-subtract-exercise-01", at + timedelta(hours=1), correct=False),
        answer(2, ada, "add-subtract-exercise-01", at + timedelta(hours=2), correct=True),
        answer(3, ada, "add-subtract-exercise-04", at + timedelta(days=9), decision="named"),
    ]
    small.clock.set(at + timedelta(days=10))
    assert not small.record(given).rejected
    with small.store.begin() as tx:
        tx.predictions.append([*said, nobody])
        rows = of_log(small.live(tx), tx, "answers", START)
        order = tx.predictions.page("answers", 9)
    came = dict(zip((r.prediction_id for r in order), rows.correct.tolist(), strict=True))
    assert came == {"followed": 0, "too late": -1, "other item": -1, "named": 1, "nobody": -1}


def test_served_models_are_judged_by_latency_and_fallbacks(small):
    at = START + timedelta(weeks=1, hours=1)
    said = [
        make.a_prediction(
            f"p{week} {n}",
            at=at + timedelta(weeks=week, minutes=n),
            learner_id=LearnerId(f"w00-{n % 60:03}"),
            role="previous" if week and n % 4 == 0 else "champion",
            degraded="failed" if week and n % 4 == 0 else None,
            latency_us=150_000 if week and n % 10 == 0 else 400,
            features=bytes(4 * 3),
        )
        for week in range(3)
        for n in range(240)
    ]
    with small.store.begin() as tx:
        tx.predictions.append(said)
    small.clock.set(START + timedelta(weeks=4))
    report = seen(small, slot="answers")
    assert [one.performance.fallback.point for one in report.periods] == [0.0, 0.25, 0.25]
    assert report.periods[1].performance.latency.p99_ms > 100
    raised = {a.rule: a.severity.value for a in judge(report, {}).alerts}
    assert raised == {"fallback": "critical", "latency": "warning"}


def test_what_stood_beside_recommended_items_is_joined_to_its_outcomes(small):
    for n in range(5):
        who = f"w00-{n:03}"
        made = small.generate_recommendations(who, n=2)
        shown = made.recommendations[0].item.item_id
        at = small.clock.now() + timedelta(minutes=1)
        given = answer(n, who, shown, at, decision=made.decision_id)
        small.clock.advance(minutes=2)
        assert small.record([given]).accepted == 1
    found = seen(small, slot=RECOMMENDATIONS)
    assert [(one.performance.n, one.performance.n_known) for one in found.periods] == [(10, 5)]


def test_each_champion_is_judged_by_its_own_reign(quiet):
    with school(n_weeks=2) as engine:
        engine.fit()
        middle = seen(engine)
        assert len({one.ref for one in middle.periods}) == 1  # nothing was asked of the new one yet
        engine.clock.set(START + timedelta(weeks=2, hours=1))
        given = [
            answer(n, f"w00-{n:03}", "add-subtract-exercise-01", engine.clock.now())
            for n in range(9)
        ]
        engine.record(given)
        refs = [(one.ref.version[:7], one.performance.n) for one in seen(engine).periods]
    assert refs == [("catalog", N), ("catalog", N), ("2026-01", 9)]


def test_a_model_whose_files_are_gone_is_left_out(small):
    small.fit()
    with small.store.begin() as tx:
        ref = next(a.ref for a in tx.models.aliases() if a.slot == ESTIMATOR)
        small.clock.advance(hours=1)
        tx.models.change(replace(tx.models.changes(ESTIMATOR, 1)[0], ref=Ref("ability", "gone")))
        tx.models.change(replace(tx.models.changes(ESTIMATOR, 1)[0], ref=ref, at=small.clock.now()))
    assert [one.performance.n for one in seen(small).periods] == [N]
