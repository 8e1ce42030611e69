"""Does a loaded estimator answer as the fitted one did? A made-up learner's answers, asked again.

The learner answers some items of the training log, right and wrong in turn, a few minutes and then
a few days apart. What the fitted model said before each answer is kept beside it; the file needs
nothing else, so it means the same whatever becomes of the catalog.
"""

from datetime import datetime
from typing import Any, Final

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.arrays import from_bytes, to_bytes
from learnloop.core.artifact import Artifact
from learnloop.core.errors import ArtifactError, DataError
from learnloop.core.protocols import Estimator
from learnloop.core.types import Floats, Ints
from learnloop.training.predict import predict_rows

MODEL_FILE: Final = "model.json"
GOLDEN_FILE: Final = "golden.npz"
N_ANSWERS: Final = 48
TOLERANCE: Final = 1e-5
"""Networks work in single precision, and processors differ by 1e-6; hashes come first anyway."""
_FIRST_US: Final = 1_700_000_000_000_000
_STEPS_US: Final = (60_000_000, 300_000_000, 86_400_000_000)
_COLUMNS: Final = ("item_ids", "skill_ids", "skill_starts", "skill_of", "difficulty_logit")


def artifact_of_estimator(
    kind: str, model: Estimator[Any], log: AnswerLog, made_at: datetime
) -> Artifact:
    """A fitted estimator as files: its parameters, and what it says of golden answers."""
    counts = {"n_answers": int((log.correct != STUDY).sum()), "n_learners": len(log.learner_ids)}
    return Artifact.build(
        model.ref,
        kind,
        made_at,
        {MODEL_FILE: model.export(), GOLDEN_FILE: golden_of(model, log)},
        metrics={name: (float(n), float(n), float(n)) for name, n in counts.items()},
    )


def golden_of(estimator: Estimator[Any], log: AnswerLog) -> bytes:
    """The file of a fitted model.

    Args:
        estimator: The model.
        log: What it was fitted on; of it, only items and skills are taken.
    """
    walk = _walk(log, _some_items(log))
    arrays = {name: np.array(getattr(walk, name)) for name in _COLUMNS}
    return to_bytes({**arrays, "p": predict_rows(estimator, walk)})


def check_golden(estimator: Estimator[Any], golden: bytes) -> None:
    """Ask again.

    Raises:
        ArtifactError: The file is no golden one, or an answer is another.
    """
    try:
        kept = from_bytes(golden)
        item_ids, skill_ids, *own = (kept[name] for name in _COLUMNS)
        walk = _ordered(tuple(item_ids.tolist()), tuple(skill_ids.tolist()), *own)
        said = predict_rows(estimator, walk)
        off = float(np.abs(said - kept["p"]).max())
    except (KeyError, ValueError, TypeError, IndexError, DataError) as error:
        raise ArtifactError(f"{estimator.ref}: not a golden file: {error!r}") from None
    if not off <= TOLERANCE:
        raise ArtifactError(f"{estimator.ref}: P(correct) is off by {off:.3g} for golden answers")


def _some_items(log: AnswerLog) -> list[int]:
    known = np.unique(log.item) if len(log) else np.arange(len(log.item_ids))
    places = np.linspace(0, len(known) - 1, min(len(known), N_ANSWERS)).astype(np.int64)
    return [int(x) for x in known[places]]


def _walk(log: AnswerLog, chosen: list[int]) -> AnswerLog:
    """The made-up learner's answers, to these items alone."""
    skills = [log.skills_of(item).tolist() for item in chosen]
    code = {skill: i for i, skill in enumerate(sorted({s for own in skills for s in own}))}
    return _ordered(
        tuple(log.item_ids[item] for item in chosen),
        tuple(log.skill_ids[skill] for skill in code),
        np.cumsum([0, *map(len, skills)]),
        np.array([code[s] for own in skills for s in own], dtype=np.int64),
        log.difficulty_logit[chosen],
    )


def _ordered(
    item_ids: tuple[str, ...],
    skill_ids: tuple[str, ...],
    skill_starts: Ints,
    skill_of: Ints,
    difficulty_logit: Floats,
) -> AnswerLog:
    n = len(item_ids)
    nth = np.arange(N_ANSWERS)
    return AnswerLog.ordered(
        learner_ids=("golden",),
        item_ids=item_ids,
        skill_ids=skill_ids,
        learner=np.zeros(N_ANSWERS, dtype=np.int64),
        item=nth % n,
        correct=(nth % 3 > 0).astype(np.int8),
        occurred_us=_FIRST_US + np.cumsum(np.array(_STEPS_US)[nth % len(_STEPS_US)]),
        skill_starts=skill_starts,
        skill_of=skill_of,
        difficulty_logit=difficulty_logit,
    )
