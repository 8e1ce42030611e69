"""Which curves suit the expected answers best? Fisher scoring, all items at once.

    Q = sum_q right_q ln P_q + (seen_q - right_q) ln(1 - P_q)
        + ln N(alpha; m_a, s_a^2) + ln N(b; m_b, s_b^2) + ln Beta(c)
        - 1/2 ln(1 + a^2 s_b^2 w)              w = information on d

One step solves a 2 x 2 or 3 x 3 system for each item; the matrix is the expected information plus
that of the priors, so it is positive definite; no number moves by more than `LONGEST`. The priors
keep what answers leave open finite: a of an item that hardly tells, b of one that all got right.
The last term integrates b out of what is said of a (Laplace). Without it thousands of items with
few answers each, whose b fit as they like, drive a up: to 11 on algebra05_part with one parameter.
With one parameter alpha is the same for all: its step is that of the Schur complement.

Means and spreads of the priors are those of the items themselves (`Priors.learnt`), so a wide or a
narrow bank is not taken for another one.

Reference: Mislevy (1986), Bayes modal estimation in item response models, Psychometrika 51(2).
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from learnloop.core.types import Bools, Floats
from learnloop.models.irt.config import Config
from learnloop.models.irt.curves import Curves, Values

LONGEST = 1.5  # of a step, in each number
LEAST_SPREAD = 0.1  # of a prior that is learnt from the items


@dataclass(frozen=True, slots=True, eq=False)
class Priors:
    """What is known of curves before any answer.

    Attributes:
        alpha: Mean of ln a.
        alpha_spread: Its standard deviation.
        difficulty: (n,) mean of b.
        difficulty_spread: (n,) its standard deviation.
        guessed: Pseudo-counts of right and wrong answers of the very weak.
    """

    alpha: float
    alpha_spread: float
    difficulty: Floats
    difficulty_spread: Floats
    guessed: tuple[float, float]

    @classmethod
    def of(cls, config: Config, n_items: int) -> "Priors":
        """The same for every item."""
        weight, share = config.guessing_weight, config.guessing
        return cls(
            0.0,
            config.discrimination_spread,
            np.zeros(n_items),
            np.full(n_items, config.difficulty_spread),
            (weight * share, weight * (1.0 - share)),
        )

    def log_density(self, curves: Curves) -> Floats:
        """(n,) up to a constant."""
        alpha = (curves.alpha - self.alpha) / self.alpha_spread
        off = (curves.difficulty - self.difficulty) / self.difficulty_spread
        out: Floats = -0.5 * (alpha**2 + off**2) - np.log(self.difficulty_spread)
        if curves.gamma is not None:
            c = curves.guessing
            out = out + self.guessed[0] * np.log(c) + self.guessed[1] * np.log1p(-c)
        return out

    def learnt(self, curves: Curves, h: Floats, answered: Bools, *, shared: bool) -> "Priors":
        """The priors that fitted curves with information `h`, (k, k, n), suggest.

        The spread of b is that of the items, and so are the mean of ln a and a mean of b that is
        the same for all; means by skill stay. The spread of ln a stays, too: where answers say
        little of each a, it would creep towards 0 for a hundred passes.
        """
        a, b, here = curves.discrimination, curves.difficulty, answered
        prior = self.difficulty_spread**-2.0
        unsure = 1.0 / (a * a * h[1, 1] + prior)
        means = self.difficulty
        if np.ptp(means) == 0.0:
            means = np.full(len(b), b[here].mean())
        spread = sqrt(float(((b - means) ** 2 + unsure)[here].mean()))
        return Priors(
            self.alpha if shared else float(curves.alpha[here].mean()),
            self.alpha_spread,
            means,
            np.full(len(b), max(spread, LEAST_SPREAD)),
            self.guessed,
        )


def gradients(
    curves: Curves, at: Values, theta: Floats, right: Floats, seen: Floats
) -> tuple[Floats, Floats]:
    """(k, n) slopes of the expected log likelihood, and (k, k, n) its expected information."""
    dz = at.s * at.unknown
    if curves.gamma is None:
        score, weight = right - seen * at.p, seen * dz
    else:
        open_ = (1.0 - curves.guessing)[:, None]
        per_p = 1.0 / (at.p * at.wrong)
        dz = open_ * dz
        residual = (right - seen * at.p) * per_p
        score, weight = residual * dz, seen * per_p * dz * dz
    a = curves.discrimination
    moments = np.stack([np.ones_like(theta), theta, theta**2], axis=1)
    slope, spread = score @ moments[:, :2], weight @ moments
    if curves.gamma is None:
        g = np.stack([a * slope[:, 1], slope[:, 0]])
        h = np.array([[a * a * spread[:, 2], a * spread[:, 1]], [a * spread[:, 1], spread[:, 0]]])
        return g, h
    dc = (curves.guessing[:, None] * open_) * at.unknown
    cross, own = (seen * per_p * dz * dc) @ moments[:, :2], seen * per_p * dc * dc
    g = np.stack([a * slope[:, 1], slope[:, 0], (residual * dc).sum(axis=1)])
    h = np.array(
        [
            [a * a * spread[:, 2], a * spread[:, 1], a * cross[:, 1]],
            [a * spread[:, 1], spread[:, 0], cross[:, 0]],
            [a * cross[:, 1], cross[:, 0], own.sum(axis=1)],
        ]
    )
    return g, h


def integrate_difficulty(g: Floats, h: Floats, curves: Curves, priors: Priors) -> float:
    """Adds the slope of the last term to `g`, in place; returns the term. `h` has no priors yet."""
    known = h[1, 1] * (curves.discrimination * priors.difficulty_spread) ** 2
    g[0] -= known / (1.0 + known)
    return -0.5 * float(np.log1p(known).sum())


def add_priors(g: Floats, h: Floats, curves: Curves, priors: Priors, *, shared: bool) -> None:
    """Adds slopes and curvature of the log prior, in place."""
    a, b = curves.discrimination, curves.difficulty
    n = 1 if shared else len(a)
    g[0, :n] -= (curves.alpha[:n] - priors.alpha) / priors.alpha_spread**2
    h[0, 0, :n] += 1.0 / priors.alpha_spread**2
    off = (b - priors.difficulty) / priors.difficulty_spread**2
    g[0] += off * b
    g[1] += off / a
    by_b = np.stack([-b, -1.0 / a])
    h[:2, :2] += by_b[:, None] * by_b[None, :] / priors.difficulty_spread**2
    if curves.gamma is not None:
        c, (more, less) = curves.guessing, priors.guessed
        g[2] += more * (1.0 - c) - less * c
        h[2, 2] += (more + less) * c * (1.0 - c)


def step(g: Floats, h: Floats, *, shared: bool) -> Floats:
    """(k, n) of Fisher scoring, no number moved by more than `LONGEST`."""
    if shared:
        return np.clip(_shared_step(g, h), -LONGEST, LONGEST)
    solved = np.linalg.solve(h.transpose(2, 0, 1), g.T[:, :, None])[:, :, 0].T
    return np.clip(solved.astype(np.float64), -LONGEST, LONGEST)


def _shared_step(g: Floats, h: Floats) -> Floats:
    """The step where the first number is one and the same for all items."""
    if len(g) == 2:
        others, back = g[1:] / h[1, 1], h[1:, 0] / h[1, 1]
    else:
        rest = h[1:, 1:].transpose(2, 0, 1)
        both = np.stack([g[1:].T, h[1:, 0].T], axis=2)
        others, back = np.moveaxis(np.linalg.solve(rest, both), 2, 0).transpose(0, 2, 1)
    first = (g[0] - (h[0, 1:] * others).sum(axis=0)).sum()
    first /= (h[0, 0] - (h[0, 1:] * back).sum(axis=0)).sum()
    return np.concatenate([np.full((1, g.shape[1]), first), others - back * first])
