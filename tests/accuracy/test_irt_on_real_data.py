"""Items of real tests and logs: calibrated, checked, linked, and used on learners never seen."""

from pathlib import Path

import numpy as np
import pytest

from learnloop.core.ids import ItemId
from learnloop.models import irt
from learnloop.models.irt.calibration import calibrate
from learnloop.models.irt.config import Config
from learnloop.models.irt.fit_statistics import item_fit
from learnloop.models.irt.fitting import bank_of_responses
from learnloop.models.irt.linking import linked, stocking_lord
from learnloop.models.irt.responses import of_matrix
from learnloop.models.irt.scoring import Method, scores
from learnloop.training.dataset import read_dataset
from learnloop.training.evaluate import evaluate

pytestmark = pytest.mark.accuracy

BINARY = {"FrcSub": 20, "Math1": 15, "Math2": 16}
# Least AUC on all held-out answers, half a point under what was measured.
BANDS = {"statics11": 0.816, "ednet_part": 0.702, "mofacts_stats_cloze": 0.755}


def answers_of(kt: Path, name: str) -> np.ndarray:
    return np.loadtxt(kt / "math2015" / name / "data.txt")[:, : BINARY[name]]


@pytest.mark.parametrize("name", BINARY)
def test_a_real_test_is_calibrated(kt: Path, name: str) -> None:
    responses = of_matrix(answers_of(kt, name))
    one, two, three = (calibrate(responses, Config(parameters=n)) for n in (1, 2, 3))
    assert one.converged
    assert two.converged
    assert three.converged
    assert two.log_likelihood > one.log_likelihood + 50.0
    fit = item_fit(responses, two)
    assert ((fit.infit > 0.8) & (fit.infit < 1.2)).all()
    assert two.curves.discrimination.min() > 0.1


@pytest.mark.parametrize("name", BINARY)
def test_half_of_the_learners_give_the_scores_of_the_other_half(kt: Path, name: str) -> None:
    answers = answers_of(kt, name)
    ids = tuple(ItemId(f"i{i}") for i in range(answers.shape[1]))
    odd, even = of_matrix(answers[::2]), of_matrix(answers[1::2])
    (bank, found), (other, _) = bank_of_responses(odd, ids), bank_of_responses(even, ids)
    link = stocking_lord(other, bank)
    assert abs(link.slope - 1.0) < 0.15
    assert abs(link.shift) < 0.15
    ours = scores(odd, found, bank, Method.MAP).theta
    theirs = scores(odd, found, linked(other, link), Method.MAP).theta
    assert np.corrcoef(ours, theirs)[0, 1] > 0.99
    assert np.abs(ours - theirs).mean() < 0.1


@pytest.mark.parametrize("name", BANDS)
def test_held_out_learners_are_predicted_within_the_band(kt: Path, name: str) -> None:
    data = read_dataset(kt / name)
    model = irt.fit(data.train, version="band", rng=np.random.default_rng(0))
    told = evaluate(data, model, np.random.default_rng(1), n_resamples=2)
    assert told.figures["auc"].point > BANDS[name]
    assert told.audit.passed
