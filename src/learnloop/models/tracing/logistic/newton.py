"""Which weights are the most likely ones? Penalised logistic regression on a sparse design.

    maximise  sum of log P(answer)  -  sum of penalty weight^2 / 2

by Newton steps. A row has one item, so the items' weights are solved for exactly, given the rest;
the rest by conjugate gradients, only until a tenth of the residual is left. They
start from a solution that is exact but for rows with several skills: skills meet each other in the
shared weights alone, so one small system is left when every skill's own weights are solved for.

Reference: Nocedal and Wright (2006), Numerical optimization, section 7.1; the arrow-shaped system
as in Boyd and Vandenberghe (2004), Convex optimization, appendix C.4.
"""

from collections.abc import Callable

import numpy as np

from learnloop.core.types import Floats
from learnloop.models.tracing.logistic.sparse import Design, Runs

NEWTON_STEPS = 50
CG_STEPS = 200
TOLERANCE = 1e-2  # of twice the log likelihood that a whole step would still gain
CLOSENESS = 0.01  # the share of the squared residual that conjugate gradients leave
HALVINGS = 20
_Linear = Callable[[Floats], Floats]


def fit_logistic(x: Design, right: Floats, offset: Floats | None = None) -> Floats:
    """(d,) weights of the penalised maximum likelihood.

    Args:
        right: (n,) 1 or 0.
        offset: (n,) logits that are given.
    """
    logit = np.zeros(x.n) if offset is None else offset.copy()
    weights = np.zeros(len(x.penalty))
    penalty = np.where(np.isfinite(x.penalty), x.penalty, 0.0)  # such weights stay 0
    loss = loss_of(logit, right, penalty, weights)
    for _ in range(NEWTON_STEPS):
        p = 1.0 / (1.0 + np.exp(-logit))
        gradient = x.back(right - p) - penalty * weights
        step = _newton_step(x, p * (1.0 - p), gradient)
        gain = float(gradient @ step)
        if gain < TOLERANCE:
            return weights + step
        change = x.times(step)
        for halving in range(HALVINGS):
            share = 0.5**halving
            trial = loss_of(logit + share * change, right, penalty, weights + share * step)
            if trial <= loss:
                break
        weights, logit, loss = weights + share * step, logit + share * change, trial
    return weights


def loss_of(logit: Floats, right: Floats, penalty: Floats, weights: Floats) -> float:
    """What a fit makes small: minus the log likelihood, plus the penalties."""
    misfit = np.logaddexp(0.0, logit) - right * logit
    return float(misfit.sum() + 0.5 * (penalty * weights) @ weights)


def _newton_step(x: Design, curvature: Floats, gradient: Floats) -> Floats:
    """(d,) the step that the curvature (n,) of the rows asks for."""
    per_item = 1.0 / (x.item.sums(curvature) + x.item_penalty)
    k = len(x.item)
    of_items, rest = gradient[:k], gradient[k:]
    penalty, a = x.penalty[k:], x.shared.shape[1]

    def of_rest(v: Floats) -> Floats:
        return x.times_rest(v[:a], v[a:].reshape(len(x.skill), -1))

    def to_rest(rows: Floats) -> Floats:
        shared, own = x.back_rest(rows)
        return np.concatenate((shared, own.ravel()))

    def times(v: Floats) -> Floats:
        rows = curvature * of_rest(v)
        of_item = x.item.spread(per_item * x.item.sums(rows))
        return to_rest(rows - curvature * of_item) + penalty * v

    target = rest - to_rest(curvature * x.item.spread(per_item * of_items))
    step = conjugate_gradients(times, _arrow(x, curvature, per_item), target)
    own = per_item * (of_items - x.item.sums(curvature * of_rest(step)))
    return np.concatenate((own, step))


def _arrow(x: Design, curvature: Floats, per_item: Floats) -> _Linear:
    """Solves for shared and skills' weights as if no row had two skills.

    A row with k skills stands in as k rows of curvature / k, with items of their own and k times
    the skill's columns: (a + sum of f)^2 <= sum of (a + k f)^2 / k, so nothing here is indefinite.
    """
    a, f = x.shared.shape[1], x.own.shape[1]
    tip = np.diag(x.shared_penalty) + _gram_without_skills(x, curvature, per_item)
    coupling, inverse = np.empty((len(x.skill), a, f)), np.empty((len(x.skill), f, f))
    item, n_skills = x.item.places, x.n_skills
    for s, entries in enumerate(x.skill.slices()):
        rows = entries if x.row is None else x.row[entries]
        k = n_skills[rows, None]
        both = np.concatenate((x.shared[rows], x.own[entries] * k), axis=1)
        each = both * (curvature[rows, None] / k)
        runs = Runs.of(item[rows])
        sums = runs.sums(each)
        solved = sums * (per_item[runs.codes, None] * k[runs.starts])
        gram = each.T @ both - sums.T @ solved
        tip += gram[:a, :a]
        coupling[s] = gram[:a, a:]
        inverse[s] = np.linalg.inv(gram[a:, a:] + np.diag(x.own_penalty))
        tip -= coupling[s] @ inverse[s] @ coupling[s].T
    of_tip = np.linalg.inv(tip)

    def solve(v: Floats) -> Floats:
        own = np.einsum("sij,sj->si", inverse, v[a:].reshape(-1, f))
        shared = of_tip @ (v[:a] - np.einsum("saf,sf->a", coupling, own))
        own -= np.einsum("sij,saj,a->si", inverse, coupling, shared, optimize=True)
        return np.concatenate((shared, own.ravel()))

    return solve


def _gram_without_skills(x: Design, curvature: Floats, per_item: Floats) -> Floats:
    """(a, a) what the rows without skills add to the curvature of the shared weights."""
    weighted = x.shared * (curvature * (x.n_skills == 0))[:, None]
    of_items = x.item.sums(weighted)
    gram: Floats = weighted.T @ x.shared - of_items.T @ (of_items * per_item[:, None])
    return gram


def conjugate_gradients(times: _Linear, scaled: _Linear, target: Floats) -> Floats:
    """The v with `times(v)` near `target`.

    Args:
        scaled: About the inverse of `times`.
    """
    v = np.zeros_like(target)
    residual = target.copy()
    direction = scaled(residual)
    size = first = float(residual @ direction)
    for _ in range(CG_STEPS):
        if size <= CLOSENESS * first:
            break
        image = times(direction)
        length = size / (direction @ image)
        v += length * direction
        residual -= length * image
        better = scaled(residual)
        size, old = float(residual @ better), size
        direction = better + (size / old) * direction
    return v
