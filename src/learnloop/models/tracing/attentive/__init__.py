"""Will the next answer be right, seen through what the learner did before? Attention over events.

    logit = base(features) + readout(context, question, features)

The base is logistic, on the learner's own record and the item's easiness for others; the context is
attention over the last events, of which those with the same item and skills, and the recent ones,
weigh more. It serves as a fold: the state is the last events and the record.

Start with `train.py` (the network), then `record`, `state` and `base` (what it is told), `asking`
and `model` (how it serves). docs/models/attentive.md.

Reference: Ghosh, Heffernan, Lan (2020), Context-aware attentive knowledge tracing; Liu et al.
(2023), simpleKT.
"""

from typing import TYPE_CHECKING, Final

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.registry import ESTIMATOR
from learnloop.core.search_space import Choice, Float, Space
from learnloop.models.tracing.attentive.artifact import load, model_of, packed
from learnloop.models.tracing.attentive.config import Config
from learnloop.models.tracing.attentive.model import NAME, AttentiveModel
from learnloop.models.tracing.attentive.state import AttentiveState
from learnloop.models.tracing.held_back import require_enough

if TYPE_CHECKING:
    from learnloop.models.train.checkpoint import Checkpoints
    from learnloop.models.train.loop import Report, Tracker

__all__ = [
    "MARGIN",
    "NAME",
    "SLOT",
    "SPACE",
    "AttentiveModel",
    "AttentiveState",
    "Config",
    "fit",
    "load",
]

SLOT: Final = ESTIMATOR
MARGIN: Final = 0.01
"""How much better, relative in log loss, a new version has to be to take over."""
SPACE: Final[Space] = {
    "learning_rate": Float(3e-4, 3e-3, log=True),
    "weight_decay": Float(1e-3, 3e-1, log=True),
    "dropout": Float(0.0, 0.5),
    "width": Choice((32, 64, 128)),
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
) -> AttentiveModel:
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
    from learnloop.models.tracing.attentive import train  # noqa: PLC0415 - needs torch

    answered = data.correct != STUDY
    require_enough(data.correct[answered], data.learner[answered])
    config, seed = config or Config(), int(rng.integers(2**31))
    made = train.train(
        data, config, seed, checkpoints=checkpoints, report=report, tracker=tracker
    )  # fmt: skip
    graph = (made.exported.model, made.exported.golden)
    return model_of(packed(version, config, graph, made.book, made.link))
