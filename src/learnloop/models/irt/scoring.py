"""How able is each learner, given calibrated items? The mean, the mode, or the likeliest ability.

    EAP: mean of the posterior; its standard deviation is the error
    MAP: mode of the posterior, by Fisher scoring; error (information + 1)^-1/2
    ML:  mode of the likelihood, inside [-BOUND, BOUND]; error information^-1/2

The likelihood of a learner who got all right, or all wrong, has no mode: ML then says the bound, so
every number is finite. EAP and MAP need no bound.

Reference: Bock and Mislevy (1982); Lord (1980), chapter 4.
"""

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from learnloop.core.bank import ItemBank
from learnloop.core.errors import DataError
from learnloop.core.types import Floats
from learnloop.models.irt.calibration import BOUND, Calibration
from learnloop.models.irt.posteriors import posteriors
from learnloop.models.irt.responses import Responses

STEPS, CLOSE = 60, 1e-8


class Method(StrEnum):
    """How a score is made of answers."""

    EAP = "eap"
    MAP = "map"
    ML = "ml"


class Scores(NamedTuple):
    """(n_learners,) each; NaN for a learner without answers."""

    theta: Floats
    error: Floats


def scores(
    responses: Responses, found: Calibration, bank: ItemBank, method: Method = Method.EAP
) -> Scores:
    """Score every learner.

    Args:
        responses: Their answers; item codes are rows of `bank`.
        found: The calibration, for its quadrature and curves.
        bank: The same curves as parameters.
        method: EAP shrinks least surely known learners most, and is the best guess; ML is free of
            the prior, and what groups are compared by.

    Raises:
        DataError: The bank has another number of items than the answers.
    """
    if len(bank) != responses.n_items:
        raise DataError(f"{len(bank)} items in the bank, {responses.n_items} in the answers")
    after = posteriors(responses, found)
    theta: Floats = after @ found.theta
    error = np.sqrt((after * (found.theta - theta[:, None]) ** 2).sum(axis=1))
    if method is not Method.EAP:
        return _dealt(responses, *_climbed(responses, bank, theta, float(method is Method.MAP)))
    return _dealt(responses, theta, error)


def _dealt(responses: Responses, theta: Floats, error: Floats) -> Scores:
    """Those of patterns, to their learners."""
    out = np.full((2, len(responses.pattern_of)), np.nan)
    known = responses.pattern_of >= 0
    out[:, known] = np.stack([theta, error])[:, responses.pattern_of[known]]
    return Scores(out[0], out[1])


def _climbed(
    responses: Responses, bank: ItemBank, theta: Floats, prior: float
) -> tuple[Floats, Floats]:
    """The mode from a start, all patterns at once; `prior` is the precision of N(0, 1) or 0."""
    pattern, item = responses.pattern, responses.item
    a, b, c = bank.discrimination[item], bank.difficulty[item], bank.guessing[item]
    n = responses.n_patterns
    information: Floats = np.ones(n)
    for _ in range(STEPS):
        s = 1.0 / (1.0 + np.exp(-np.clip(a * (theta[pattern] - b), -30.0, 30.0)))
        p = c + (1.0 - c) * s
        known = a * s / p
        slope = np.bincount(pattern, known * (responses.correct - p), n) - prior * theta
        information = np.bincount(pattern, known**2 * p * (1.0 - p), n).astype(np.float64)
        information += prior
        move = np.clip(slope / np.maximum(information, 1e-6), -1.0, 1.0)
        before, theta = theta, np.clip(theta + move, -BOUND, BOUND)
        if np.abs(theta - before).max() < CLOSE:
            break
    return theta, 1.0 / np.sqrt(np.maximum(information, 1e-6))
