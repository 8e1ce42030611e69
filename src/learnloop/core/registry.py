"""Which models are kept, and which of them answer? The nouns of the registry.

A *slot* is a place that a model fills: the name in `POST /api/ml/models/{name}/predict`. In a slot
a version may be the champion, a challenger that answers for a share of the learners, or a shadow
that is asked and not heard. Each of these is an alias; every change is kept, with who and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from learnloop.core.artifact import Artifact
from learnloop.core.types import Ref

ESTIMATOR: Final = "estimator"
"""The slot of the model of P(correct) that the journeys ask."""


class ModelRole(StrEnum):
    """What a version does in its slot."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A version of a model; its files lie in the store's `files`, by hash.

    Attributes:
        manifest: As `core.artifact.Manifest` encodes it.
        sha256: Of `manifest`, hex; checked at every load.
        metrics: What it reached, without the intervals.
    """

    ref: Ref
    created_at: datetime
    manifest: bytes
    sha256: str
    metrics: Mapping[str, float]

    @classmethod
    def of(cls, artifact: Artifact) -> "ModelRecord":
        """The record of an artifact."""
        manifest = artifact.manifest
        metrics = {name: point for name, (point, _, _) in manifest.metrics.items()}
        made = manifest.created_at
        return cls(artifact.ref, made, manifest.encode(), artifact.sha256, metrics)


@dataclass(frozen=True, slots=True)
class Alias:
    """Which version plays a role in a slot.

    Attributes:
        share: Of the learners for whom it answers, [0, 1]; 1 for a champion.
    """

    slot: str
    role: ModelRole
    ref: Ref
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class AliasChange:
    """One change of an alias.

    Attributes:
        ref: Who plays the role from now on; None: nobody.
        actor: Who changed it: a key's id, `cli`, `retrain`, `guardrail`.
    """

    at: datetime
    slot: str
    role: ModelRole
    ref: Ref | None
    actor: str
    reason: str
    share: float = 1.0
