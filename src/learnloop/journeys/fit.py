"""Where does the live model come from? Fitted on the log where there is one, else the catalog.

A fitted model is stored with its hash and refused when the bytes differ. States are keyed by
model, so a newly fitted one starts warm: its states are rebuilt from the log.
"""

from typing import Any

from learnloop.core.answers import AnswerLog
from learnloop.core.artifact import Artifact
from learnloop.core.errors import DataError
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Clock, Estimator, Transaction
from learnloop.core.random import derive_rng
from learnloop.core.registry import ESTIMATOR, ModelRole
from learnloop.journeys.live import Live, every_interaction
from learnloop.journeys.registry import artifact_of, give_role, store_artifact
from learnloop.journeys.results import ModelPerformance
from learnloop.models import ability
from learnloop.training.golden import (
    GOLDEN_FILE,
    MODEL_FILE,
    artifact_of_estimator,
    check_golden,
)
from learnloop.training.snapshot import answer_log

MIN_ANSWERS = 200


def live_estimator(tx: Transaction, items: ItemTable) -> Estimator[Any]:
    """The champion, or a model of the catalog's authored difficulties where none was fitted.

    Raises:
        ArtifactError: The stored model is missing, its bytes are not those that were stored, or it
            answers in another way than it did when it was fitted.
    """
    champion = tx.models.alias(ESTIMATOR, ModelRole.CHAMPION)
    if champion is None:
        return ability.from_catalog(items, version=f"catalog-{items.version}")
    artifact = artifact_of(tx, champion)
    model = ability.load(artifact.file(MODEL_FILE))
    if GOLDEN_FILE in artifact.files:
        check_golden(model, artifact.files[GOLDEN_FILE])
    return model


def answers(live: Live, tx: Transaction) -> AnswerLog:
    """Every answer of the log, to fit from."""
    return answer_log(every_interaction(tx), live.items)


def fitted(live: Live, log: AnswerLog) -> Artifact:
    """A model fitted on the answers. It takes a while, so no transaction waits for it.

    Raises:
        DataError: Fewer than 200 answers: too little to fit from.
    """
    n_answers = int((log.correct >= 0).sum())
    if n_answers < MIN_ANSWERS:
        raise DataError(
            f"{n_answers} answers are too few to fit from; {MIN_ANSWERS} are needed. "
            "The model of the authored difficulties stays live."
        )
    now = live.clock.now()
    version = now.strftime("%Y-%m-%dT%H%M%S.%fZ")
    model = ability.fit(log, version=version, rng=derive_rng(live.seed, "fit", version))
    return artifact_of_estimator(ability.NAME, model, log, now)


def publish(tx: Transaction, clock: Clock, artifact: Artifact) -> ModelPerformance:
    """Store a fitted model and make it live."""
    record = store_artifact(tx, artifact)
    champion = ModelRole.CHAMPION
    give_role(tx, clock, ESTIMATOR, champion, record.ref, actor="fit", reason="fitted anew")
    return ModelPerformance(record.ref, True, record.created_at, dict(record.metrics))
