"""How does a model come in that was made elsewhere? Asked its golden questions, stored; no role.

`learnloop train` writes such models. One that takes features brings the statistics of items that
they were computed with; they are stored beside it, as `journeys.retrain` does.
"""

import msgspec

from learnloop.core.artifact import Artifact
from learnloop.core.errors import ArtifactError, InvalidInput
from learnloop.core.protocols import Transaction
from learnloop.core.registry import ModelRecord
from learnloop.core.types import Ref
from learnloop.features.fold import NAME, FeatureFold, require_features
from learnloop.features.statistics import STATISTICS_FILE, ItemStatistics
from learnloop.journeys.registry import store_artifact
from learnloop.journeys.statistics import features_of
from learnloop.models.index import MEMORIES, MODELS, PREDICTORS
from learnloop.training.golden import GOLDEN_FILE, MODEL_FILE, check_golden
from learnloop.training.memory.asking import as_estimator


def add(tx: Transaction, artifact: Artifact) -> ModelRecord:
    """Check a model as a server would, and store it.

    Raises:
        InvalidInput: It is of a kind that this release does not have.
        ArtifactError: A file is corrupt, it answers in another way than it did, or another model
            of that name and version is kept already.
        FeatureMismatch: Its features are of other definitions, or their statistics are missing.
    """
    _check(artifact.checked())
    features, brought = artifact.manifest.features, artifact.files.get(STATISTICS_FILE)
    if features is not None and brought is not None:
        _store_statistics(tx, artifact, Ref.parse(features), brought)
    elif features is not None:
        features_of(tx, Ref.parse(features))
    return store_artifact(tx, artifact)


def _check(artifact: Artifact) -> None:
    kind = artifact.manifest.kind
    if kind in PREDICTORS:
        PREDICTORS[kind].load(artifact)
    elif kind in MODELS:
        model = MODELS[kind].load(artifact.file(MODEL_FILE))
        if model.ref != artifact.ref:
            raise ArtifactError(f"{artifact.ref}: its {MODEL_FILE} is of {model.ref}")
        check_golden(model, artifact.file(GOLDEN_FILE))
    elif kind in MEMORIES:
        memory = MEMORIES[kind].load(artifact.file(MODEL_FILE))
        if memory.ref != artifact.ref:
            raise ArtifactError(f"{artifact.ref}: its {MODEL_FILE} is of {memory.ref}")
        check_golden(as_estimator(memory), artifact.file(GOLDEN_FILE))
    else:
        names = ", ".join((*MODELS, *PREDICTORS, *MEMORIES))
        raise InvalidInput(f"model: there is no kind {kind!r}; there are {names}", field="model")


def _store_statistics(tx: Transaction, artifact: Artifact, features: Ref, brought: bytes) -> None:
    try:
        statistics = ItemStatistics.load(brought)
    except msgspec.DecodeError as error:
        raise ArtifactError(f"{artifact.ref}: {STATISTICS_FILE} is none: {error}") from None
    require_features(FeatureFold(statistics).ref, features)
    if tx.models.get(features) is None:
        n = float(len(statistics.items))
        files, about = {STATISTICS_FILE: brought}, {"n_items": (n, n, n)}
        made_at = artifact.manifest.created_at
        store_artifact(tx, Artifact.build(features, NAME, made_at, files, metrics=about))
