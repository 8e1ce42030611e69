"""Are memory models judged later in time, on what tests memory, and is our fit worth its keep?"""

import stat
from datetime import UTC, datetime, timedelta
from json import dumps
from pathlib import Path

import numpy as np
import pytest

from learnloop.core.errors import DataError
from learnloop.models.memory import half_life
from learnloop.models.memory.batch import Reviews, walk
from learnloop.models.memory.curve import DAY_US
from learnloop.models.memory.fitting import fit, in_time
from learnloop.models.memory.parameters import DEFAULTS
from learnloop.training.memory import baselines, peer, protocol
from learnloop.training.memory.logs import ReviewLog, read_logs

FORGETFUL = {0: 0.1, 2: 0.8, 8: 0.6, 11: 0.5, 20: 0.5}
TRUE = tuple(FORGETFUL.get(i, x) for i, x in enumerate(DEFAULTS))


def simulated(n_cards=250, n_each=14, parameters=TRUE, seed=1):
    """Cards of somebody whom FSRS-6 with these parameters describes; two grades."""
    rng = np.random.default_rng(seed)
    card, at_us, grade = np.repeat(np.arange(n_cards), n_each), [], np.full(n_cards * n_each, 3)
    for _ in range(n_cards):
        gaps = rng.exponential(6.0, n_each) + 0.3
        at_us.append((np.cumsum(gaps) * DAY_US).astype(np.int64) + int(rng.integers(DAY_US)))
    when = np.concatenate(at_us)
    for k in range(n_each):
        rows = np.arange(n_cards) * n_each + k
        p = walk(np.array(parameters), Reviews.ordered(card, when, grade)).recall[rows]
        grade[rows] = np.where(rng.random(n_cards) < (0.7 if k == 0 else p), 3, 1)
    return Reviews.ordered(card, when, grade)


def test_our_fit_predicts_what_the_defaults_do_not():
    found = protocol.judge(ReviewLog("made", simulated()), np.random.default_rng(0), None, 50)
    assert found.strength is not None
    assert found.n_train == 4 * found.n_test or abs(found.n_train - 4 * found.n_test) < 5
    models = found.models
    assert models["memory"].log_loss.point < models["fsrs6_default"].log_loss.point - 0.005
    assert models["memory"].over_default.high < 0.0
    assert models["memory"].over_ours == (0.0, 0.0, 0.0)
    for name in ("constant", "moving_average", "sm2", "half_life"):
        assert models["memory"].log_loss.point < models[name].log_loss.point
    assert "fsrs6_fsrs_rs" not in models


def test_the_defaults_stay_where_they_are_right_or_reviews_are_few():
    right = simulated(parameters=DEFAULTS, seed=5)
    assert fit(right, DEFAULTS, min_reviews=1000).parameters == DEFAULTS
    few = simulated(n_cards=40)
    assert fit(few, DEFAULTS, min_reviews=1000).strength is None


def test_a_fit_never_sees_what_comes_after():
    reviews = simulated(n_cards=120)
    train = in_time(reviews)[:1000]
    found = fit(reviews, DEFAULTS, min_reviews=500, rows=train)
    later = reviews.at_us > reviews.at_us[train].max()
    turned = np.where(later, 4 - reviews.grade, reviews.grade)
    other = Reviews(reviews.card, reviews.at_us, reviews.days, turned)
    assert fit(other, DEFAULTS, min_reviews=500, rows=train) == found


def test_half_lives_grow_with_what_was_recalled():
    reviews = simulated()
    w = half_life.fit(reviews, in_time(reviews))
    p = half_life.predict(w, reviews)
    assert ((p >= 0.0) & (p <= 1.0)).all()
    assert w[1] > w[2]


def test_sm2_promises_ninety_percent_at_its_intervals():
    day = np.array([0, 1, 7, 22, 23])
    reviews = Reviews.ordered(np.zeros(5, np.int64), day * DAY_US, np.array([3, 3, 3, 1, 3]))
    p = baselines.sm2(reviews)
    assert p[:3] == pytest.approx([1.0, 0.9, 0.9])
    assert p[3] == pytest.approx(0.9 ** (15 / (6 * 2.5)))
    assert p[4] == pytest.approx(0.9)


def test_groups_of_a_like_past_are_compared():
    y, p = np.array([1, 0, 1, 1]), np.array([0.5, 0.5, 0.8, 0.8])
    assert protocol.rmse_bins(y, p, np.array([0, 0, 2, 2])) == pytest.approx(np.sqrt(0.02))


def test_both_kinds_of_log_are_read(tmp_path: Path):
    ours, anki = tmp_path / "a", tmp_path / "b"
    ours.mkdir()
    anki.mkdir()
    first = datetime(2026, 1, 1, 3, 59, tzinfo=UTC)
    lines = [f"7,{g},{(first + timedelta(minutes=m)).isoformat()},1" for g, m in ((1, 0), (3, 2))]
    (ours / "review_logs.csv").write_text(
        "\n".join(["card_id,review_rating,review_time,review_duration", *lines])
    )
    ms = int(first.timestamp() * 1000)
    rows = [
        f"{ms},9,0,3,1,0,0,5,0",
        f"{ms + 86_400_000},9,0,1,1,0,0,5,1",
        f"{ms + 1},9,0,3,1,0,0,5,3",
    ]
    (anki / "anki_reviews.csv").write_text(
        "\n".join(["id,cid,usn,ease,ivl,lastIvl,factor,time,type", *rows])
    )
    a, b = read_logs(tmp_path)
    assert (a.name, b.name) == ("a", "b")
    assert a.reviews.days.tolist() == [0.0, 1.0]
    assert a.reviews.grade.tolist() == [1, 3]
    assert b.reviews.days.tolist() == [0.0, 1.0]
    assert b.reviews.grade.tolist() == [3, 1]


def test_logs_that_are_none_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"review_logs\.csv"):
        read_logs(tmp_path)
    (tmp_path / "review_logs.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="can't be read"):
        read_logs(tmp_path)
    with pytest.raises(DataError, match="too few"):
        protocol.judge(ReviewLog("small", simulated(3, 5)), np.random.default_rng(0))


def test_a_peer_is_asked_in_its_own_interpreter(tmp_path: Path):
    python = tmp_path / "python"
    told = dumps({"parameters": DEFAULTS, "cpu_s": 0.5})
    python.write_text(f"#!/bin/sh\ncat > {tmp_path}/asked\necho '{told}'\n")
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    reviews = simulated(20, 6)
    found, cpu = peer.fitted(python, reviews, in_time(reviews))
    assert (tuple(found.tolist()), cpu) == (DEFAULTS, 0.5)
    assert '"items"' in (tmp_path / "asked").read_text()
    python.write_text("#!/bin/sh\ncat > /dev/null\necho 'No module named fsrs' >&2\nexit 1\n")
    with pytest.raises(DataError, match="No module named fsrs"):
        peer.fitted(python, reviews, in_time(reviews))
