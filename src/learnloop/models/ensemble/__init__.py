"""How well do several models know together what each knows alone? Their logits, weighed and added.

Start with `stack` (the weights) and `fitting` (where they come from); `members` says who there is,
`forest` how trees on the features keep a state, `model.EnsembleModel` is the estimator.
See docs/models/ensemble.md.
"""

from typing import Final

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.items import ItemTable
from learnloop.core.registry import ESTIMATOR
from learnloop.models import ability
from learnloop.models.ensemble.artifact import from_bytes
from learnloop.models.ensemble.config import FULL, Config
from learnloop.models.ensemble.fitting import fit_members
from learnloop.models.ensemble.members import check
from learnloop.models.ensemble.model import NAME, EnsembleModel
from learnloop.models.ensemble.stack import Stack

__all__ = [
    "FULL",
    "MARGIN",
    "NAME",
    "SLOT",
    "Config",
    "EnsembleModel",
    "fit",
    "from_catalog",
    "load",
]

SLOT: Final = ESTIMATOR
MARGIN: Final = 0.01
"""How much better, relative in log loss, a new version has to be to take over."""
ALONE: Final = Stack(0.0, (1.0,))


def fit(
    data: AnswerLog, config: Config | None = None, *, version: str, rng: np.random.Generator
) -> EnsembleModel:
    """Fit the members and their weights on training learners.

    Args:
        data: Answers of training learners only.
        config: None = the defaults.
        version: The version part of the model's ref, e.g. "2026-01-05".
        rng: Chooses who says what the members weigh, and is handed to their fits.

    Raises:
        InvalidInput: There is no such member.
        DataError: There is too little to learn from.
        ArtifactError: A member needs onnxruntime, which is not installed.
    """
    config = config or Config()
    check(config.members)
    few = int((data.correct != STUDY).sum()) < config.min_answers
    if few or len(config.members) == 1:
        alone = ability.fit(data, version=version, rng=rng)
        return EnsembleModel(version, (alone,), ALONE)
    return EnsembleModel(version, *fit_members(data, config, version, rng))


def from_catalog(items: ItemTable, *, version: str = "cold") -> EnsembleModel:
    """The model of a fresh install: `ability` alone, with authored difficulties."""
    return EnsembleModel(version, (ability.from_catalog(items, version=version),), ALONE)


def load(artifact: bytes) -> EnsembleModel:
    """The model that `EnsembleModel.export` wrote.

    Raises:
        ArtifactError: The bytes are corrupt, foreign, or of another form; or a member needs
            onnxruntime, which is not installed.
    """
    return EnsembleModel(*from_bytes(artifact))
