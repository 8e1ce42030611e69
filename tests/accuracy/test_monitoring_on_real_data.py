"""Monitoring on real learners: quiet while nothing changes, however alike a learner's answers are.

A/A: the learners of a data set are dealt into two halves; nothing differs but who they are. The
number of false alarms of so many deals is binomial, and its bounds are exact (99.9%).
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.unit.monitoring import learners as simulated

from learnloop.core.types import Floats, Ints
from learnloop.monitoring import (
    Answer,
    Cusum,
    build,
    compare,
    importance_drift,
    run_length,
    threshold_for,
    z_of_learners,
)
from learnloop.training.dataset import read_dataset

pytestmark = pytest.mark.accuracy

SETS = ("assistments09", "statics11", "ednet_part", "algebra05_part", "mofacts_stats_cloze")
NAMES = ("correct", "share_right", "n_before", "item_share", "surprise", "skill", "last_right", "p")
N_RUNS = int(os.environ.get("LEARNLOOP_AA_RUNS", "200"))  # of each set; 1,000 in all


def most_of(n: int, p: float, tail: float = 0.001) -> int:
    """The count that a binomial (n, p) exceeds with a chance of at most `tail`."""
    below, k = (1 - p) ** n, 0
    term = below
    while 1 - below > tail:
        term *= (n - k) / (k + 1) * p / (1 - p)
        below, k = below + term, k + 1
    return k


def columns(folder: Path) -> tuple[Floats, Ints, Ints]:
    """(n, 8) simple features of every answer as of before it, (n,) learner, (n,) correct."""
    log = read_dataset(folder).log
    known = log.correct >= 0
    right = np.where(known, log.correct, 0).astype(np.float64)
    learner = np.asarray(log.learner, dtype=np.int64)
    start = np.asarray(log.starts)[learner]
    total = np.cumsum(right) - right
    n_before = np.arange(len(right)) - start
    r_before = total - total[start]
    share = np.where(n_before > 0, r_before / np.maximum(n_before, 1), math.nan)
    item_n = np.bincount(log.item, minlength=len(log.item_ids))
    item_r = np.bincount(log.item, right, minlength=len(log.item_ids))
    item_share = ((item_r + 1) / (item_n + 2))[log.item]
    skill = np.asarray(log.skill_of)[np.asarray(log.skill_starts)[:-1][log.item]].astype(float)
    last = np.where(n_before > 0, np.roll(right, 1), math.nan)
    p = (r_before + 3 * item_share) / (n_before + 3)
    x = np.column_stack([right, share, n_before, item_share, right - item_share, skill, last, p])
    return x[known], learner[known], right[known].astype(np.int64)


def halves(learner: Ints, n_runs: int) -> Iterator[tuple[np.ndarray, np.random.Generator]]:
    """Deals: which rows are of the first half of the learners."""
    n = int(learner.max()) + 1
    for run in range(n_runs):
        rng = np.random.default_rng(run)
        yield (rng.permutation(n) < n // 2)[learner], rng


@pytest.mark.parametrize("name", SETS)
def test_deals_of_the_same_learners_raise_no_more_alarms_than_the_nominal_rate(
    kt: Path, name: str
) -> None:
    x, learner, _ = columns(kt / name)
    false, each, by_row = 0, np.zeros(len(NAMES)), 0
    for run, (first, rng) in enumerate(halves(learner, N_RUNS)):
        baseline = build(NAMES, x[first], learner[first], ("skill",))
        found = compare(baseline, x[~first], learner[~first], rng, n_draws=2000)
        false += any(c.answer is Answer.DRIFTED for c in found)
        each += [c.p_value is not None and c.p_value <= 0.05 for c in found]
        if run < 20:  # the same with every row taken for a learner of its own
            rows = np.arange(len(x))
            naive = build(NAMES, x[first], rows[first], ("skill",))
            seen = compare(naive, x[~first], rows[~first], rng, n_draws=2000)
            by_row += any(c.answer is Answer.DRIFTED for c in seen)
    print(f"{name}: any {false / N_RUNS:.3f}, each {each / N_RUNS}, by row {by_row / 20:.2f}")
    assert false <= most_of(N_RUNS, 0.05)
    assert each.max() <= most_of(N_RUNS, 0.05)


@pytest.mark.parametrize("name", SETS)
def test_importances_of_halves_differ_no_more_often_than_the_nominal_rate(
    kt: Path, name: str
) -> None:
    x, learner, _ = columns(kt / name)
    known = x[:, [0, 2, 3, 4, 7]]
    values = known - known.mean(axis=0)  # the Shapley values of a sum
    false, n_runs = 0, 60
    for first, rng in halves(learner, n_runs):
        found = importance_drift(
            values[first], learner[first], values[~first], learner[~first], rng, n_deals=200
        )
        false += min(s.p_value for s in found) <= 0.05
    print(f"{name}: {false / n_runs:.3f}")
    assert false <= most_of(n_runs, 0.05)


@pytest.mark.parametrize("name", ["assistments09", "mofacts_stats_cloze"])
@pytest.mark.parametrize("n_learners", [30, 100])
def test_alarms_of_calibration_come_as_often_and_as_soon_as_stated(
    kt: Path, name: str, n_learners: int
) -> None:
    x, learner, correct = columns(kt / name)
    n = int(learner.max()) + 1
    rows = np.bincount(learner, minlength=n)
    residual = np.bincount(learner, correct - x[:, -1], minlength=n)[rows > 0] / rows[rows > 0]
    residual -= residual.mean()  # right about the learners as a whole, wrong about each
    rng = np.random.default_rng(0)
    told = {}
    for bias in (0.0, 0.03, 0.06):
        state, n_alarms, n_windows = Cusum(0.5, threshold_for(100)), 0, 5_000
        shift = bias / residual.std() * math.sqrt(n_learners)
        for _ in range(n_windows):
            own = rng.choice(residual, n_learners) + bias
            state, alarm = state.step(z_of_learners(own, np.arange(n_learners)))
            n_alarms += alarm
        told[bias] = n_windows / max(n_alarms, 1), run_length(0.5, state.threshold, shift)
    print(name, n_learners, {k: f"{a:.1f} (stated {b:.1f})" for k, (a, b) in told.items()})
    assert 75 < told[0.0][0] < 150
    assert told[0.06][0] < 1.5 * told[0.06][1] + 1


PLANTED = {
    "mean": (0, [0.1, 0.2, 0.3], lambda v, draw, a: v + a),
    "standard deviation": (0, [1.1, 1.2, 1.3], lambda v, draw, a: v * a),
    "new category": (6, [0.01, 0.02, 0.05], lambda v, draw, a: np.where(draw < a, 99.0, v)),
    "missing": (0, [0.01, 0.02, 0.05], lambda v, draw, a: np.where(draw < a, math.nan, v)),
    "constant": (5, [0.02], lambda v, draw, a: np.where(draw < a, 4.0, v)),
}


@pytest.mark.parametrize(("n_learners", "n_sure"), [(100, 1), (300, 7), (1000, 11)])
def test_planted_shifts_of_simulated_learners_are_found(n_learners: int, n_sure: int) -> None:
    n_runs, named = 40, dict[tuple[str, float], int]()
    for run in range(n_runs):
        rng = np.random.default_rng(run)
        baseline = build(simulated.NAMES, *simulated.rows(rng, 2000), ("category",))
        x, learner = simulated.rows(rng, n_learners)
        for what, (column, sizes, change) in PLANTED.items():
            for size in sizes:
                changed = x.copy()
                changed[:, column] = change(x[:, column], rng.random(len(x)), size)
                found = compare(baseline, changed, learner, rng, n_draws=2000)
                drifted = found[column].answer is Answer.DRIFTED
                named[what, size] = named.get((what, size), 0) + drifted
    print(n_learners, {f"{what} {size}": n / n_runs for (what, size), n in named.items()})
    assert sum(n >= 0.9 * n_runs for n in named.values()) >= n_sure
