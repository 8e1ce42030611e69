"""Which model is best on a data set, and by how much? Protocol P1 for many models at once.

Every model is fitted on the training learners and predicts each answer of the others from that
learner's earlier rows. All are measured on the same resamples of the learners, so a difference is
paired: what is hard for both cancels. CPU seconds are those of this process, all threads.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from learnloop.core.answers import STUDY
from learnloop.core.errors import DataError, InvalidInput
from learnloop.core.types import Floats
from learnloop.metrics import Bin, Interval, Resampled, ece_null_quantile, reliability
from learnloop.metrics.bootstrap import METRICS
from learnloop.training.benchmark.shapes import Stretch, by_history
from learnloop.training.dataset import Dataset
from learnloop.training.evaluate import FIRST_METRICS, N_FIRST, answers, first_rows, resampled
from learnloop.training.evaluate import score as scored_by
from learnloop.training.evaluation import Scored
from learnloop.training.fits import fitted_on

Told = Callable[[str], None]
FIRST = tuple(f"first{N_FIRST}_{metric}" for metric in FIRST_METRICS)


@dataclass(frozen=True, slots=True, eq=False)
class Entrant:
    """A model that took part.

    Attributes:
        name: What it is called in the table.
        scored: What it said.
        fit_cpu_s: CPU seconds of the fit; NaN where it was made elsewhere.
        predict_cpu_s: CPU seconds of predicting the held-out learners, answer by answer.
    """

    name: str
    scored: Scored
    fit_cpu_s: float = math.nan
    predict_cpu_s: float = math.nan


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """How one model did.

    Attributes:
        figures: `auc`, `log_loss`, `brier`, `accuracy`, `ece`, `first5_auc`, `first5_ece`.
        above: The same less those of the reference, paired by learner.
        ece_calibrated_95: What the ECE of a perfectly calibrated model stays under.
        first5_ece_calibrated_95: The same of the first five answers.
        reliability: What was said and what happened, in 15 bins.
        by_history: AUC by how many answers went before.
    """

    entrant: Entrant
    figures: Mapping[str, Interval]
    above: Mapping[str, Interval]
    ece_calibrated_95: float
    first5_ece_calibrated_95: float
    reliability: tuple[Bin, ...]
    by_history: tuple[Stretch, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values; null for what can't be said."""
        return {
            "model": self.entrant.scored.model,
            **{name: _known(x.point) for name, x in self.figures.items()},
            "ece_calibrated_95": _known(self.ece_calibrated_95),
            "first5_ece_calibrated_95": _known(self.first5_ece_calibrated_95),
            "fit_cpu_s": _known(self.entrant.fit_cpu_s),
            "predict_cpu_s": _known(self.entrant.predict_cpu_s),
            "intervals": {n: [_known(x.low), _known(x.high)] for n, x in self.figures.items()},
            "above_reference": {n: [_known(v) for v in x] for n, x in self.above.items()},
            "reliability": [asdict(line) for line in self.reliability],
            "by_history": [
                {"first": x.first, "last": x.last, "n": x.n, "auc": _known(x.auc)}
                for x in self.by_history
            ],
        }


@dataclass(frozen=True, slots=True, eq=False)
class League:
    """All models on one data set, best AUC first.

    Attributes:
        reference: The name of the model that the others are compared with.
    """

    data: Dataset
    reference: str
    n: int
    n_learners: int
    standings: tuple[Standing, ...]

    def as_json(self) -> dict[str, Any]:
        """What `learnloop benchmark kt --json` prints."""
        return {
            "data": self.data.name,
            "protocol": "P1",
            "n": self.n,
            "n_learners": self.n_learners,
            "reference": self.reference,
            "models": {s.entrant.name: s.as_json() for s in self.standings},
        }


def enter(name: str, data: Dataset) -> Entrant:
    """Fit a model of that name and let it predict.

    Raises:
        InvalidInput: There is no such model.
        DataError: There is nothing to learn from, or to predict.
    """
    began = time.process_time()
    ref, predict = fitted_on(name, data)
    fitted = time.process_time()
    scored = scored_by(data, ref, predict)
    return Entrant(name, scored, fitted - began, time.process_time() - fitted)


def guest(name: str, data: Dataset, file: Path) -> Entrant:
    """A model that was fitted elsewhere: its chances, one number a line for each held-out answer.

    Args:
        name: What to call it.
        data: What it was asked about; studied rows have no line.
        file: The answers of `data.test`, by learner and time.

    Raises:
        DataError: The file is no such list.
    """
    try:
        p = np.loadtxt(file, dtype=np.float64, ndmin=1)
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: not a list of numbers, one a line: {error}") from None
    n = int((data.test.correct != STUDY).sum())
    if p.shape != (n,):
        raise DataError(f"{file}: {len(p)} lines; {data.name} has {n} held-out answers")
    if not ((p >= 0) & (p <= 1)).all():
        line = int(np.argmax(~((p >= 0) & (p <= 1)))) + 1
        raise DataError(f"{file}:{line}: {p[line - 1]} is no chance between 0 and 1")
    return Entrant(name, Scored(name, data, p))


def rank(
    entrants: Sequence[Entrant],
    reference: str,
    rng: np.random.Generator,
    n_resamples: int = 1000,
    told: Told = lambda what: None,
) -> League:
    """Set the models beside each other.

    Args:
        entrants: All judged on one data set.
        reference: The name of the one that the others are compared with.
        rng: Draws the resamples and the calibrated answers.
        n_resamples: How many resamples of the learners make the intervals.
        told: What is being done.

    Raises:
        InvalidInput: The reference did not take part.
    """
    names = [entrant.name for entrant in entrants]
    if reference not in names:
        raise InvalidInput(
            f"reference: {reference!r} takes no part; there are {', '.join(names)}",
            field="reference",
        )
    data = entrants[0].scored.data
    told("drawing learners")
    every, early = resampled([entrant.scored for entrant in entrants], rng, n_resamples)
    learner, correct = answers(data.test)
    base = names.index(reference)
    standings = [
        _standing(entrant, nth, base, every, early, rng) for nth, entrant in enumerate(entrants)
    ]
    standings.sort(key=lambda s: -s.figures["auc"].point)
    return League(data, reference, len(correct), len(np.unique(learner)), tuple(standings))


def _standing(
    entrant: Entrant,
    nth: int,
    base: int,
    every: Resampled,
    early: Resampled,
    rng: np.random.Generator,
) -> Standing:
    learner, correct = answers(entrant.scored.data.test)
    p: Floats = entrant.scored.p
    pairs = [(metric, every, metric) for metric in METRICS]
    pairs += [(name, early, metric) for name, metric in zip(FIRST, FIRST_METRICS, strict=True)]
    return Standing(
        entrant,
        {name: drawn.interval(metric, nth) for name, drawn, metric in pairs},
        {name: drawn.difference(metric, nth, base) for name, drawn, metric in pairs},
        ece_null_quantile(p, rng),
        ece_null_quantile(p[first_rows(learner)], rng),
        reliability(correct, p),
        by_history(learner, correct, p),
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
