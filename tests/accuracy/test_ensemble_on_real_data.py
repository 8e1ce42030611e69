"""Several models weighed, by protocol P1: no worse than the best of them, honest, above best-LR."""

from pathlib import Path

import numpy as np
import pytest

from learnloop.training.dataset import read_dataset
from learnloop.training.evaluate import audit, compare, judge, score
from learnloop.training.evaluation import Scored
from learnloop.training.fits import fit_of
from learnloop.training.predict import predict_rows

pytestmark = pytest.mark.accuracy

ABOVE_BEST_LR = {"ednet_part": 0.02, "mofacts_stats_cloze": 0.02}


@pytest.mark.parametrize("name", ABOVE_BEST_LR)
def test_the_ensemble_is_above_its_members_and_best_lr(kt: Path, name: str) -> None:
    pytest.importorskip("lightgbm")
    data, rng = read_dataset(kt / name), np.random.default_rng(1)
    models = {one: fit_of(one)(data.train) for one in ("ensemble", "ability", "best_lr")}

    def asked(one: str) -> Scored:
        return score(data, one, lambda log: predict_rows(models[one], log))

    ours = asked("ensemble")
    found = audit(data, lambda log: predict_rows(models["ensemble"], log), rng)
    assert found.passed, found.failures
    told = judge(ours, found, rng, 50)
    assert told.figures["ece"].point <= 1.1 * told.ece_calibrated_95
    above = compare(ours, asked("best_lr"), rng, 300).differences["auc"]
    assert above.low > 0.0
    assert above.point > ABOVE_BEST_LR[name] - 0.005
    better = compare(ours, asked("ability"), rng, 300).differences["log_loss"]
    assert better.point < 0.0
