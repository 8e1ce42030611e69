"""How are the parameters of memory kept? As JSON with a format name, a version and a hash.

Floats are written so that they read back bit for bit; the hash guards the body.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Final

from learnloop.core.errors import ArtifactError, InvalidInput
from learnloop.core.sealed import seal, unseal
from learnloop.models.memory.config import Config
from learnloop.models.memory.parameters import DEFAULTS, Parameters, checked

FORMAT: Final = "learnloop/memory"
FORMAT_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Frozen:
    """All that a memory model does not learn from answers as they come.

    Attributes:
        items: Parameters of FSRS-6 for items.
        skills: And for skills.
        personal: Both, of learners who have their own, by digest of their id.
        item_spread: How much items of one learner differ beyond what their reviews tell, logits.
        skill_spread: And skills.
        prerequisites: Skill id -> what should be known first.
    """

    config: Config = field(default_factory=Config)
    items: Parameters = DEFAULTS
    skills: Parameters = DEFAULTS
    personal: Mapping[str, tuple[Parameters, Parameters]] = field(default_factory=dict)
    item_spread: float = 0.5
    skill_spread: float = 0.5
    prerequisites: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def to_bytes(version: str, frozen: Frozen) -> bytes:
    """The artifact of a model."""
    body = {
        "version": version,
        "config": asdict(frozen.config),
        "items": frozen.items,
        "skills": frozen.skills,
        "personal": dict(sorted(frozen.personal.items())),
        "item_spread": frozen.item_spread,
        "skill_spread": frozen.skill_spread,
        "prerequisites": dict(sorted(frozen.prerequisites.items())),
    }
    return seal(FORMAT, FORMAT_VERSION, body)


def from_bytes(artifact: bytes) -> tuple[str, Frozen]:
    """The version and the parameters of an artifact.

    Raises:
        ArtifactError: It is corrupt, foreign, or of another format version.
    """
    body = unseal(artifact, FORMAT, FORMAT_VERSION)
    try:
        frozen = Frozen(
            Config(**body["config"]),
            _parameters(body["items"]),
            _parameters(body["skills"]),
            {str(k): (_parameters(a), _parameters(b)) for k, (a, b) in body["personal"].items()},
            _spread(body["item_spread"]),
            _spread(body["skill_spread"]),
            {str(k): tuple(map(str, own)) for k, own in body["prerequisites"].items()},
        )
        return str(body["version"]), frozen
    except (KeyError, TypeError, ValueError, AttributeError, InvalidInput) as error:
        raise ArtifactError(f"the memory artifact lacks or garbles a field: {error!r}") from error


def _parameters(values: list[float]) -> Parameters:
    return checked(tuple(map(float, values)))


def _spread(value: float) -> float:
    if not (isfinite(value) and value >= 0.0):
        raise ValueError(f"a spread of {value}")
    return float(value)
