"""Models are found by name, and a fit by name is the same fit each time."""

import numpy as np
import pytest

from learnloop.core.errors import InvalidInput
from learnloop.core.types import Ref
from learnloop.training.dataset import read_dataset
from learnloop.training.fits import DEFAULT, NAMES, VARIANTS, fit_of, fitted_on

from .conftest import Write
from .simulated import clean_log


@pytest.mark.parametrize("name", NAMES)
def test_every_named_model_fits_and_predicts_twice_the_same(write: Write, name: str) -> None:
    data = read_dataset(write(interactions=clean_log()))
    (ref, first), (_, second) = (fitted_on(name, data) for _ in range(2))
    np.testing.assert_array_equal(first(data.test), second(data.test))
    assert Ref.parse(ref).name == VARIANTS.get(name, (name,))[0]


def test_the_default_is_one_of_them() -> None:
    assert DEFAULT in NAMES


def test_an_unknown_model_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match=r"there is no 'guess'; there are .*baseline/item"):
        fit_of("guess")
    with pytest.raises(InvalidInput, match="no estimator"):
        fit_of("feature_net")
