"""What does a learner still remember? FSRS-6 for their items and skills, fitted where that helps.

Start with `curve.py` (how one memory fades), then `model.py` (the fold) and `grades.py` (what an
answer is to memory); `batch.py`, `fitting.py` and `pooling.py` are where the frozen numbers come
from; `half_life.py` is the baseline. See docs/models/memory.md.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.types import Skill
from learnloop.models.memory.artifact import Frozen, from_bytes
from learnloop.models.memory.config import Config
from learnloop.models.memory.curve import DAY_US
from learnloop.models.memory.model import NAME, MemoryModel, Recall
from learnloop.models.memory.parameters import DEFAULTS
from learnloop.models.memory.pooling import fit_log
from learnloop.models.memory.state import MemoryState, Trace

__all__ = [
    "DAY_US",
    "DEFAULTS",
    "MARGIN",
    "NAME",
    "SLOT",
    "Config",
    "Frozen",
    "MemoryModel",
    "MemoryState",
    "Recall",
    "Trace",
    "fit",
    "from_catalog",
    "load",
]

SLOT: Final = "memory"
MARGIN: Final = 0.0
"""Whatever is better beyond chance takes over: the fit itself keeps to the defaults unless later
reviews are predicted better."""


def fit(
    data: AnswerLog,
    config: Config | None = None,
    *,
    version: str,
    rng: np.random.Generator | None = None,
    skills: Iterable[Skill] = (),
) -> MemoryModel:
    """Fit the parameters on the answers of training learners.

    Args:
        data: Answers; those of a day or more after the one before teach.
        config: None = the defaults.
        version: The version part of the model's ref, e.g. "2026-01-05".
        rng: Nothing is drawn.
        skills: Of the catalog, with their prerequisites.

    Raises:
        DataError: There is no answer to learn from.
    """
    if not (data.correct != STUDY).any():
        raise DataError("no answers to fit the memory model on; a fresh install uses from_catalog")
    return MemoryModel(version, fit_log(data, config or Config(), below(skills)))


def from_catalog(skills: Iterable[Skill], config: Config | None = None) -> MemoryModel:
    """The model of a fresh install: the defaults of FSRS-6; its version names the prerequisites."""
    prerequisites = below(skills)
    digest = sha256(repr(sorted(prerequisites.items())).encode()).hexdigest()[:12]
    return MemoryModel(f"catalog-{digest}", Frozen(config or Config(), prerequisites=prerequisites))


def load(artifact: bytes) -> MemoryModel:
    """The model that `MemoryModel.export` wrote.

    Raises:
        ArtifactError: The bytes are corrupt, foreign, or of another format version.
    """
    return MemoryModel(*from_bytes(artifact))


def below(skills: Iterable[Skill]) -> dict[str, tuple[str, ...]]:
    """Skill id -> its prerequisites, where it has any."""
    return {s.skill_id: tuple(s.prerequisites) for s in skills if s.prerequisites}
