"""Do the figures, the card and the page of a retraining say what happened?"""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from tests.unit.training.rivals import CLEAN

from learnloop.core.types import Ref
from learnloop.metrics import Interval, auc
from learnloop.training.card import Facts, card
from learnloop.training.gate import HeldOut, rule
from learnloop.training.retraining import Report, roc, sides
from learnloop.training.retraining_page import page

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def report() -> Report:
    rng = np.random.default_rng(0)
    learner = np.repeat(np.arange(40), 30)
    truth = rng.uniform(0.1, 0.9, 1200)
    correct = (rng.random(1200) < truth).astype(np.int64)
    worse = np.clip(truth + rng.normal(0, 0.3, 1200), 0.02, 0.98)
    held_out = HeldOut(learner, correct, {"<some>": learner < 25, "few": learner < 3})
    both = sides(held_out, (Ref("m", "2"), Ref("m", "1")), (truth, worse), rng, 50)
    ruling = rule(held_out, truth, worse, CLEAN, rng)
    groups = {"<some>": (25, 750), "few": (3, 90)}
    return Report("answers", AT, True, ruling.because, True, both[0], both[1], ruling, "abc", 9000,
                  160, 1200, 40, 90.0, False, groups, 2.5, ("<b>a note</b>",))  # fmt: skip


def test_the_page_shows_both_models_and_every_check(report: Report) -> None:
    shown = page(report)
    assert shown.count("<svg") == 3
    for text in ("promoted", "m@2", "m@1", "last 90 days", "enough_data", "not judged", "abc"):
        assert text in shown
    assert "&lt;some&gt;" in shown
    assert "<some>" not in shown
    assert "<b>a note" not in shown
    assert "kept" in page(replace(report, promoted=False))


def test_a_roc_curve_has_the_area_of_the_auc() -> None:
    rng = np.random.default_rng(1)
    p = rng.integers(0, 40, 3000) / 40
    correct = (rng.random(3000) < p).astype(np.int64)
    across, up = np.array(roc(correct, p)).T
    assert (across[0], up[0], across[-1], up[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert np.trapezoid(up, across) == pytest.approx(auc(correct, p))
    assert roc(np.ones(3, dtype=np.int64), np.array([0.1, 0.2, 0.3])) == ()
    assert roc(np.empty(0, dtype=np.int64), np.empty(0)) == ()


def test_a_card_says_what_a_model_is_not_for() -> None:
    facts = Facts(Ref("m", "2"), "What?", AT, "abc", 160, 9000, None, None, 40, 1200,
                  {"auc": Interval(0.8, 0.7, 0.9)}, {}, ("mind this",))  # fmt: skip
    text = card(facts)
    for line in ("# m@2", "| auc | 0.8000 | 0.7000 to 0.9000 |", "- the defaults", "- mind this"):
        assert line in text.splitlines()
    assert "not made to grade learners" in text
    assert "2026-03-01" in card(replace(facts, first_at=AT, last_at=AT.replace(day=1)))
