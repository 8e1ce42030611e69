"""How able is a learner, and how hard, how telling and how guessable is an item?

The logistic models of one, two or three parameters.
"""

from typing import Final

from learnloop.core.items import ItemTable
from learnloop.core.registry import ESTIMATOR
from learnloop.models.irt.artifact import from_bytes
from learnloop.models.irt.book import authored_book
from learnloop.models.irt.config import Config
from learnloop.models.irt.model import NAME, IrtModel
from learnloop.models.irt.state import IrtState

__all__ = ["MARGIN", "NAME", "SLOT", "Config", "IrtModel", "IrtState", "from_catalog", "load"]

SLOT: Final = ESTIMATOR
MARGIN: Final = 0.01
"""How much better, relative in log loss, a new version has to be to take over."""


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
