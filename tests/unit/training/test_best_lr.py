"""Does best-LR count what went before, and is its fit the optimum?"""

import numpy as np
import pytest
from tests.unit.training.answers import answers

from learnloop.core.answers import STUDY
from learnloop.training.best_lr import RIDGE, design_of, fit_best_lr


def test_counts_are_of_answers_before_the_instant() -> None:
    log = answers(
        learner=[0, 0, 0, 0, 1],
        item=[0, 1, 0, 0, 0],
        correct=[1, 0, STUDY, 1, 1],
        us=[1, 2, 2, 3, 3],
        skills=[[0], [0, 1]],
    )
    x = design_of(log)
    dense = np.zeros((x.n, x.d))
    np.add.at(dense, (x.row, x.column), x.value)
    ln = np.log1p
    # bias, right, wrong | items | skills | right in each | wrong in each
    expected = [
        [1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0],
        [1, ln(1), 0, 0, 1, 1, 1, ln(1), 0, 0, 0],
        [1, ln(1), 0, 1, 0, 1, 0, ln(1), 0, 0, 0],
        [1, ln(1), ln(1), 1, 0, 1, 0, ln(1), 0, ln(1), 0],
        [1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0],
    ]
    np.testing.assert_allclose(dense, expected)
    own = design_of(log, item_counts=True)
    dense = np.zeros((own.n, own.d))
    np.add.at(dense, (own.row, own.column), own.value)
    np.testing.assert_allclose(dense[:, : x.d], expected)
    right_then_wrong = [[0, 0, 0, 0]] * 2 + [[ln(1), 0, 0, 0]] * 2 + [[0, 0, 0, 0]]
    np.testing.assert_allclose(dense[:, x.d :], right_then_wrong)


@pytest.mark.parametrize("item_counts", [False, True])
def test_the_fit_is_where_the_penalised_likelihood_is_flat(item_counts: bool) -> None:
    rng = np.random.default_rng(3)
    n = 600
    log = answers(
        learner=np.sort(rng.integers(0, 20, n)),
        item=rng.integers(0, 8, n),
        correct=rng.integers(-1, 2, n),
        us=np.arange(1, n + 1),
        skills=[[i % 3] if i % 2 else [i % 3, 3] for i in range(8)],
    )
    fitted = fit_best_lr(log, item_counts=item_counts)
    p, asked = fitted.predict(log), log.correct != STUDY
    assert np.isnan(p[~asked]).all()
    left = np.where(asked, log.correct - np.nan_to_num(p), 0.0)
    slope = design_of(log, item_counts=item_counts).back(left) - RIDGE * fitted.weights
    slope[0] += RIDGE * fitted.weights[0]  # the bias has no penalty to speak of
    assert np.abs(slope).max() < 0.05
