"""Which models can be judged by name? Those of `models.index`, and what they have to beat.

Variants of the same models (`VARIANTS`) are the textbook's, to be beaten, and an ensemble with
networks; rates that know nothing of the learner (`baselines`) are to be beaten too.
"""

from collections.abc import Callable, Mapping
from typing import Any

from learnloop.core.answers import AnswerLog
from learnloop.core.errors import InvalidInput
from learnloop.core.protocols import Estimator
from learnloop.core.random import derive_rng
from learnloop.core.time import EPOCH
from learnloop.features.definitions import FEATURES
from learnloop.models import ensemble
from learnloop.models.index import DEFAULT, MODELS, PREDICTORS
from learnloop.models.tracing import bkt, logistic
from learnloop.training.baselines import BASELINES
from learnloop.training.dataset import Dataset
from learnloop.training.feature_rows import ask, of_dataset
from learnloop.training.predict import Predictor, predict_rows

__all__ = ["BENCHMARKED", "DEFAULT", "NAMES", "VARIANTS", "Fit", "fit_of", "fitted_on", "known"]

VARIANTS: Mapping[str, tuple[str, Any]] = {
    "pfa": (logistic.NAME, logistic.Config(family="pfa")),
    "best_lr": (logistic.NAME, logistic.Config(family="best_lr")),
    "best_lr/items": (logistic.NAME, logistic.Config(family="best_lr", item_record=True)),
    "bkt/standard": (bkt.NAME, bkt.STANDARD),
    "ensemble/full": (ensemble.NAME, ensemble.FULL),
}
"""Name -> model of the index, and its configuration."""
NAMES = (*MODELS, *PREDICTORS, *VARIANTS, *BASELINES)
BENCHMARKED = (*MODELS, *PREDICTORS, *VARIANTS, "baseline/item")
VERSION = "evaluation"
Fit = Callable[[AnswerLog], Estimator[Any]]


def fitted_on(name: str, data: Dataset) -> tuple[str, Predictor]:
    """A model of that name, fitted on the training learners: its ref, and how it predicts.

    Chance in a fit is derived from the name, so a model that is judged twice is the same model,
    and only the resamples differ with their seed.

    Raises:
        InvalidInput: There is no model of that name.
    """
    if name not in PREDICTORS:
        estimator = fit_of(name)(data.train)
        return str(estimator.ref), lambda log: predict_rows(estimator, log)
    module, sides = PREDICTORS[name], of_dataset(data, derive_rng(0, VERSION, name))
    artifact = module.fit(sides.train, FEATURES, version=VERSION, seed=0, created_at=EPOCH)
    return str(artifact.ref), ask(module.load(artifact), sides.statistics)


def known(name: str) -> str:
    """The name, where there is such a model.

    Raises:
        InvalidInput: There is none.
    """
    if name not in NAMES:
        names = ", ".join(NAMES)
        raise InvalidInput(f"model: there is no {name!r}; there are {names}", field="model")
    return name


def fit_of(name: str) -> Fit:
    """How an estimator is fitted, from training answers alone, with its default configuration.

    Raises:
        InvalidInput: There is no estimator of that name.
    """
    if known(name) in BASELINES:
        return BASELINES[name]
    if name in PREDICTORS:
        raise InvalidInput(f"model: {name!r} is no estimator; use `fitted_on`", field="model")

    model, config = VARIANTS.get(name, (name, None))

    def fit(log: AnswerLog) -> Estimator[Any]:
        fitted: Estimator[Any] = MODELS[model].fit(
            log, config, version=VERSION, rng=derive_rng(0, VERSION, name)
        )
        return fitted

    return fit
