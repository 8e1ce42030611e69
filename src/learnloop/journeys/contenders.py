"""How is a model of the index fitted, read back from its files, and asked? Two kinds of module.

An *estimator* keeps what it knows of each learner and is fitted on answers (`models.ability`). A
*predictor* has no such state: it is fitted on rows of features, and is given the features of the
moment (`models.tracing.feature_net`). A *memory* is fitted on answers, and judged by those alone
that test memory (`models.memory`). Everything after this module treats them alike.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.artifact import Artifact
from learnloop.core.errors import DataError, InvalidInput
from learnloop.core.random import derive_rng
from learnloop.core.types import Floats, Ref
from learnloop.features.asof import matrix
from learnloop.features.definitions import FEATURES
from learnloop.features.fold import NAME as FEATURES_NAME
from learnloop.features.fold import FeatureFold
from learnloop.features.log import ItemBook
from learnloop.features.rows import FeatureRows
from learnloop.features.statistics import STATISTICS_FILE, ItemStatistics
from learnloop.journeys.fit import MIN_ANSWERS
from learnloop.journeys.material import Material
from learnloop.journeys.monitor.report import PREDICTION
from learnloop.models import ability
from learnloop.models.index import MEMORIES, MODELS, PREDICTORS
from learnloop.monitoring.baseline import Baseline, build
from learnloop.training.executor import Executor
from learnloop.training.feature_rows import ask
from learnloop.training.golden import MODEL_FILE, artifact_of_estimator
from learnloop.training.memory.asking import as_estimator, predict_reviews, review_rows
from learnloop.training.predict import Predictor, predict_rows
from learnloop.training.split import TEST_FOLD, fold_of
from learnloop.training.statistics_of_others import statistics_of_others
from learnloop.training.train_model.config import values_of

BLOCK: Final = 8192
"""Answers whose features are computed at once."""
NAMES: Final = tuple(feature.name for feature in FEATURES)


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
    _enough(given.past.training)
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


def _of_the_catalog(given: Material) -> tuple[Ref, Floats]:
    """Authored difficulties, nothing learnt."""
    model = ability.from_catalog(given.items, version=f"catalog-{given.items.version}")
    return model.ref, predict_rows(model, given.past.held_out)[given.past.judged]


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
        return _of_the_catalog(given)

    def fit(self, given: Material, version: str, parent: Artifact | None) -> Made:
        rng = derive_rng(given.seed, "retrain", self.name, given.past.sha256)
        model = self._module.fit(_enough(given.past.training), version=version, rng=rng)
        return Made(artifact_of_estimator(self.name, model, given.past.training, given.at))

    def ask(self, artifact: Artifact, given: Material) -> Floats:
        return self.predictor(artifact, given)(given.past.held_out)[given.past.judged]

    def predictor(self, artifact: Artifact, given: Material) -> Predictor:
        model = self._module.load(artifact.file(MODEL_FILE))
        return lambda log: predict_rows(model, log)

    def baseline(self, made: Made, given: Material, said: Floats) -> Baseline:
        return build((PREDICTION,), said[:, None], given.past.learner)


class OfFeatures:
    """A predictor, fitted on features."""

    of_features = True

    def __init__(self, module: Any) -> None:
        self.name, self.slot, self.margin = module.NAME, module.SLOT, module.MARGIN
        self.goes_on = module.GOES_ON
        self.about = str(module.__doc__).splitlines()[0]
        self._module = module

    def config(self) -> Mapping[str, Any]:
        found: dict[str, Any] = self._module.Config().model_dump(mode="json")
        return found

    def judging(self, given: Material) -> Material:
        return given

    def unfitted(self, given: Material) -> tuple[Ref, Floats]:
        return _of_the_catalog(given)

    def fit(self, given: Material, version: str, parent: Artifact | None) -> Made:
        log = _enough(given.past.training)
        if parent is None:
            of_folds = statistics_of_others(given.past.log)
        else:  # its weights were fitted on features with these statistics
            of_folds = (_statistics(parent, given),) * (TEST_FOLD + 1)
        statistics = of_folds[TEST_FOLD]
        rows = FeatureRows(
            FeatureFold(statistics).ref,
            NAMES,
            _features(log, given, lambda learner: of_folds[fold_of(learner) % len(of_folds)]),
            log.correct[log.correct != STUDY].astype(np.int64),
            log.learner[log.correct != STUDY],
        )
        seed = int(derive_rng(given.seed, "retrain", self.name, given.past.sha256).integers(2**31))
        artifact = self._module.fit(
            rows, FEATURES, version=version, seed=seed, created_at=given.at, parent=parent
        )
        return Made(artifact, (_kept(rows.ref, statistics, given.at),))

    def ask(self, artifact: Artifact, given: Material) -> Floats:
        statistics = _statistics(artifact, given)
        log, judged = given.past.held_out, given.past.judged
        x = _features(log, given, lambda learner: statistics)
        said: Floats = self._said(artifact, x)[judged[log.correct != STUDY]]
        return said

    def predictor(self, artifact: Artifact, given: Material) -> Predictor:
        return ask(self._module.load(artifact), _statistics(artifact, given))

    def baseline(self, made: Made, given: Material, said: Floats) -> Baseline:
        statistics, past = _statistics(made.artifact, given), given.past
        x = _features(past.held_out, given, lambda learner: statistics)
        x = x[past.judged[past.held_out.correct != STUDY]]
        both = np.column_stack([x.astype(np.float64), said])
        return build((*NAMES, PREDICTION), both, past.learner)

    def _said(self, artifact: Artifact, x: NDArray[Any]) -> Floats:
        model = self._module.load(artifact)
        (given,), (wanted,) = model.inputs, model.outputs
        blocks = [
            model.predict({given.name: x[i : i + BLOCK].astype(given.dtype)})[wanted.name]
            for i in range(0, len(x), BLOCK)
        ]
        return np.concatenate([np.empty(0), *blocks]).astype(np.float64)


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
        log = _enough(given.past.training)
        model = self._module.fit(log, version=version, skills=given.items.skills)
        return Made(artifact_of_estimator(self.name, as_estimator(model), log, given.at))

    def ask(self, artifact: Artifact, given: Material) -> Floats:
        return self.predictor(artifact, given)(given.past.held_out)[given.past.judged]

    def predictor(self, artifact: Artifact, given: Material) -> Predictor:
        model = self._module.load(artifact.file(MODEL_FILE))
        return lambda log: predict_reviews(model, log)

    def baseline(self, made: Made, given: Material, said: Floats) -> Baseline:
        return build((PREDICTION,), said[:, None], given.past.learner)


def _enough(log: AnswerLog) -> AnswerLog:
    n = int((log.correct != STUDY).sum())
    if n < MIN_ANSWERS:
        raise DataError(
            f"{n} answers of training learners are too few to fit from; {MIN_ANSWERS} are needed"
        )
    return log


def _statistics(artifact: Artifact, given: Material) -> ItemStatistics:
    ref = Ref.parse(str(artifact.manifest.features))
    found = given.statistics.get(ref)
    if found is None:
        raise DataError(f"{artifact.ref}: the item statistics of {ref} are not kept; fit it anew")
    return found


def _kept(ref: Ref, statistics: ItemStatistics, at: datetime) -> Artifact:
    n = float(len(statistics.items))
    files = {STATISTICS_FILE: statistics.export()}
    return Artifact.build(ref, FEATURES_NAME, at, files, metrics={"n_items": (n, n, n)})


def _features(
    log: AnswerLog, given: Material, statistics_of: Callable[[str], ItemStatistics]
) -> NDArray[np.float32]:
    """(n_answers, n_features) float32 before each answer of the log, as they are served."""
    assert given.events is not None
    answered = np.flatnonzero(log.correct != STUDY)
    out = np.empty((len(answered), len(NAMES)), dtype=np.float32)
    by_statistics: dict[int, list[int]] = {}
    known: dict[int, ItemStatistics] = {}
    for code, name in enumerate(log.learner_ids):
        statistics = statistics_of(name)
        known[id(statistics)] = statistics
        by_statistics.setdefault(id(statistics), []).append(code)
    for key, codes in by_statistics.items():
        book = ItemBook(given.items.items, known[key])
        for some in _chunks(log, codes):
            rows = np.flatnonzero(np.isin(log.learner[answered], some))
            names = [log.learner_ids[code] for code in some]
            events = given.events.filter(pl.col("learner_id").is_in(names))
            out[rows] = matrix(_questions(log, answered[rows]), events, book, FEATURES)
    return out


def _chunks(log: AnswerLog, codes: Iterable[int]) -> Iterable[list[int]]:
    """Learners, so many at a time that their features fit in memory."""
    n_rows = np.diff(log.starts)
    some: list[int] = []
    for code in codes:
        if some and n_rows[[*some, code]].sum() > BLOCK:
            yield some
            some = []
        some.append(code)
    if some:
        yield some


def _questions(log: AnswerLog, rows: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "learner_id": [log.learner_ids[code] for code in log.learner[rows].tolist()],
            "at_us": log.times[rows],
            "item_id": [log.item_ids[code] for code in log.item[rows].tolist()],
        }
    )
