"""What does an evaluation hand back? Frozen results, and the JSON that the command prints."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from learnloop.core.types import Floats
from learnloop.metrics import Bin, Interval
from learnloop.training.audit import Audit
from learnloop.training.dataset import Dataset
from learnloop.training.findings import Finding


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What a model said of the held-out answers.

    Attributes:
        model: The model's `Ref`, as text.
        data: What it was judged on.
        p: (n,) P(correct) of each answer of `data.test`, studied rows left out.
    """

    model: str
    data: Dataset
    p: Floats


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How one model did on one data set; `as_json` is what the command prints.

    Attributes:
        n: Held-out answers that were predicted.
        n_learners: Held-out learners with answers.
        n_partial: Partial scores of the whole data set that were counted as wrong.
        figures: `auc`, `log_loss`, `brier`, `accuracy`, `ece`, and `first5_auc`, `first5_ece` of
            each learner's first five answers; NaN where it can't be said.
        ece_calibrated_95: What the ECE of a perfectly calibrated model stays under, 95% of times.
        first5_ece_calibrated_95: The same of the first five answers.
        reliability: What was said and what happened, in 15 bins.
        audit: Whether the figures can be believed.
    """

    model: str
    data: str
    n: int
    n_learners: int
    n_partial: int
    figures: Mapping[str, Interval]
    ece_calibrated_95: float
    first5_ece_calibrated_95: float
    reliability: tuple[Bin, ...]
    audit: Audit

    def as_json(self) -> dict[str, Any]:
        """Plain values: the figures by name, their `intervals` beside them, null for NaN."""
        return {
            "model": self.model,
            "data": self.data,
            "protocol": "P1",
            "n": self.n,
            "n_learners": self.n_learners,
            "n_partial": self.n_partial,
            **{name: _known(figure.point) for name, figure in self.figures.items()},
            "ece_calibrated_95": _known(self.ece_calibrated_95),
            "first5_ece_calibrated_95": _known(self.first5_ece_calibrated_95),
            "intervals": {
                name: [_known(figure.low), _known(figure.high)]
                for name, figure in self.figures.items()
            },
            "reliability": [asdict(line) for line in self.reliability],
            "audit": {
                "passed": self.audit.passed,
                "findings": [_finding_json(f) for f in self.audit.findings],
            },
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same answers; every difference is `a` minus `b`.

    Attributes:
        differences: By the names of `Evaluation.figures`.
    """

    a: str
    b: str
    data: str
    n: int
    differences: Mapping[str, Interval]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "verdict": finding.verdict.value,
        "message": finding.message,
        "measured": {name: _known(value) for name, value in finding.measured.items()},
    }
