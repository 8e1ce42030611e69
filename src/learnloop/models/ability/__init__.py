"""How able is a learner, in all and per skill? An online latent state with a fitted readout.

Start with `latent` (how an answer changes the state), then `features` and `readout` (how the state
becomes a probability), `difficulty` and `fitting` (where the frozen numbers come from), `scoring`
(a whole catalog at once). `model.AbilityModel` is the estimator. See docs/models/ability.md.
"""

from typing import Final

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.items import ItemTable
from learnloop.core.registry import ESTIMATOR
from learnloop.models.ability.artifact import from_bytes
from learnloop.models.ability.config import Config
from learnloop.models.ability.difficulty import authored_book
from learnloop.models.ability.fitting import fit_readout
from learnloop.models.ability.model import NAME, AbilityModel
from learnloop.models.ability.readout import unfitted
from learnloop.models.ability.state import AbilityState

__all__ = [
    "MARGIN",
    "NAME",
    "SLOT",
    "AbilityModel",
    "AbilityState",
    "Config",
    "fit",
    "from_catalog",
    "load",
]

SLOT: Final = ESTIMATOR
MARGIN: Final = 0.01
"""How much better, relative in log loss, a new version has to be to take over: about what twice as
many learners to fit on bring (docs/guides/retraining.md)."""


def fit(
    data: AnswerLog, config: Config | None = None, *, version: str, rng: np.random.Generator
) -> AbilityModel:
    """Fit item parameters and the readout on training learners.

    Args:
        data: Answers of training learners only.
        config: None = the defaults.
        version: The version part of the model's ref, e.g. "2026-01-05".
        rng: Deals the learners into folds.

    Raises:
        DataError: There is no answer to learn from.
    """
    config = config or Config()
    if not (data.correct != STUDY).any():
        raise DataError("no answers to fit the ability model on; a fresh install uses from_catalog")
    book, readout = fit_readout(data, config, rng)
    return AbilityModel(version, config, book, readout)


def from_catalog(
    items: ItemTable, config: Config | None = None, *, version: str = "cold"
) -> AbilityModel:
    """The model of a fresh install: authored difficulties, nothing learnt from answers."""
    config = config or Config()
    return AbilityModel(version, config, authored_book(items, config), unfitted(0.0))


def load(artifact: bytes) -> AbilityModel:
    """The model that `AbilityModel.export` wrote.

    Raises:
        ArtifactError: The bytes are corrupt, foreign, or of another format version.
    """
    return AbilityModel(*from_bytes(artifact))
