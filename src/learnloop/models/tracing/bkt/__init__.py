"""Does the learner know the skill? A hidden yes or no for each, followed by Bayes' rule.

Start with `filtering` (how an answer changes P(known)), then `book` (the frozen parameters) and
`state`; `sequences` and `smoothing` are the pass over all answers that fits are made of,
`standard` fits the four parameters of the textbook, `effects` the default with items, learners and
forgetting. `model.BktModel` is the estimator. See docs/models/bkt.md.
"""

from typing import Final

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.items import ItemTable
from learnloop.core.registry import ESTIMATOR
from learnloop.models.tracing.bkt.artifact import from_bytes
from learnloop.models.tracing.bkt.book import Source, cold_book
from learnloop.models.tracing.bkt.config import STANDARD, Config
from learnloop.models.tracing.bkt.fitting import fit_book, learners_of
from learnloop.models.tracing.bkt.model import NAME, BktModel
from learnloop.models.tracing.bkt.state import BktState

__all__ = [
    "MARGIN",
    "NAME",
    "SLOT",
    "STANDARD",
    "BktModel",
    "BktState",
    "Config",
    "Source",
    "fit",
    "from_catalog",
    "load",
]

SLOT: Final = ESTIMATOR
MARGIN: Final = 0.01
"""How much better, relative in log loss, a new version has to be to take over."""


def fit(
    data: AnswerLog, config: Config | None = None, *, version: str, rng: np.random.Generator
) -> BktModel:
    """Fit skill and item parameters on training learners.

    Args:
        data: Answers of training learners only.
        config: None = the defaults; `STANDARD` is the textbook's.
        version: The version part of the model's ref, e.g. "2026-01-05".
        rng: Not used: the fit is the same each time.

    Raises:
        DataError: There is no answer to learn from.
    """
    config = config or Config()
    if not (data.correct != STUDY).any():
        raise DataError("no answers to fit knowledge tracing on; a fresh install uses from_catalog")
    return BktModel(version, config, fit_book(data, config))


def from_catalog(
    items: ItemTable, config: Config | None = None, *, version: str = "cold"
) -> BktModel:
    """The model of a fresh install: authored difficulties, nothing learnt from answers."""
    config = config or Config()
    return BktModel(version, config, cold_book(learners_of(config), items))


def load(artifact: bytes) -> BktModel:
    """The model that `BktModel.export` wrote.

    Raises:
        ArtifactError: The bytes are corrupt, foreign, or of another format version.
    """
    return BktModel(*from_bytes(artifact))
