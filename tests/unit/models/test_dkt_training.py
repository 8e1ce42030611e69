"""A fit of a network that keeps states is watched, and goes on, as that of any other network."""

from datetime import UTC, datetime

import numpy as np

from learnloop.models.train.checkpoint import Checkpoints
from learnloop.training.dataset import Dataset
from learnloop.training.evaluate import audit
from learnloop.training.findings import Verdict
from learnloop.training.train_model.kinds import Stamp, kind_of, takes

from .test_dkt import SMALL, log_of

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Heard:
    def __init__(self):
        self.epochs = []

    def on_epoch(self, epoch, figures):
        self.epochs.append((epoch, sorted(figures)))


def test_epochs_are_told_and_checkpoints_kept(tmp_path):
    assert takes("dkt", "checkpoints")
    assert not takes("ability", "checkpoints")
    data = Dataset("made-up", log_of(), np.arange(30) % 5 == 0)
    heard, kept = Heard(), Checkpoints(tmp_path, every_s=0)
    kind = kind_of("dkt", data, 0)
    artifact = kind.fit(SMALL, Stamp("v", 0, NOON), checkpoints=kept, tracker=heard)
    figures = ["astray", "auc", "learning_rate", "log_loss", "loss", "train_loss"]
    assert heard.epochs[-1][1] == figures
    assert kept.latest().about["at"]["stopped"] in {"epochs", "patience"}
    predict = kind.predictor(artifact)
    assert np.isfinite(predict(data.test)[data.test.correct >= 0]).all()
    found = audit(data, predict, np.random.default_rng(0))
    assert not [own for own in found.findings if own.verdict is Verdict.FAILED]
