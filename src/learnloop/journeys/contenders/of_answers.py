"""How is an estimator fitted, and asked? From answers to answers."""

from collections.abc import Mapping
from typing import Any

from learnloop.core.artifact import Artifact
from learnloop.core.random import derive_rng
from learnloop.core.types import Floats, Ref
from learnloop.journeys.contenders.protocol import Made, enough, of_the_catalog
from learnloop.journeys.material import Material
from learnloop.journeys.monitor.report import PREDICTION
from learnloop.monitoring.baseline import Baseline, build
from learnloop.training.golden import MODEL_FILE, artifact_of_estimator
from learnloop.training.predict import Predictor, predict_rows
from learnloop.training.train_model.config import values_of


class OfAnswers:
    """An estimator, fitted on answers."""

    goes_on = of_features = False

    def __init__(self, module: Any) -> None:
        self.name, self.slot, self.margin = module.NAME, module.SLOT, module.MARGIN
        self.about = str(module.__doc__).splitlines()[0]
        self._module = module

    def config(self) -> Mapping[str, Any]:
        return values_of(self._module.Config())

    def judging(self, given: Material) -> Material:
        return given

    def unfitted(self, given: Material) -> tuple[Ref, Floats]:
        return of_the_catalog(given)

    def fit(self, given: Material, version: str, parent: Artifact | None) -> Made:
        rng = derive_rng(given.seed, "retrain", self.name, given.past.sha256)
        model = self._module.fit(enough(given.past.training), version=version, rng=rng)
        return Made(artifact_of_estimator(self.name, model, given.past.training, given.at))

    def ask(self, artifact: Artifact, given: Material) -> Floats:
        return self.predictor(artifact, given)(given.past.held_out)[given.past.judged]

    def predictor(self, artifact: Artifact, given: Material) -> Predictor:
        model = self._module.load(artifact.file(MODEL_FILE))
        return lambda log: predict_rows(model, log)

    def baseline(self, made: Made, given: Material, said: Floats) -> Baseline:
        return build((PREDICTION,), said[:, None], given.past.learner)
