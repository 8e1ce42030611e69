"""How able is a learner, and how hard, how telling and how guessable is an item?

The logistic models of one, two or three parameters. Start with `calibration` (items from many
learners' answers), then `model` (a learner's ability from their own); `responses` is what a
calibration reads, `expectation` and `maximization` are its two halves. Around it: `precision`
(standard errors), `fit_statistics`, `linking` (forms with common items), `scoring`. See
docs/models/irt.md.
"""

from typing import Final

import numpy as np

from learnloop.core.answers import AnswerLog
from learnloop.core.items import ItemTable
from learnloop.core.registry import ESTIMATOR
from learnloop.models.irt.artifact import from_bytes
from learnloop.models.irt.book import authored_book
from learnloop.models.irt.config import Config
from learnloop.models.irt.fitting import calibrated_book
from learnloop.models.irt.model import NAME, IrtModel
from learnloop.models.irt.state import IrtState

__all__ = [
    "MARGIN",
    "NAME",
    "SLOT",
    "Config",
    "IrtModel",
    "IrtState",
    "fit",
    "from_catalog",
    "load",
]

SLOT: Final = ESTIMATOR
MARGIN: Final = 0.01
"""How much better, relative in log loss, a new version has to be to take over."""


def fit(
    data: AnswerLog, config: Config | None = None, *, version: str, rng: np.random.Generator
) -> IrtModel:
    """Calibrate the items on the first attempts of training learners.

    Args:
        data: Answers of training learners only.
        config: None = the defaults.
        version: The version part of the model's ref, e.g. "2026-01-05".
        rng: Not used: nothing here is drawn.

    Raises:
        DataError: There is no answer to learn from.
    """
    config = config or Config()
    return IrtModel(version, config, calibrated_book(data, config))


def from_catalog(
    items: ItemTable, config: Config | None = None, *, version: str = "cold"
) -> IrtModel:
    """The model of a fresh install: authored difficulties, nothing learnt from answers.

    Its `bank` is what a placement test chooses from until there is a calibration.
    """
    config = config or Config()
    return IrtModel(version, config, authored_book(items, config))


def load(artifact: bytes) -> IrtModel:
    """The model that `IrtModel.export` wrote.

    Raises:
        ArtifactError: The bytes are corrupt, foreign, or of another format version.
    """
    return IrtModel(*from_bytes(artifact))
