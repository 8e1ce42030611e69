"""Knowledge tracing on real learners it never saw: one config for all sets, no skill degenerate."""

from pathlib import Path

import numpy as np
import pytest

from learnloop.models.tracing import bkt
from learnloop.models.tracing.bkt.filtering import sigmoid
from learnloop.training.dataset import read_dataset
from learnloop.training.evaluate import compare, evaluate, score
from learnloop.training.fits import fit_of
from learnloop.training.predict import predict_rows

pytestmark = pytest.mark.accuracy

SETS = ("assistments09", "statics11", "ednet_part", "algebra05_part", "mofacts_stats_cloze")
SHORT_OF_BEST_LR = 0.005
"""What an interpretable model may cost in AUC."""


@pytest.mark.parametrize("name", SETS)
def test_it_predicts_about_as_well_as_best_lr_or_better(kt: Path, name: str) -> None:
    data, rng = read_dataset(kt / name), np.random.default_rng(0)
    ours, theirs = (fit_of(model)(data.train) for model in ("bkt", "best_lr"))
    said = [score(data, str(m.ref), lambda log, m=m: predict_rows(m, log)) for m in (ours, theirs)]
    gain = compare(*said, rng, n_resamples=2).differences["auc"]
    assert gain.point >= -SHORT_OF_BEST_LR
    assert evaluate(data, ours, rng, n_resamples=2).audit.passed


@pytest.mark.parametrize("config", [bkt.Config(), bkt.STANDARD], ids=["default", "standard"])
@pytest.mark.parametrize("name", SETS)
def test_no_skill_is_degenerate(kt: Path, name: str, config: bkt.Config) -> None:
    train = read_dataset(kt / name).train
    book = bkt.fit(train, config, version="1", rng=np.random.default_rng(0)).book
    for skill in train.skill_ids:
        found = book.skill(skill)
        guess, slip = sigmoid(found.guess_logit), 1.0 - sigmoid(found.guess_logit + found.gap)
        assert guess <= 0.5
        assert slip <= 0.5
        assert guess + slip < 1.0
        assert all(0.001 <= rate <= 0.999 for rate in found.learn)
