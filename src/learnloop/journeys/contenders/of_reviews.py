"""How is a memory fitted, and asked? From answers to the answers that test it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from learnloop.core.artifact import Artifact
from learnloop.core.types import Floats, Ref
from learnloop.journeys.contenders.protocol import Made, enough
from learnloop.journeys.material import Material
from learnloop.journeys.monitor.report import PREDICTION
from learnloop.monitoring.baseline import Baseline, build
from learnloop.training.golden import MODEL_FILE, artifact_of_estimator
from learnloop.training.memory.asking import as_estimator, predict_reviews, review_rows
from learnloop.training.predict import Predictor
from learnloop.training.train_model.config import values_of


class OfReviews:
    """A memory, fitted on answers and judged by those that test it."""

    goes_on = of_features = False

    def __init__(self, module: Any) -> None:
        self.name, self.slot, self.margin = module.NAME, module.SLOT, module.MARGIN
        self.about = str(module.__doc__).splitlines()[0]
        self._module = module

    def config(self) -> Mapping[str, Any]:
        return values_of(self._module.Config())

    def judging(self, given: Material) -> Material:
        past = given.past
        judged = past.judged & review_rows(past.held_out)
        return replace(given, past=replace(past, judged=judged))

    def unfitted(self, given: Material) -> tuple[Ref, Floats]:
        model = self._module.from_catalog(given.items.skills)
        return model.ref, predict_reviews(model, given.past.held_out)[given.past.judged]

    def fit(self, given: Material, version: str, parent: Artifact | None) -> Made:
        log = enough(given.past.training)
        model = self._module.fit(log, version=version, skills=given.items.skills)
        return Made(artifact_of_estimator(self.name, as_estimator(model), log, given.at))

    def ask(self, artifact: Artifact, given: Material) -> Floats:
        return self.predictor(artifact, given)(given.past.held_out)[given.past.judged]

    def predictor(self, artifact: Artifact, given: Material) -> Predictor:
        model = self._module.load(artifact.file(MODEL_FILE))
        return lambda log: predict_reviews(model, log)

    def baseline(self, made: Made, given: Material, said: Floats) -> Baseline:
        return build((PREDICTION,), said[:, None], given.past.learner)
