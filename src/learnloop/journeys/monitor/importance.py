"""Which features moved a model's answers in a period, and is that what it was at first?

Asked of models of features, whose rows are in the prediction log. Up to 150 rows of a period, of as
many learners as there are, are explained by Shapley values. They are compared with the rows of the
first period that had rows of 50 learners; those are kept with its figures, for the rows of the log
go after a time. All periods of a model are explained beside the same rows and in the same orders of
features, so what is left between two of them is the learners.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import structlog

from learnloop.core.artifact import Manifest
from learnloop.core.errors import ArtifactError
from learnloop.core.jobs import Json
from learnloop.core.protocols import Predictor, Transaction
from learnloop.core.random import derive_rng
from learnloop.core.types import Floats, Ints, Ref
from learnloop.journeys.registry import artifact_of
from learnloop.journeys.serving import load_predictor
from learnloop.monitoring.drift import MIN_LEARNERS, Answer
from learnloop.monitoring.importance import Predict, explain, importance, importance_drift

N_ROWS: Final = 150
"""Rows of a period that are explained."""
N_PAIRS: Final = 10
"""Orders of the features, each with its reverse; as many rows are the background."""
N_SHOWN: Final = 5
"""Features that are told of although they did not drift."""
ALPHA: Final = 0.05
"""P(any feature of a period is named | nothing has changed)."""

_log = structlog.get_logger("learnloop.monitor")


@dataclass(frozen=True, slots=True)
class Importance:
    """How much one feature moved the answers of a period.

    Attributes:
        value: Mean of what it changed in an answer, up or down; each learner counted once.
        before: The same in the first period; None in that period, and while there is none.
        p_value: P(any feature changes so much | nothing changed); None where not enough is known.
        answer: Whether it drifted.
    """

    name: str
    value: float
    before: float | None = None
    p_value: float | None = None

    @property
    def answer(self) -> Answer:
        if self.p_value is None:
            return Answer.NOT_ENOUGH
        return Answer.DRIFTED if self.p_value <= ALPHA else Answer.SAME

    def plain(self) -> Json:
        """As JSON has it."""
        own = {"name": self.name, "value": self.value, "before": self.before}
        return {**own, "p_value": self.p_value, "answer": self.answer.value}


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows that a model was asked with.

    Attributes:
        names: Of the columns.
        x: (n, n_names) float32; NaN where unknown.
        learner: (n,) codes.
    """

    names: tuple[str, ...]
    x: Floats
    learner: Ints

    def __len__(self) -> int:
        return len(self.x)

    @property
    def n_learners(self) -> int:
        """How many they are of."""
        return len(np.unique(self.learner))

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Self:
        """The rows of `plain`.

        Raises:
            ArtifactError: They are not such rows.
        """
        try:
            names, learner = tuple(plain["names"]), np.array(plain["learner"], dtype=np.int64)
            x = np.frombuffer(base64.b64decode(plain["x"], validate=True), dtype="<f4")
            rows = x.astype(np.float64).reshape(len(learner), len(names))
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"the kept rows of a first period are corrupt: {error}") from None
        return cls(names, rows, learner)

    def plain(self) -> Json:
        """As JSON has it; `of_plain` is the inverse."""
        own = base64.b64encode(self.x.astype("<f4").tobytes()).decode()
        _, codes = np.unique(self.learner, return_inverse=True)
        return {"names": list(self.names), "x": own, "learner": codes.tolist()}


def sample(
    names: tuple[str, ...], x: Floats, learner: Ints, rng: np.random.Generator, n_rows: int = N_ROWS
) -> Sample:
    """A part of some rows: one row of each learner, then a second one of each, ..."""
    order = rng.permutation(len(x))
    by_learner = order[np.argsort(learner[order], kind="stable")]
    who = learner[by_learner]
    begins = np.searchsorted(who, who)
    turn = np.empty(len(x), dtype=np.int64)
    turn[by_learner] = np.arange(len(x)) - begins
    chosen = order[np.argsort(turn[order], kind="stable")][:n_rows]
    return Sample(names, x[chosen], learner[chosen])


def of_plain(plain: Iterable[Mapping[str, Any]]) -> tuple[Importance, ...]:
    """The importances of `Importance.plain`."""
    names = ("name", "value", "before", "p_value")
    return tuple(Importance(*(x[name] for name in names)) for x in plain)


class Explainer:
    """Explains a model's periods, all beside the rows of the first.

    Args:
        predict: (n, d) rows to (n,) answers.
        first: Of the period that the others are compared with.
        seed: Of the orders.
    """

    def __init__(self, predict: Predict, first: Sample, seed: int) -> None:
        self.first = first
        self._predict = predict
        self._seed = seed

    @cached_property
    def _first(self) -> Floats:
        return self._values(self.first.x)

    def of_first(self) -> tuple[Importance, ...]:
        """The importances of the first period."""
        return _only_now(self.first, self._first)

    def of_later(self, now: Sample, rng: np.random.Generator) -> tuple[Importance, ...]:
        """The importances of another period, and whether they are what they were.

        Args:
            now: Its rows, with the same columns.
            rng: Deals the learners.
        """
        if not len(now):
            return ()
        values = self._values(now.x)
        if now.n_learners < MIN_LEARNERS:
            return _only_now(now, values)
        shifts = importance_drift(self._first, self.first.learner, values, now.learner, rng)
        return _sorted(
            Importance(name, shift.now, shift.before, shift.p_value)
            for name, shift in zip(now.names, shifts, strict=True)
        )

    def _values(self, x: Floats) -> Floats:
        rng = derive_rng(self._seed, "orders of features")
        return explain(self._predict, x, self.first.x, rng, N_PAIRS).values


def _only_now(rows: Sample, values: Floats) -> tuple[Importance, ...]:
    means = importance(values, rows.learner).tolist()
    return _sorted(Importance(name, mean) for name, mean in zip(rows.names, means, strict=True))


def _sorted(found: Iterable[Importance]) -> tuple[Importance, ...]:
    """The most important first."""
    return tuple(sorted(found, key=lambda one: -one.value))


def shown(found: Iterable[Importance]) -> list[Importance]:
    """The most important features, and those that drifted."""
    return [x for i, x in enumerate(found) if i < N_SHOWN or x.answer is Answer.DRIFTED]


def asked(found: Iterable[Importance]) -> bool:
    """Whether there was enough to compare."""
    return any(x.answer is not Answer.NOT_ENOUGH for x in found)


def predict_of(tx: Transaction, ref: Ref, width: int) -> Predict | None:
    """How a model of so many features answers rows; None where it is no such model, or is gone."""
    record = tx.models.get(ref)
    try:
        if record is None or not _fits(Manifest.decode(record.manifest), width):
            return None
        return _rows_in(load_predictor(artifact_of(tx, ref)))
    except ArtifactError as error:
        _log.warning("model_not_explained", model=str(ref), detail=error.message)
        return None


def _rows_in(predictor: Predictor) -> Predict:
    taken, given = predictor.inputs[0], predictor.outputs[0]

    def predict(x: Floats) -> Floats:
        said = predictor.predict({taken.name: x.astype(taken.dtype)})[given.name]
        return said.astype(np.float64).reshape(len(x))

    return predict


def _fits(manifest: Manifest, width: int) -> bool:
    """One table of features in, one number for each row out."""
    taken, given = ([spec.shape for spec in own] for own in (manifest.inputs, manifest.outputs))
    return taken == [(None, width)] and given in ([(None,)], [(None, 1)])
