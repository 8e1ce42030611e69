"""What does a retraining see of a model of the index, whatever its kind?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.artifact import Artifact
from learnloop.core.errors import DataError
from learnloop.core.types import Floats, Ref
from learnloop.journeys.fit import MIN_ANSWERS
from learnloop.journeys.material import Material
from learnloop.models import ability
from learnloop.monitoring.baseline import Baseline
from learnloop.training.predict import Predictor, predict_rows


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A fitted model, before it is judged.

    Attributes:
        artifact: Its files.
        beside: What has to be kept with it: the item statistics of its features.
    """

    artifact: Artifact
    beside: tuple[Artifact, ...] = ()


class Contender(Protocol):
    """One module of the index, as a retraining sees it.

    Attributes:
        about: The first line of its documentation.
        goes_on: Whether a fit can go on from an earlier version.
        of_features: Whether it needs the whole log, for features.
    """

    name: str
    slot: str
    margin: float
    about: str
    goes_on: bool
    of_features: bool

    def config(self) -> Mapping[str, Any]:
        """The default configuration, as plain values."""
        ...

    def judging(self, given: Material) -> Material:
        """What it is to be judged by."""
        ...

    def unfitted(self, given: Material) -> tuple[Ref, Floats]:
        """Who is to be beaten where nobody answers yet, and what that says of what is judged."""
        ...

    def fit(self, given: Material, version: str, parent: Artifact | None) -> Made:
        """Fit on the training side, going on from `parent` where that is given."""
        ...

    def ask(self, artifact: Artifact, given: Material) -> Floats:
        """(n_judged,) what the model says of the judged answers, each from before it."""
        ...

    def predictor(self, artifact: Artifact, given: Material) -> Predictor:
        """The model as a function of a log, for the leakage audit."""
        ...

    def baseline(self, made: Made, given: Material, said: Floats) -> Baseline:
        """What the data looked like; `said` are the predictions of the judged answers."""
        ...


def of_the_catalog(given: Material) -> tuple[Ref, Floats]:
    """What authored difficulties alone say of the judged answers, and who says so."""
    model = ability.from_catalog(given.items, version=f"catalog-{given.items.version}")
    return model.ref, predict_rows(model, given.past.held_out)[given.past.judged]


def enough(log: AnswerLog) -> AnswerLog:
    """The log itself, where it is enough to fit from.

    Raises:
        DataError: It is not.
    """
    n = int((log.correct != STUDY).sum())
    if n < MIN_ANSWERS:
        raise DataError(
            f"{n} answers of training learners are too few to fit from; {MIN_ANSWERS} are needed"
        )
    return log
