"""Can the figures be believed? The leakage audit: every check of the data and of the prediction.

An evaluation runs it by itself. `audit_data` needs no model; `audit_prediction` takes any function
from a log to chances, so the fast batch twin of a model is checked in the same way as the model.
Which leaks are looked for, and how, is in `leaks_in_data.py` and `leaks_in_prediction.py`.

Reference: Kapoor and Narayanan (2023), "Leakage and the reproducibility crisis in
machine-learning-based science", Patterns 4.
"""

from dataclasses import dataclass

import numpy as np

from learnloop.training.dataset import Dataset
from learnloop.training.findings import Finding, Verdict
from learnloop.training.leaks_in_data import action_log, end_times, expanded_rows
from learnloop.training.leaks_in_prediction import prediction_findings
from learnloop.training.predict import Predictor


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
