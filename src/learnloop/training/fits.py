"""Which models can be judged by name? Those of `models.index`, and the baselines to beat."""

from collections.abc import Callable
from typing import Any

from learnloop.core.answers import AnswerLog
from learnloop.core.errors import InvalidInput
from learnloop.core.protocols import Estimator
from learnloop.core.random import derive_rng
from learnloop.models.index import DEFAULT, MODELS
from learnloop.training.baselines import BASELINES

__all__ = ["DEFAULT", "NAMES", "Fit", "fit_of"]

NAMES = (*MODELS, *BASELINES)
VERSION = "evaluation"
Fit = Callable[[AnswerLog], Estimator[Any]]


def fit_of(name: str) -> Fit:
    """How the model is fitted, from training answers alone, with its default configuration.

    Chance in a fit is derived from the name, so a model that is judged twice is the same model,
    and only the resamples differ with their seed.

    Raises:
        InvalidInput: There is no model of that name.
    """
    if name in BASELINES:
        return BASELINES[name]
    if name not in MODELS:
        known = ", ".join(NAMES)
        raise InvalidInput(f"model: there is no {name!r}; there are {known}", field="model")

    def fit(log: AnswerLog) -> Estimator[Any]:
        fitted: Estimator[Any] = MODELS[name].fit(
            log, version=VERSION, rng=derive_rng(0, VERSION, name)
        )
        return fitted

    return fit
