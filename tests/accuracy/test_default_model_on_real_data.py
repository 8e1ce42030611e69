"""The model that serves, by protocol P1: above its floors, honest, and better than item rates."""

from pathlib import Path

import numpy as np
import pytest

from learnloop.training.dataset import read_dataset
from learnloop.training.evaluate import compare, evaluate, score
from learnloop.training.fits import DEFAULT, fit_of
from learnloop.training.predict import predict_rows

pytestmark = pytest.mark.accuracy

# AUC that one configuration must reach on each set.
FLOORS = {
    "assistments09": 0.755,
    "statics11": 0.825,
    "algebra05_part": 0.787,
    "ednet_part": 0.697,
    "mofacts_stats_cloze": 0.840,
}


@pytest.mark.parametrize("name", FLOORS)
def test_the_default_model_is_above_its_floor_and_looks_at_nothing_it_may_not(
    kt: Path, name: str
) -> None:
    data = read_dataset(kt / name)
    models = [fit_of(x)(data.train) for x in (DEFAULT, "baseline/item")]
    told = evaluate(data, models[0], np.random.default_rng(1), n_resamples=50)
    assert told.figures["auc"].point >= FLOORS[name]
    assert told.figures["ece"].point <= 0.02
    assert told.audit.passed, told.audit.failures
    said = [score(data, str(m.ref), lambda log, m=m: predict_rows(m, log)) for m in models]
    better = compare(said[0], said[1], np.random.default_rng(1), n_resamples=200)
    assert better.differences["auc"].low > 0.01
    assert better.differences["log_loss"].high < 0
