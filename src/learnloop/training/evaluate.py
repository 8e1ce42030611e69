"""How good is a model on learners it never saw? Protocol P1, one call, one result.

Fit on the training learners, predict every answer of the held-out ones from that learner's earlier
rows (`predict.py`), and report AUC, log loss, Brier, accuracy and ECE on all answers and AUC and
ECE on each learner's first five, with 95% intervals from a bootstrap by learner, the ECE that a
perfectly calibrated model would stay under, and the leakage audit. docs/evaluation.md has it all.
"""

from typing import TypeVar

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.protocols import Estimator
from learnloop.core.types import Bools, Floats, Ints
from learnloop.metrics import Interval, Resampled, ece_null_quantile, reliability, resample
from learnloop.metrics.bootstrap import METRICS
from learnloop.training.audit import Audit, audit_data, audit_prediction
from learnloop.training.dataset import Dataset
from learnloop.training.evaluation import Comparison, Evaluation, Scored
from learnloop.training.predict import Predictor, predict_rows

S = TypeVar("S")
N_FIRST = 5
FIRST_METRICS = ("auc", "ece")


def evaluate(
    data: Dataset, estimator: Estimator[S], rng: np.random.Generator, n_resamples: int = 1000
) -> Evaluation:
    """Judge a model that was fitted on `data.train` (or on other learners altogether).

    Args:
        data: Its held-out learners are predicted.
        estimator: The fitted model.
        rng: Draws the resamples, the calibrated answers and the audit's plants.
        n_resamples: How many resamples of the learners make the intervals.

    Raises:
        DataError: There is no held-out answer, or the model gives something that is no chance.
    """

    def predict(log: AnswerLog) -> Floats:
        return predict_rows(estimator, log)

    scored = score(data, str(estimator.ref), predict)
    return judge(scored, audit(data, predict, rng), rng, n_resamples)


def audit(data: Dataset, predict: Predictor, rng: np.random.Generator) -> Audit:
    """Every check of the data and of a way of predicting."""
    rows, prediction = audit_data(data), audit_prediction(predict, data, rng)
    return Audit(rows.findings + prediction.findings)


def score(data: Dataset, model: str, predict: Predictor) -> Scored:
    """Let a model predict the held-out answers.

    Args:
        data: Its held-out learners are predicted.
        model: The model's `Ref`, as text.
        predict: From a log to P(correct) of each row, as `predict_rows` gives.

    Raises:
        DataError: There is no held-out answer.
    """
    test = data.test
    answered = test.correct != STUDY
    if not answered.any():
        raise DataError(f"{data.name}: the held-out learners have no answers to predict")
    return Scored(model, data, predict(test)[answered])


def judge(
    scored: Scored, found: Audit, rng: np.random.Generator, n_resamples: int = 1000
) -> Evaluation:
    """Turn what a model said into figures with intervals.

    Args:
        scored: What it said.
        found: The audit to hand on.
        rng: Draws the resamples and the calibrated answers.
        n_resamples: How many resamples of the learners.
    """
    learner, correct = answers(scored.data.test)
    first = first_rows(learner)
    every, early = resampled([scored], rng, n_resamples)
    return Evaluation(
        model=scored.model,
        data=scored.data.name,
        n=len(correct),
        n_learners=len(np.unique(learner)),
        n_partial=scored.data.n_partial,
        figures={
            **{m: every.interval(m) for m in METRICS},
            **{f"first{N_FIRST}_{m}": early.interval(m) for m in FIRST_METRICS},
        },
        ece_calibrated_95=ece_null_quantile(scored.p, rng),
        first5_ece_calibrated_95=ece_null_quantile(scored.p[first], rng),
        reliability=reliability(correct, scored.p),
        audit=found,
    )


def compare(a: Scored, b: Scored, rng: np.random.Generator, n_resamples: int = 1000) -> Comparison:
    """The difference of two models on the same answers, paired by learner.

    Raises:
        DataError: They were not judged on the same data set.
    """
    if a.data is not b.data:
        raise DataError(f"{a.model} and {b.model} predicted different data sets; score both on one")
    every, early = resampled([a, b], rng, n_resamples)
    differences: dict[str, Interval] = {m: every.difference(m) for m in METRICS}
    differences |= {f"first{N_FIRST}_{m}": early.difference(m) for m in FIRST_METRICS}
    return Comparison(a.model, b.model, a.data.name, len(a.p), differences)


def resampled(
    scored: list[Scored], rng: np.random.Generator, n_resamples: int
) -> tuple[Resampled, Resampled]:
    """Resamples of all answers, and of each learner's first ones."""
    learner, correct = answers(scored[0].data.test)
    first = first_rows(learner)
    said = [s.p for s in scored]
    every = resample(correct, said, learner, rng, n_resamples)
    early = resample(correct[first], [p[first] for p in said], learner[first], rng, n_resamples)
    return every, early


def answers(test: AnswerLog) -> tuple[Ints, Ints]:
    """Learner and 0 or 1 of each answer, studied rows left out."""
    answered = test.correct != STUDY
    return test.learner[answered], test.correct[answered].astype(np.int64)


def first_rows(learner: Ints) -> Bools:
    """(n,) whether the row is among the first five answers of its learner."""
    nth: Ints = np.arange(len(learner)) - np.searchsorted(learner, learner)
    return nth < N_FIRST
