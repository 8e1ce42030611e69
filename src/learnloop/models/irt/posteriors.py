"""Where may the learner of each answer be? Posteriors by row, in blocks of whole patterns."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from learnloop.core.types import Bools, Floats, Ints
from learnloop.models.irt.calibration import Calibration
from learnloop.models.irt.curves import values
from learnloop.models.irt.expectation import table_of
from learnloop.models.irt.responses import Responses

ROWS = 16_384


class Pass(NamedTuple):
    """Some answers, with their patterns' posteriors.

    Attributes:
        item: (rows,) item codes.
        correct: (rows,) was it right?
        learner: (rows,) number of the pattern inside this pass, from 0 on.
        weight: (rows,) how many learners answered so.
        posterior: (rows, q) of the pattern, weights adding up to 1.
    """

    item: Ints
    correct: Bools
    learner: Ints
    weight: Floats
    posterior: Floats


def posteriors(responses: Responses, found: Calibration) -> Floats:
    """(n_patterns, q) weights of abilities after all of a pattern's answers, adding up to 1."""
    log = table_of(responses).likelihoods(values(found.curves, found.theta)).astype(np.float64)
    log += np.log(found.weights)
    weights = np.exp(log - log.max(axis=1, keepdims=True))
    out: Floats = weights / weights.sum(axis=1, keepdims=True)
    return out


def passes(responses: Responses, found: Calibration) -> Iterator[Pass]:
    """All answers, some thousand at a time; a pattern is never torn apart."""
    all_of, starts = posteriors(responses, found), responses.starts
    lo = 0
    while lo < responses.n_patterns:
        hi = max(lo + 1, int(np.searchsorted(starts, starts[lo] + ROWS, side="right")) - 1)
        rows = slice(int(starts[lo]), int(starts[hi]))
        learner = np.repeat(np.arange(hi - lo), np.diff(starts[lo : hi + 1]))
        yield Pass(
            responses.item[rows],
            responses.correct[rows],
            learner,
            responses.weight[lo:hi][learner],
            all_of[lo:hi][learner],
        )
        lo = hi
