"""Does the gate let the better challenger through, and nothing else?"""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.training.rivals import (
    CHAMPION,
    CLEAN,
    WORTH,
    Answers,
    held_out,
    luck,
    ruling,
    said_by,
    simulated_answers,
)

from learnloop.core.errors import InvalidInput
from learnloop.core.types import Floats
from learnloop.training.audit import Audit
from learnloop.training.findings import Finding, Verdict
from learnloop.training.gate import HeldOut, Rules, Ruling, rule

N_RUNS = 8


@pytest.fixture(scope="module")
def answers() -> Answers:
    return simulated_answers(np.random.default_rng(5), 100)


@pytest.fixture(scope="module")
def champion(answers: Answers) -> Floats:
    return said_by(CHAMPION, answers, np.random.default_rng(6))


@pytest.fixture(scope="module")
def better(answers: Answers) -> Floats:
    return said_by(WORTH["better"], answers, np.random.default_rng(7))


def failed(found: Ruling) -> set[str]:
    assert found.promote == (not [x for x in found.reasons if x.verdict is not Verdict.PASSED])
    return {x.check for x in found.reasons if x.verdict is Verdict.FAILED}


def ask(answers: Answers, challenger: Floats, champion: Floats, **more: object) -> Ruling:
    given = held_out(answers)
    rng = np.random.default_rng(8)
    return rule(given, challenger, champion, CLEAN, rng, **more)  # type: ignore[arg-type]


def test_a_better_challenger_is_promoted_and_every_check_is_told(
    answers: Answers, better: Floats, champion: Floats
) -> None:
    found = ask(answers, better, champion)
    assert found.promote
    checks = [x.check for x in found.reasons]
    assert checks == ["enough_data", "finite", "leak_audit", "gain", "calibration", "groups"]
    gain = found.intervals["all"]
    assert 0.05 < gain.low < gain.point < gain.high
    assert set(found.intervals) == {"all", "busy", "first answers"}
    loss = found.figures["challenger_log_loss"] / found.figures["champion_log_loss"]
    assert gain.point == pytest.approx(1 - loss)
    assert "better" in found.because


def test_the_same_model_and_the_worse_one_are_kept_out(
    answers: Answers, better: Floats, champion: Floats
) -> None:
    assert failed(ask(answers, champion, champion)) == {"gain"}
    assert "gain" in failed(ask(answers, champion, better))


def test_a_gain_below_the_margin_is_not_enough(
    answers: Answers, better: Floats, champion: Floats
) -> None:
    gain = ask(answers, better, champion).intervals["all"].point
    assert ask(answers, better, champion, rules=Rules(margin=gain - 0.001)).promote
    assert failed(ask(answers, better, champion, rules=Rules(margin=gain + 0.001))) == {"gain"}


def test_the_level_gets_stricter_with_every_challenger_and_adds_up_to_alpha(
    answers: Answers, champion: Floats
) -> None:
    barely = said_by(0.8, answers, np.random.default_rng(1))
    rules = Rules(margin=0.0)
    bounds, levels = [], []
    for attempt in range(1, 8):
        gain = ask(answers, barely, champion, rules=rules, attempt=attempt).reasons[3].measured
        bounds.append(gain["low"])
        levels.append(gain["level"])
    assert bounds == sorted(bounds, reverse=True)
    assert sum(levels) == pytest.approx(0.05 * 7 / 8)
    with pytest.raises(InvalidInput):
        ask(answers, barely, champion, attempt=0)


@pytest.mark.parametrize("strange", [np.nan, np.inf, -0.1, 1.1])
def test_what_is_no_chance_is_kept_out(
    answers: Answers, better: Floats, champion: Floats, strange: float
) -> None:
    wrong = better.copy()
    wrong[7] = strange
    assert failed(ask(answers, wrong, champion)) == {"finite"}
    assert failed(ask(answers, better, wrong)) == {"finite"}


def test_too_little_data_is_no_ground_for_a_change(
    answers: Answers, better: Floats, champion: Floats
) -> None:
    few = answers.learner < 19
    some = HeldOut(answers.learner[few], answers.correct[few])
    rng = np.random.default_rng(0)
    found = rule(some, better[few], champion[few], CLEAN, rng)
    assert failed(found) == {"enough_data"}
    assert "too little to judge by" in found.because
    nobody = HeldOut(answers.learner[:0], answers.correct[:0])
    assert not rule(nobody, better[:0], champion[:0], CLEAN, rng).promote
    with pytest.raises(InvalidInput):
        rule(some, better, champion, CLEAN, rng)


def test_a_failed_audit_keeps_out(answers: Answers, better: Floats, champion: Floats) -> None:
    leak = Audit((Finding("own_instant", Verdict.FAILED, "it looks ahead"),))
    found = rule(held_out(answers), better, champion, leak, np.random.default_rng(0))
    assert failed(found) == {"leak_audit"}


def test_a_sharper_but_miscalibrated_challenger_is_kept_out(
    answers: Answers, better: Floats
) -> None:
    worse = said_by(2.5, answers, np.random.default_rng(2))
    shifted = 1 / (1 + (1 / better - 1) * np.exp(-0.6))
    base = np.full(len(better), answers.correct.mean())
    assert "calibration" in failed(ask(answers, shifted, base))
    assert "calibration" not in failed(ask(answers, shifted, worse))


def test_a_group_that_is_worse_off_keeps_out_if_it_is_large_enough(
    answers: Answers, better: Floats, champion: Floats
) -> None:
    some = answers.learner < 25
    harmed = np.where(some, 1 / (1 + (1 / champion - 1) * np.exp(0.6)), better)
    given = replace(held_out(answers), groups={"some": some})
    rng = np.random.default_rng(0)
    rules = Rules(ece_slack=1.0)
    found = rule(given, harmed, champion, CLEAN, rng, rules)
    assert failed(found) == {"groups"}
    assert "some by" in found.because
    assert rule(given, harmed, champion, CLEAN, rng, replace(rules, group_learners=26)).promote


def test_impossible_rules_are_refused() -> None:
    for wrong in ({"margin": -0.1}, {"margin": 1.0}, {"alpha": 0.0}, {"alpha": 1.0}):
        with pytest.raises(InvalidInput):
            Rules(**wrong)


def test_better_goes_through_worse_never_and_equal_no_more_often_than_it_may(
    answers: Answers,
) -> None:
    """The rates on 200 fresh sets of learners are in tests/accuracy/test_gate_rates.py."""
    rng = np.random.default_rng(11)
    n = {
        name: sum(ruling(error, answers, rng).promote for _ in range(N_RUNS))
        for name, error in WORTH.items()
    }
    assert luck(N_RUNS, N_RUNS - n["better"], 0.1) > 1e-3
    assert n["worse"] == 0
    assert luck(N_RUNS, n["equal"], 0.05) > 1e-3
