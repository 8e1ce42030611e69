"""Will the next answer be right, from the whole sequence before it? Deep knowledge tracing.

    h_t = LSTM(LSTM(embedding of skill and correctness, ...))
    logit P(right) = (w_skill + item's own vector + what is known of it) . h_t

The network of Piech et al., with what it lacked: items, their easiness for other learners, times,
and the learner's own record of a skill and an item. A penalty keeps answers from moving their own
prediction the wrong way; mastery is held exactly (`model`). It serves as a fold: the state is the
hidden vector, an answer one step of a graph on ONNX Runtime.

Start with `train.py` (the network), then `readout` and `model` (how it serves). docs/models/dkt.md.

Reference: Piech et al. (2015), Deep knowledge tracing; Yeung and Yeung (2018), Addressing two
problems in deep knowledge tracing via prediction-consistent regularization.
"""

from typing import TYPE_CHECKING, Final

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.registry import ESTIMATOR
from learnloop.core.search_space import Choice, Float, Space
from learnloop.models.tracing.dkt.artifact import load, model_of, packed
from learnloop.models.tracing.dkt.config import Config
from learnloop.models.tracing.dkt.model import NAME, DktModel
from learnloop.models.tracing.dkt.state import DktState
from learnloop.models.tracing.held_back import require_enough

if TYPE_CHECKING:
    from learnloop.models.train.checkpoint import Checkpoints
    from learnloop.models.train.loop import Report, Tracker

__all__ = ["MARGIN", "NAME", "SLOT", "SPACE", "Config", "DktModel", "DktState", "fit", "load"]

SLOT: Final = ESTIMATOR
MARGIN: Final = 0.01
"""How much better, relative in log loss, a new version has to be to take over."""
SPACE: Final[Space] = {
    "learning_rate": Float(1e-3, 1e-2, log=True),
    "weight_decay": Float(1e-3, 1e-1, log=True),
    "dropout": Float(0.0, 0.4),
    "hidden_items": Float(0.0, 0.3),
    "batch_size": Choice((16, 32, 64)),
}
"""What a search may try."""


def fit(
    data: AnswerLog,
    config: Config | None = None,
    *,
    version: str,
    rng: np.random.Generator,
    checkpoints: "Checkpoints | None" = None,
    report: "Report | None" = None,
    tracker: "Tracker | None" = None,
) -> DktModel:
    """Fit the network on training learners, export it, and load what was exported.

    Args:
        data: Answers of training learners only.
        config: None = the defaults.
        version: The version part of the model's ref, e.g. "2026-01-05".
        rng: Draws the seed of first weights, batches, folds, and who validates.
        checkpoints: Where a killed run goes on from.
        report: Told of every epoch; may ask to stop.
        tracker: Told of every epoch.

    Raises:
        DataError: Fewer than 200 answers, or of one learner, or all right or all wrong.
        ArtifactError: What was exported answers in another way than what was trained.
    """
    from learnloop.models.tracing.dkt import train  # noqa: PLC0415 - needs torch

    answered = data.correct != STUDY
    require_enough(data.correct[answered], data.learner[answered])
    config, seed = config or Config(), int(rng.integers(2**31))
    made = train.train(
        data, config, seed, checkpoints=checkpoints, report=report, tracker=tracker
    )  # fmt: skip
    graph = (made.exported.model, made.exported.golden)
    return model_of(
        packed(version, config, graph, made.weights, made.vocabulary, made.facts, made.spread)
    )
