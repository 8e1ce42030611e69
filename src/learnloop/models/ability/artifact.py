"""How is a fitted model kept? As JSON with a format name, a version and a hash of what matters.

Floats are written so that they read back bit for bit. A hash guards the body, because a flipped bit
in a digit would otherwise load as another model.
"""

from dataclasses import asdict
from typing import Any

from learnloop.core.errors import ArtifactError
from learnloop.core.sealed import finite, seal, unseal
from learnloop.models.ability.config import Config
from learnloop.models.ability.difficulty import ItemBook
from learnloop.models.ability.features import RECALL, VIEW
from learnloop.models.ability.readout import NO_SLOPES, TRAITS, Readout

FORMAT = "learnloop/ability"
FORMAT_VERSION = 1
_WEIGHTS = {
    "shared": len(VIEW),
    "easiness": len(VIEW),
    "reliability": len(VIEW),
    "traits": len(TRAITS),
    "recall": len(RECALL),
    "recall_easiness": len(RECALL),
    "link": 2,
}


def to_bytes(version: str, config: Config, book: ItemBook, readout: Readout) -> bytes:
    """The artifact of a model."""
    body = {
        "version": version,
        "config": asdict(config),
        "mu": book.mu,
        "item_variance": book.item_variance,
        "skill_variance": book.skill_variance,
        "skills": dict(book.skills),
        "items": {item: list(own) for item, own in book.items.items()},
        "readout": {name: list(getattr(readout, name)) for name in _WEIGHTS},
        "sets": [[list(skills), list(weights)] for skills, weights in readout.sets.items()],
        "item_slopes": {item: list(slopes) for item, slopes in readout.items.items()},
        "features": {"view": VIEW, "recall": RECALL, "traits": TRAITS},
    }
    return seal(FORMAT, FORMAT_VERSION, body)


def from_bytes(artifact: bytes) -> tuple[str, Config, ItemBook, Readout]:
    """The version, config, item book and readout of an artifact.

    Raises:
        ArtifactError: It is corrupt, foreign, or of another format version.
    """
    body = _body(artifact)
    try:
        book = ItemBook(
            float(body["mu"]),
            {str(skill): float(x) for skill, x in body["skills"].items()},
            {str(i): _three(own) for i, own in body["items"].items()},
            float(body["item_variance"]),
            float(body["skill_variance"]),
        )
        weights = {name: finite(body["readout"][name], n) for name, n in _WEIGHTS.items()}
        sets = {tuple(skills): finite(row, len(VIEW)) for skills, row in body["sets"]}
        config = Config(**body["config"])
        slopes = {str(i): finite(x, len(NO_SLOPES)) for i, x in body["item_slopes"].items()}
        readout = Readout(sets=sets, items=slopes, **weights)  # type: ignore[arg-type]
        return str(body["version"]), config, book, readout
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(f"the ability artifact lacks or garbles a field: {error!r}") from error


def _body(artifact: bytes) -> dict[str, Any]:
    body = unseal(artifact, FORMAT, FORMAT_VERSION)
    names = {"view": list(VIEW), "recall": list(RECALL), "traits": list(TRAITS)}
    if body.get("features") != names:
        raise ArtifactError("the artifact was fitted on other features: fit the model again")
    return body


def _three(values: list[float]) -> tuple[float, float, float]:
    rest, n, variance = finite(values, 3)
    return rest, n, variance
