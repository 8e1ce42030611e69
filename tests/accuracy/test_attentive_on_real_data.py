"""The attentive model, served as a fold, on real learners it never saw: one config for all sets."""

from pathlib import Path

import numpy as np
import pytest

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.ids import LearnerId
from learnloop.models.tracing import attentive
from learnloop.training.dataset import read_dataset
from learnloop.training.evaluate import evaluate

pytestmark = pytest.mark.accuracy

N_LEARNERS = 100
# Least AUC on all held-out answers, half a point under what was measured.
BANDS = {
    "assistments09": 0.782,
    "statics11": 0.831,
    "ednet_part": 0.721,
    "algebra05_part": 0.823,
    "mofacts_stats_cloze": 0.859,
}


def astray(model: attentive.AttentiveModel, log: AnswerLog) -> float:
    """Share of answers that move what is said of their own item the wrong way."""
    items, wrong, n = log.items(), 0, 0
    for code in range(min(N_LEARNERS, len(log.learner_ids))):
        state, rows = model.start(LearnerId("u")), range(*log.starts[code : code + 2])
        for row, answer in zip(rows, log.interactions(code), strict=True):
            item, at = items[log.item[row]], answer.occurred_at
            before = model.p_correct(state, item, at)
            state = model.update(state, answer, item)
            if log.correct[row] != STUDY:
                move = model.p_correct(state, item, at) - before
                wrong, n = wrong + ((2 * log.correct[row] - 1) * move < 0), n + 1
    return wrong / n


@pytest.mark.parametrize("name", BANDS)
def test_held_out_learners_are_predicted_within_the_band(kt: Path, name: str) -> None:
    data = read_dataset(kt / name)
    model = attentive.fit(data.train, version="band", rng=np.random.default_rng(0))
    told = evaluate(data, model, np.random.default_rng(1), n_resamples=2)
    assert told.figures["auc"].point > BANDS[name]
    assert told.audit.passed
    if name == "assistments09":  # not every log holds answers to their direction
        assert astray(model, data.test) <= 0.02
