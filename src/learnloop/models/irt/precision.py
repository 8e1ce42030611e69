"""How sure are the fitted parameters? Standard errors from the learners' own scores.

    score_u = sum_q post_uq d ln P(answers of u | theta_q) / d(alpha, d, gamma)
    information = sum_u score_u score_u'  + that of the priors      covariance = its inverse

The scores of a learner touch the items that learner answered, so the matrix is that of all items
together. Up to `TOGETHER` numbers it is inverted whole; beyond, each item's own block is, which
leaves out what the other items' uncertainty adds (a few percent where learners answer many).
Errors of a and b follow by the delta method: da = a dalpha, db = -(dd + b a dalpha) / a.

Reference: Louis (1982), Finding the observed information matrix when using the EM algorithm, JRSS B
44(2); Paek and Cai (2014), A comparison of item parameter standard error estimation procedures,
Educational and Psychological Measurement 74(1).
"""

from typing import NamedTuple

import numpy as np

from learnloop.core.types import Floats
from learnloop.models.irt.calibration import Calibration
from learnloop.models.irt.curves import Curves, values
from learnloop.models.irt.maximization import add_priors
from learnloop.models.irt.posteriors import Pass, passes
from learnloop.models.irt.responses import Responses

TOGETHER = 600


class StandardErrors(NamedTuple):
    """Of n items, (n,) each; of a guessing that is not fitted, 0."""

    discrimination: Floats
    difficulty: Floats
    guessing: Floats


def standard_errors(
    responses: Responses, found: Calibration, *, shared: bool = False
) -> StandardErrors:
    """The standard errors of fitted curves.

    Args:
        responses: What they were fitted to.
        shared: One discrimination for all items.
    """
    k, n = found.curves.stacked().shape
    if k * n <= TOGETHER:
        covariance = _together(responses, found, shared=shared)
    else:
        covariance = _each(responses, found, shared=shared)
    return _of_parameters(found.curves, covariance)


def _scores(part: Pass, found: Calibration) -> Floats:
    """(k, rows) each answer's slopes, abilities integrated out."""
    at, curves = values(found.curves, found.theta), found.curves
    item = part.item
    p, wrong = at.p[item], at.wrong[item]
    residual = np.where(part.correct[:, None], 1.0 / p, -1.0 / wrong) * part.posterior
    open_ = 1.0 - curves.guessing
    dz = (open_[:, None] * at.s * at.unknown)[item]
    per_z = residual * dz
    out = [curves.discrimination[item] * (per_z @ found.theta), per_z.sum(axis=1)]
    if curves.gamma is not None:
        dc = (open_ * curves.guessing)[:, None] * at.unknown
        out.append((residual * dc[item]).sum(axis=1))
    return np.stack(out)


def _each(responses: Responses, found: Calibration, *, shared: bool) -> Floats:
    """(n, k, k) the inverse of each item's own block; a shared alpha has one for all."""
    k, n = found.curves.stacked().shape
    h = np.zeros((k, k, n))
    for part in passes(responses, found):
        scores = _scores(part, found)
        for i in range(k):
            for j in range(i + 1):
                products = scores[i] * scores[j] * part.weight
                h[i, j] += np.bincount(part.item, products, n)
                h[j, i] = h[i, j]
    add_priors(np.zeros((k, n)), h, found.curves, found.priors, shared=shared)
    blocks = h.transpose(2, 0, 1)
    if not shared:
        return _inverse(blocks)
    out = np.zeros((n, k, k))
    out[:, 1:, 1:] = _inverse(blocks[:, 1:, 1:])
    explained = np.einsum("ni,nij,nj->n", blocks[:, 0, 1:], out[:, 1:, 1:], blocks[:, 0, 1:])
    out[:, 0, 0] = 1.0 / (blocks[:, 0, 0] - explained).sum()
    return out


def _together(responses: Responses, found: Calibration, *, shared: bool) -> Floats:
    """(n, k, k) the items' blocks of the inverse of the whole."""
    k, n = found.curves.stacked().shape
    whole = np.zeros((k * n, k * n))
    for part in passes(responses, found):
        n_here = int(part.learner[-1]) + 1
        dense = np.zeros((n_here, k * n))
        for i, row in enumerate(_scores(part, found)):
            dense[part.learner, i * n + part.item] = row * np.sqrt(part.weight)
        whole += dense.T @ dense
    own = np.zeros((k, k, n))
    add_priors(np.zeros((k, n)), own, found.curves, found.priors, shared=shared)
    whole.reshape(k, n, k, n)[:, np.arange(n), :, np.arange(n)] += own.transpose(2, 0, 1)
    inverse = _with_one_alpha(whole, n) if shared else _inverse(whole)
    blocks: Floats = inverse.reshape(k, n, k, n)[:, np.arange(n), :, np.arange(n)]
    return blocks


def _inverse(matrix: Floats) -> Floats:
    return np.linalg.inv(matrix).astype(np.float64)


def _with_one_alpha(whole: Floats, n: int) -> Floats:
    """The inverse where the first n numbers are one: summed up, inverted, dealt out again."""
    one = np.zeros((len(whole), len(whole) - n + 1))
    one[:n, 0] = 1.0
    one[n:, 1:] = np.eye(len(whole) - n)
    inverse: Floats = one @ _inverse(one.T @ whole @ one) @ one.T
    return inverse


def _of_parameters(curves: Curves, covariance: Floats) -> StandardErrors:
    a, b = curves.discrimination, curves.difficulty
    by_b = np.zeros((len(a), covariance.shape[1]))
    by_b[:, 0], by_b[:, 1] = -b, -1.0 / a
    of_b = np.einsum("nk,nkl,nl->n", by_b, covariance, by_b)
    c = curves.guessing
    of_c = covariance[:, 2, 2] if curves.gamma is not None else np.zeros_like(c)
    return StandardErrors(
        a * np.sqrt(covariance[:, 0, 0]), np.sqrt(of_b), c * (1.0 - c) * np.sqrt(of_c)
    )
