"""Can the figures be believed? The leakage audit: every check of the data and of the prediction.

An evaluation runs it by itself. `audit_data` needs no model; `audit_prediction` takes any function
from a log to chances, so the fast batch twin of a model is checked in the same way as the model.
`audit_features` takes any function from questions and a log to vectors, and `audit_set` the rows of
a training set. Which leaks are looked for, and how, is in `leaks_in_data.py`,
`leaks_in_prediction.py` and `leaks_in_features.py`.

Reference: Kapoor and Narayanan (2023), "Leakage and the reproducibility crisis in
machine-learning-based science", Patterns 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from learnloop.features.asof import KnownBy
from learnloop.training.dataset import Dataset
from learnloop.training.findings import Finding, Verdict
from learnloop.training.leaks_in_data import action_log, end_times, expanded_rows
from learnloop.training.leaks_in_features import (
    Compute,
    label_in_features,
    learner_on_both_sides,
    planted_findings,
)
from learnloop.training.leaks_in_prediction import prediction_findings
from learnloop.training.predict import Predictor
from learnloop.training.sides import Sides


@dataclass(frozen=True, slots=True)
class Audit:
    """What all checks found.

    Attributes:
        findings: One for each check.
    """

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed; an unknown is no failure, but is worth reading."""
        return not self.failures

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The checks that failed."""
        return tuple(f for f in self.findings if f.verdict is Verdict.FAILED)


def audit_data(data: Dataset) -> Audit:
    """Check the rows of a data set, of all its learners."""
    return Audit((expanded_rows(data), action_log(data), end_times(data)))


def audit_prediction(predict: Predictor, data: Dataset, rng: np.random.Generator) -> Audit:
    """Check a way of predicting, on held-out learners.

    Args:
        predict: From a log to P(correct) of each row, NaN on studied rows.
        data: Its held-out learners are used.
        rng: Draws what is planted.
    """
    return Audit(prediction_findings(predict, data.test, rng))


def audit_features(
    compute: Compute,
    names: Sequence[str],
    questions: pl.DataFrame,
    log: pl.DataFrame,
    rng: np.random.Generator,
    *,
    known_by: KnownBy = "occurred",
) -> Audit:
    """Check a way of computing features.

    Args:
        compute: From questions and a log to (m, n) vectors.
        names: (n,) what a vector holds.
        questions: `learner_id`, `at_us`, and what else `compute` asks for.
        log: A frame of `features.log.COLUMNS`, in the order of `features.log.ORDER`.
        rng: Draws what is planted.
        known_by: Whether events count from when they occurred or from when they were received.
    """
    return Audit(planted_findings(compute, names, questions, log, rng, known_by))


def audit_set(rows: pl.DataFrame, names: Sequence[str], label: str, sides: Sides) -> Audit:
    """Check the rows of a training set and its split.

    Args:
        rows: `learner_id`, the label, and the features.
        names: The features.
        label: The column to be predicted.
        sides: Which rows are learnt from, and which are judged.
    """
    return Audit((learner_on_both_sides(rows, sides), label_in_features(rows, names, label)))
