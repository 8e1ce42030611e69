"""Models are found by name, and a fit by name is the same fit each time."""

import numpy as np
import pytest

from learnloop.core.errors import InvalidInput
from learnloop.training.dataset import read_dataset
from learnloop.training.fits import DEFAULT, NAMES, fit_of
from learnloop.training.predict import predict_rows

from .conftest import Write
from .simulated import clean_log


@pytest.mark.parametrize("name", NAMES)
def test_every_named_model_fits_and_predicts_twice_the_same(write: Write, name: str) -> None:
    data = read_dataset(write(interactions=clean_log()))
    models = [fit_of(name)(data.train) for _ in range(2)]
    said = [predict_rows(model, data.test) for model in models]
    np.testing.assert_array_equal(said[0], said[1])
    assert models[0].ref.name == name


def test_the_default_is_one_of_them() -> None:
    assert DEFAULT in NAMES


def test_an_unknown_model_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match=r"there is no 'bkt'; there are .*baseline/item"):
        fit_of("bkt")
