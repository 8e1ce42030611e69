"""How far do counts get? Logistic knowledge tracing: PFA, best-LR and DAS3H-like windows.

Start with `windows` (what is counted) and `design` (which columns each family has), then `fitting`,
`sparse` and `newton` (where the weights come from). `model.LogisticModel` is the estimator,
`batch.predict_log` its twin for a whole log. See docs/models/logistic.md.
"""

from typing import Final

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.registry import ESTIMATOR
from learnloop.models.tracing.logistic.artifact import from_bytes
from learnloop.models.tracing.logistic.batch import predict_log
from learnloop.models.tracing.logistic.config import Config
from learnloop.models.tracing.logistic.fitting import fit_weights
from learnloop.models.tracing.logistic.model import NAME, LogisticModel
from learnloop.models.tracing.logistic.state import LogisticState

__all__ = [
    "MARGIN",
    "NAME",
    "SLOT",
    "Config",
    "LogisticModel",
    "LogisticState",
    "fit",
    "load",
    "predict_log",
]

SLOT: Final = ESTIMATOR
MARGIN: Final = 0.01
"""How much better, relative in log loss, a new version has to be to take over."""


def fit(
    data: AnswerLog, config: Config | None = None, *, version: str, rng: np.random.Generator
) -> LogisticModel:
    """Fit on training learners.

    Args:
        data: Answers of training learners only.
        config: None = the defaults.
        version: The version part of the model's ref, e.g. "2026-01-05".
        rng: Not needed: the optimum is one.

    Raises:
        DataError: There is no answer to learn from.
    """
    config = config or Config()
    if not (data.correct != STUDY).any():
        raise DataError("no answers to fit the logistic model on; import some first")
    return LogisticModel(version, config, fit_weights(data, config))


def load(artifact: bytes) -> LogisticModel:
    """The model that `LogisticModel.export` wrote.

    Raises:
        ArtifactError: The bytes are corrupt, foreign, or of another format version.
    """
    return LogisticModel(*from_bytes(artifact))
