"""How is a fitted model kept? As JSON with a format name, a version and a hash of what matters.

Floats are written so that they read back bit for bit. A hash guards the body, because a flipped bit
in a digit would otherwise load as another model.
"""

from dataclasses import asdict
from math import isfinite

import numpy as np

from learnloop.core.bank import ItemBank
from learnloop.core.errors import ArtifactError, DataError
from learnloop.core.ids import ItemId
from learnloop.core.sealed import seal, unseal
from learnloop.models.irt.book import ItemBook
from learnloop.models.irt.config import Config

FORMAT = "learnloop/irt"
FORMAT_VERSION = 1
_COLUMNS = ("discrimination", "difficulty", "guessing", "difficulty_stddev")
_OTHERS = ("difficulty", "discrimination", "guessing")


def to_bytes(version: str, config: Config, book: ItemBook) -> bytes:
    """The artifact of a model."""
    body = {
        "version": version,
        "config": asdict(config),
        "items": book.bank.item_ids,
        "bank": {name: getattr(book.bank, name).tolist() for name in _COLUMNS},
        "skills": dict(book.skills),
        "others": {name: getattr(book, name) for name in _OTHERS},
    }
    return seal(FORMAT, FORMAT_VERSION, body)


def from_bytes(artifact: bytes) -> tuple[str, Config, ItemBook]:
    """The version, config and item book of an artifact.

    Raises:
        ArtifactError: It is corrupt, foreign, or of another format version.
    """
    body = unseal(artifact, FORMAT, FORMAT_VERSION)
    try:
        columns = [np.array(body["bank"][name], np.float64) for name in _COLUMNS]
        bank = ItemBank(tuple(ItemId(str(x)) for x in body["items"]), *columns)
        skills = {str(skill): _finite(x) for skill, x in body["skills"].items()}
        others = [_finite(body["others"][name]) for name in _OTHERS]
        return str(body["version"]), Config(**body["config"]), ItemBook(bank, skills, *others)
    except (KeyError, TypeError, ValueError, AttributeError, DataError) as error:
        raise ArtifactError(f"the irt artifact lacks or garbles a field: {error!r}") from error


def _finite(value: float) -> float:
    if not isfinite(value):
        raise ValueError(f"expected a finite number, found {value}")
    return float(value)
