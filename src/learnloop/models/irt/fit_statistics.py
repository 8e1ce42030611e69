"""Do the items behave as the model says? Residuals of answers predicted from all others.

    p_ui = P(answer of u to i | u's other answers) = 1 / sum_q post_uq / P(answer | theta_q)

for dividing by the answer's own likelihood takes it out of the posterior. So an answer is judged by
what it had no part in, whatever is missing, and under the model each residual has mean 0 and
variance p (1 - p):

    outfit = mean (x - p)^2 / p (1 - p)         1 where the model holds; > 1 noise, < 1 redundant
    infit = sum (x - p)^2 / sum p (1 - p)       the same, less moved by lucky strikes far off
    chi^2 = sum_g (sum (x - p))^2 / sum p (1 - p)     over groups of learners of like ability

the last with (groups - fitted numbers) degrees of freedom.

Reference: Wright and Masters (1982), Rating scale analysis; Yen (1981), Using simulation results to
choose a latent trait model, Applied Psychological Measurement 5(2); Orlando and Thissen (2000),
Likelihood-based item-fit indices for dichotomous item response theory models, ibid. 24(1).
"""

from math import erfc, exp, isnan, pi, sqrt
from typing import NamedTuple

import numpy as np

from learnloop.core.types import Floats, Ints
from learnloop.models.irt.calibration import Calibration
from learnloop.models.irt.curves import values
from learnloop.models.irt.posteriors import Pass, passes
from learnloop.models.irt.responses import Responses

GROUPS = 10
LEAST = 50  # answers of an item from which its chi-square is worked out


class ItemFit(NamedTuple):
    """Of n items, (n,) each; NaN where there are no answers, or too few.

    Attributes:
        infit: Mean square weighted by information.
        outfit: Mean square.
        chi_square: Of groups by ability.
        p_value: The chance of a larger one where the model holds.
        freedom: Its degrees of freedom.
    """

    infit: Floats
    outfit: Floats
    chi_square: Floats
    p_value: Floats
    freedom: int


def item_fit(responses: Responses, found: Calibration) -> ItemFit:
    """How well each item fits; `freedom` counts the numbers fitted for an item."""
    item, n = responses.item, responses.n_items
    weight = np.repeat(responses.weight, responses.lengths)
    p, ability = np.hstack([_of_the_others(part, found) for part in passes(responses, found)])
    residual, variance = responses.correct - p, p * (1.0 - p)

    def total(x: Floats) -> Floats:
        return np.bincount(item, x * weight, n).astype(np.float64)

    with np.errstate(invalid="ignore"):
        infit = total(residual**2) / total(variance)
        outfit = total(residual**2 / variance) / total(np.ones_like(p))
    group = _groups(item, ability, n)
    cell = item * GROUPS + group
    off = np.bincount(cell, residual * weight, n * GROUPS).reshape(n, GROUPS)
    of = np.bincount(cell, variance * weight, n * GROUPS).reshape(n, GROUPS)
    chi_square = (off**2 / np.maximum(of, 1e-12)).sum(axis=1)
    chi_square[total(np.ones_like(p)) < LEAST] = np.nan
    freedom = GROUPS - len(found.curves.stacked())
    p_value = np.array([chi_square_tail(x, freedom) for x in chi_square.tolist()])
    return ItemFit(infit, outfit, chi_square, p_value, freedom)


def chi_square_tail(x: float, freedom: int) -> float:
    """P(a chi-square of `freedom` degrees is larger than x); NaN for NaN."""
    if isnan(x):
        return x
    half = x / 2.0
    term, total = exp(-half), 0.0
    if freedom % 2:
        total, term, first = erfc(sqrt(half)), term * sqrt(half) * 2.0 / sqrt(pi), 1.5
    else:
        first = 1.0
    for i in range(freedom // 2):
        total += term
        term *= half / (first + i)
    return min(total, 1.0)


def _of_the_others(part: Pass, found: Calibration) -> tuple[Floats, Floats]:
    """(rows,) P(right | the learner's other answers), and the ability that those say."""
    at = values(found.curves, found.theta)
    right = part.correct[:, None]
    without = part.posterior / np.where(right, at.p[part.item], at.wrong[part.item])
    total = without.sum(axis=1)
    p = np.clip(1.0 / total, 1e-9, 1.0 - 1e-9)
    return np.where(part.correct, p, 1.0 - p), without @ found.theta / total


def _groups(item: Ints, ability: Floats, n_items: int) -> Ints:
    """(n,) the tenth of its item's answers, by ability, that each answer is in."""
    order = np.lexsort((ability, item))
    counts = np.bincount(item, minlength=n_items)
    rank = np.arange(len(item)) - np.repeat(np.cumsum(counts) - counts, counts)
    out = np.empty(len(item), np.int64)
    out[order] = rank * GROUPS // np.repeat(counts, counts)
    return out
