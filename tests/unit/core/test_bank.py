"""Does a bank of calibrated items answer as the three-parameter model says?"""

import numpy as np
import pytest

from learnloop.core.bank import ItemBank
from learnloop.core.errors import DataError
from learnloop.core.ids import ItemId


def bank(**changed):
    columns = {
        "discrimination": np.array([1.0, 2.0]),
        "difficulty": np.array([0.0, 1.0]),
        "guessing": np.array([0.0, 0.25]),
        "difficulty_stddev": np.array([0.1, 0.1]),
    }
    return ItemBank((ItemId("a"), ItemId("b")), **{**columns, **changed})


def test_an_item_at_the_learners_own_level_is_right_half_of_the_times_that_it_is_not_guessed():
    np.testing.assert_allclose(np.diag(bank().p_correct(np.array([0.0, 1.0]))), [0.5, 0.625])


def test_the_information_is_the_slope_of_the_curve_squared_over_its_variance():
    theta, step = np.linspace(-3, 3, 13), 1e-6
    p = bank().p_correct(theta)
    slope = (bank().p_correct(theta + step) - bank().p_correct(theta - step)) / (2 * step)
    np.testing.assert_allclose(bank().information(theta), slope**2 / (p * (1 - p)), rtol=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"discrimination": np.array([0.0, 1.0])},
        {"guessing": np.array([0.0, 1.0])},
        {"difficulty": np.array([0.0, np.nan])},
        {"difficulty_stddev": np.array([0.1])},
    ],
)
def test_parameters_that_mean_nothing_are_refused(wrong):
    with pytest.raises(DataError):
        bank(**wrong)
