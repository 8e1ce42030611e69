"""How is a model of the index fitted, read back from its files, and asked? Three kinds of module.

An *estimator* keeps what it knows of each learner and is fitted on answers (`models.ability`). A
*predictor* has no such state: it is fitted on rows of features, and is given the features of the
moment (`models.tracing.feature_net`). A *memory* is fitted on answers, and judged by those alone
that test memory (`models.memory`). Everything after this package treats them alike, as the
`Contender` of `protocol.py`.
"""

from learnloop.core.artifact import Artifact
from learnloop.core.errors import InvalidInput
from learnloop.features.statistics import STATISTICS_FILE, ItemStatistics
from learnloop.journeys.contenders.of_answers import OfAnswers
from learnloop.journeys.contenders.of_features import OfFeatures
from learnloop.journeys.contenders.of_reviews import OfReviews
from learnloop.journeys.contenders.protocol import Contender, Made, enough
from learnloop.journeys.material import Material
from learnloop.models.index import MEMORIES, MODELS, PREDICTORS
from learnloop.training.executor import Executor

__all__ = ["Contender", "Made", "contender", "fit", "slot_of"]


def contender(name: str) -> Contender:
    """The model of that name.

    Raises:
        InvalidInput: There is none.
    """
    if name in MODELS:
        return OfAnswers(MODELS[name])
    if name in PREDICTORS:
        return OfFeatures(PREDICTORS[name])
    if name in MEMORIES:
        return OfReviews(MEMORIES[name])
    known = ", ".join((*MODELS, *PREDICTORS, *MEMORIES))
    raise InvalidInput(f"model: there is no {name!r}; there are {known}", field="model")


def fit(
    model: Contender,
    given: Material,
    version: str,
    parent: Artifact | None,
    executor: Executor | None = None,
) -> Made:
    """Fit a model, here or where an executor runs: the same one, byte for byte.

    Raises:
        DataError: There is too little to fit from.
        TaskFailed: Where the executor runs it could not be fitted.
    """
    enough(given.past.training)
    if executor is None:
        made = model.fit(given, version, parent)
    else:
        (made,) = executor.map(
            _fit, [version], shared=(model.name, given, parent), label=f"fit of {model.name}"
        )
    for own in made.beside:
        given.statistics[own.ref] = ItemStatistics.load(own.file(STATISTICS_FILE))
    return made


def _fit(shared: tuple[str, Material, Artifact | None], version: str) -> Made:
    name, given, parent = shared
    return contender(name).fit(given, version, parent)


def slot_of(kind: str) -> str:
    """Where models of a kind play their roles; what is no model of the index has its own place."""
    module = MODELS.get(kind) or PREDICTORS.get(kind) or MEMORIES.get(kind)
    return kind if module is None else module.SLOT
