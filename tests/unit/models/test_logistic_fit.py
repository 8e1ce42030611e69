"""Does best-LR count what went before, and is the fit the optimum?"""

import numpy as np
import pytest
from tests.unit.training.answers import answers

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.models.tracing.logistic.config import Config, Family
from learnloop.models.tracing.logistic.design import Layout, Rows, design_of, layout_of, rows_of
from learnloop.models.tracing.logistic.newton import conjugate_gradients, fit_logistic, loss_of
from learnloop.models.tracing.logistic.sparse import Design
from learnloop.models.tracing.logistic.windows import windows_of


def parts(log: AnswerLog, config: Config) -> tuple[Layout, Rows, Design]:
    layout = layout_of(config, windows_of(config, timed=True))
    rows = rows_of(log, config, layout)
    return layout, rows, design_of(log, rows, config, layout)


def dense(x: Design) -> np.ndarray:
    """(n, d) the design, column by column."""
    return np.stack([x.times(unit) for unit in np.eye(len(x.penalty))], axis=1)


def test_counts_are_of_answers_before_the_instant() -> None:
    log = answers(
        learner=[0, 0, 0, 0, 1],
        item=[0, 1, 0, 0, 0],
        correct=[1, 0, STUDY, 1, 1],
        us=[1, 2, 2, 3, 3],
        skills=[[0], [0, 1]],
    )
    _, rows, x = parts(log, Config("best_lr"))
    ln = np.log1p
    # items | bias, right, wrong | skill 0: one, right, wrong | skill 1
    expected = {
        0: [1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0],
        1: [0, 1, 1, ln(1), 0, 1, ln(1), 0, 1, 0, 0],
        3: [1, 0, 1, ln(1), ln(1), 1, ln(1), ln(1), 0, 0, 0],
        4: [1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0],
    }
    assert sorted(rows.rows.tolist()) == sorted(expected)  # the study row is not asked about
    np.testing.assert_allclose(dense(x), [expected[row] for row in rows.rows.tolist()])
    v = np.arange(4.0)
    np.testing.assert_allclose(x.back(v), v @ dense(x))
    pfa = dense(parts(log, Config("pfa"))[2])
    np.testing.assert_allclose(pfa[:, 2:], np.delete(dense(x), [0, 1, 3, 4], axis=1))


def test_an_item_has_its_own_record() -> None:
    log = answers(
        learner=[0] * 4, item=[0, 1, 0, 0], correct=[0, 1, STUDY, 1],
        us=[1, 60_000_001, 120_000_001, 180_000_001], skills=[[0], [0]],
    )  # fmt: skip
    _, rows, _ = parts(log, Config("best_lr", item_record=True))
    last = rows.record[rows.rows.tolist().index(3)]
    # right, wrong, both of late, met, studied, a minute since, no step between
    np.testing.assert_allclose(np.expm1(last[[0, 1, 2, 3, 5, 6, 7]]), [0, 1, 0, 1, 1, 1, 0])
    assert rows.record[rows.rows.tolist().index(1)].tolist() == [0.0] * 8


def world(rng: np.random.Generator, n: int = 600) -> AnswerLog:
    return answers(
        learner=np.sort(rng.integers(0, 20, n)),
        item=rng.integers(0, 8, n),
        correct=rng.integers(-1, 2, n),
        us=np.arange(1, n + 1),
        skills=[[i % 3] if i % 2 else [i % 3, 3] if i else [] for i in range(8)],
    )


@pytest.mark.parametrize("family", ["pfa", "best_lr", "das3h"])
def test_the_fit_is_where_the_penalised_likelihood_is_flat(family: Family) -> None:
    log = world(np.random.default_rng(3))
    _, rows, x = parts(log, Config(family))
    right = (log.correct[rows.rows] == 1).astype(float)
    weights = fit_logistic(x, right)
    penalty = np.where(np.isfinite(x.penalty), x.penalty, 0.0)
    p = 1.0 / (1.0 + np.exp(-x.times(weights)))
    slope = x.back(right - p) - penalty * weights
    if family == "pfa":  # no weights of items
        assert not x.split(weights)[0].any()
        slope = slope[len(x.item) :]
    assert np.abs(slope).max() < 0.05
    least = loss_of(x.times(weights), right, penalty, weights)
    rng = np.random.default_rng(4)
    for _ in range(20):
        other = weights + 0.1 * rng.normal(size=len(weights)) * (weights != 0.0)
        assert loss_of(x.times(other), right, penalty, other) > least


def test_conjugate_gradients_leave_a_tenth_of_the_residual_at_most() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(12, 12))
    matrix, target = root @ root.T + np.eye(12), rng.normal(size=12)
    scale = np.diag(matrix)
    v = conjugate_gradients(lambda x: matrix @ x, lambda x: x / scale, target)
    left = target - matrix @ v
    assert left @ (left / scale) <= 0.01 * (target @ (target / scale))
