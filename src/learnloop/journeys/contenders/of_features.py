"""How is a predictor fitted, and asked? From the features before each answer, as when it serves."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.artifact import Artifact
from learnloop.core.errors import DataError
from learnloop.core.random import derive_rng
from learnloop.core.types import Floats, Ref
from learnloop.features.asof import matrix
from learnloop.features.definitions import FEATURES
from learnloop.features.fold import NAME as FEATURES_NAME
from learnloop.features.fold import FeatureFold
from learnloop.features.log import ItemBook
from learnloop.features.rows import FeatureRows
from learnloop.features.statistics import STATISTICS_FILE, ItemStatistics
from learnloop.journeys.contenders.protocol import Made, enough, of_the_catalog
from learnloop.journeys.material import Material
from learnloop.journeys.monitor.report import PREDICTION
from learnloop.monitoring.baseline import Baseline, build
from learnloop.training.feature_rows import ask
from learnloop.training.predict import Predictor
from learnloop.training.split import TEST_FOLD, fold_of
from learnloop.training.statistics_of_others import statistics_of_others

BLOCK: Final = 8192
"""Answers whose features are computed at once."""
NAMES: Final = tuple(feature.name for feature in FEATURES)


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
        return of_the_catalog(given)

    def fit(self, given: Material, version: str, parent: Artifact | None) -> Made:
        log = enough(given.past.training)
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
