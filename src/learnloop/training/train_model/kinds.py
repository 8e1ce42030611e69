"""How is a model of the index fitted on a data set, and asked? Two kinds of module.

An *estimator* (`models.ability`) is fitted on answers. A *predictor*
(`models.tracing.feature_net`) is fitted on rows of features, and is written with the statistics of
items that its features were computed with, for it can't be asked without them.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np

from learnloop.core.answers import STUDY
from learnloop.core.artifact import Artifact
from learnloop.core.random import derive_rng
from learnloop.core.types import Floats
from learnloop.features.definitions import FEATURES
from learnloop.features.statistics import STATISTICS_FILE, ItemStatistics
from learnloop.models.index import MODELS
from learnloop.training.dataset import Dataset
from learnloop.training.feature_rows import NAMES, ask, of_dataset
from learnloop.training.golden import MODEL_FILE, artifact_of_estimator
from learnloop.training.predict import Predictor, predict_rows
from learnloop.training.train_model.config import module_of


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a fit is named by, and what it draws from."""

    version: str
    seed: int
    created_at: datetime


class Kind(Protocol):
    """A model of the index beside the data that it is fitted on and judged by."""

    def fit(self, config: Any, stamp: Stamp, **watching: Any) -> Artifact:
        """Fit on the training learners.

        Args:
            config: Of the module.
            stamp: Version, seed and instant.
            watching: `checkpoints`, `report` and `tracker`, as a module's `fit` has them; what is
                fitted in one pass has no epochs to tell of.
        """
        ...

    def predictor(self, artifact: Artifact) -> Predictor:
        """The model as it would serve, as a function of a log."""
        ...

    def seen(self) -> Mapping[str, Floats]:
        """(n,) columns of the held-out answers that the model reads, to compare later data with."""
        ...


def kind_of(model: str, data: Dataset, seed: int) -> Kind:
    """The model of that name, on these data.

    Raises:
        InvalidInput: There is no such model.
    """
    module_of(model)
    return OfAnswers(model, data) if model in MODELS else OfFeatures(model, data, seed)


def takes(model: str, watching: str) -> bool:
    """Whether its fit has `checkpoints`, or tells `report` or `tracker` of epochs."""
    return watching in inspect.signature(module_of(model).fit).parameters


class OfAnswers:
    """An estimator."""

    def __init__(self, model: str, data: Dataset) -> None:
        self.model, self.data = model, data

    def fit(self, config: Any, stamp: Stamp, **watching: Any) -> Artifact:
        log, rng = self.data.train, derive_rng(stamp.seed, "train", self.model)
        heard = {name: own for name, own in watching.items() if takes(self.model, name)}
        fitted = module_of(self.model).fit(log, config, version=stamp.version, rng=rng, **heard)
        return artifact_of_estimator(self.model, fitted, log, stamp.created_at)

    def predictor(self, artifact: Artifact) -> Predictor:
        loaded = module_of(self.model).load(artifact.file(MODEL_FILE))
        return lambda log: predict_rows(loaded, log)

    def seen(self) -> Mapping[str, Floats]:
        test = self.data.test
        return {"correct": test.correct[test.correct != STUDY].astype(np.float64)}


class OfFeatures:
    """A predictor; its features are computed once."""

    def __init__(self, model: str, data: Dataset, seed: int) -> None:
        self.model = model
        self.sides = of_dataset(data, derive_rng(seed, "train", "features"))

    def fit(self, config: Any, stamp: Stamp, **watching: Any) -> Artifact:
        seed = int(derive_rng(stamp.seed, "train", self.model).integers(2**31))
        fitted: Artifact = module_of(self.model).fit(
            self.sides.train,
            FEATURES,
            config,
            version=stamp.version,
            seed=seed,
            created_at=stamp.created_at,
            **watching,
        )
        return fitted.with_files({STATISTICS_FILE: self.sides.statistics.export()})

    def predictor(self, artifact: Artifact) -> Predictor:
        statistics = ItemStatistics.load(artifact.file(STATISTICS_FILE))
        return ask(module_of(self.model).load(artifact), statistics)

    def seen(self) -> Mapping[str, Floats]:
        return dict(zip(NAMES, self.sides.held_out.x.T.astype(np.float64), strict=True))
