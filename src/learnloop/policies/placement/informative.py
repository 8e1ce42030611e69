"""Which item tells most about this learner? For any model that says how unsure it is.

An estimate gives P(right) = p with standard deviation s. On the logit scale the learner's standing
on the item has variance V = s^2 / (p (1 - p))^2 (delta method), and one answer carries the Fisher
information I = p (1 - p) about it. Their product

    I V = s^2 / (p (1 - p))

says how much is learnt: after the answer, the variance is about V / (1 + I V). It is also the share
of the answer's own variance that comes from not knowing the learner (total variance: p (1 - p) is
chance, plus s^2), so it is 0 for an item of which nothing can be learnt and never above 1.

Reference: MacKay (1992), Information-based objective functions for active data selection, Neural
Computation 4; Chaloner and Verdinelli (1995), Bayesian experimental design, Statistical Science 10.
"""

from typing import NamedTuple

import numpy as np

from learnloop.core.context import Context
from learnloop.core.items import ItemTable
from learnloop.core.types import Estimate, Evidence, Floats, Reason, Target

_SURE = 1e-6


class Telling(NamedTuple):
    """An item that tells much about the learner.

    Attributes:
        row: Of the catalog.
        information: Fisher information times prior variance, [0, 1].
        p_correct: What the model says now.
    """

    row: int
    information: float
    p_correct: float
    reasons: tuple[Reason, ...]


def expected_information(estimate: Estimate) -> Floats:
    """(n,) how much one answer to each item is expected to tell, [0, 1]."""
    p = np.clip(estimate.values, _SURE, 1.0 - _SURE)
    worth: Floats = np.clip(estimate.stddev**2 / (p * (1.0 - p)), 0.0, 1.0)
    return worth


def most_informative(context: Context) -> tuple[Telling, ...]:
    """The `context.n` candidates that tell most, best first; of equals the earlier in the catalog.

    Empty where no model says how the learner would do: nobody can say then what tells most.
    """
    estimate = context.estimates.get(Target.CORRECT)
    if estimate is None:
        return ()
    worth = expected_information(estimate)
    best = context.candidates[np.argsort(-worth[context.candidates], kind="stable")]
    return tuple(
        Telling(
            row,
            float(worth[row]),
            float(estimate.values[row]),
            (_reason(context.items, context.evidence, row, estimate),),
        )
        for row in best[: context.n].tolist()
    )


def _reason(items: ItemTable, evidence: Evidence, row: int, estimate: Estimate) -> Reason:
    real = items.skill_weights[row] > 0
    least = min((int(evidence.n_answers[s]) for s in items.item_skills[row, real]), default=None)
    n_answers = evidence.n_total if least is None else least
    p_correct = round(float(estimate.values[row]), 4)
    return Reason("informative", 1.0, {"p_correct": p_correct, "n_answers": n_answers})
