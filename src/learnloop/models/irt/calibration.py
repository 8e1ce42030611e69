"""Which parameters do items have, given many learners' answers? Marginal maximum likelihood.

    ln P(answers) = sum_u ln sum_q w_q prod_i P(answer of u to i | theta_q)      theta ~ N(0, 1)

plus the log prior, climbed by EM: expected answers at each ability (`expectation`), then one Fisher
step of every item (`maximization`). The slope of the expected log likelihood is that of the
likelihood itself, so the fixed point is the mode. EM creeps where answers say little about theta;
Anderson's mixing of the last steps takes a third as many. A mixed step that lowers the objective is
thrown away, so it never ends below where plain EM would have gone from there.

Reference: Bock and Aitkin (1981); Lange (1995), A gradient algorithm locally equivalent to the EM
algorithm, JRSS B 57(2); Walker and Ni (2011), Anderson acceleration for fixed-point iterations,
SIAM Journal on Numerical Analysis 49(4).
"""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from learnloop.core.bank import normal_grid
from learnloop.core.types import Floats
from learnloop.models.irt.config import Config
from learnloop.models.irt.curves import Curves, values
from learnloop.models.irt.expectation import Expected, table_of
from learnloop.models.irt.maximization import (
    Priors,
    add_priors,
    gradients,
    integrate_difficulty,
    step,
)
from learnloop.models.irt.responses import Responses

SLACK = 1e-4  # share of the objective that a step may lose: priors move, too
MEMORY = 6  # steps that Anderson's mixing looks at
BOUND = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Fitted curves.

    Attributes:
        curves: Of every item; one without answers has its priors' middle.
        theta: (q,) nodes of the quadrature.
        weights: (q,) of N(0, 1) there.
        priors: What the items' spread says of an item.
        log_likelihood: Of all answers, abilities integrated out, without priors.
        n_steps: Passes over the answers.
        converged: False where `max_steps` came first.
    """

    curves: Curves
    theta: Floats
    weights: Floats
    priors: Priors
    log_likelihood: float
    n_steps: int
    converged: bool


def calibrate(
    responses: Responses, config: Config, priors: Priors | None = None, start: Curves | None = None
) -> Calibration:
    """Fit the items.

    Args:
        responses: First attempts.
        config: How many parameters, when to stop, and the priors to start from.
        priors: Priors to start from instead of those of `config`, e.g. with means by skill.
        start: Curves to start from; None = from the shares of right answers.
    """
    priors = priors or Priors.of(config, responses.n_items)
    curves = start or starting_curves(responses, config)
    theta, weights = normal_grid(n_nodes(responses), BOUND)
    climb = _Climb(responses, config, theta, np.log(weights))
    top = climb.climb(curves, priors)
    found = top.expected.log_likelihood
    return Calibration(top.curves, theta, weights, top.priors, found, top.n_steps, top.converged)


def n_nodes(responses: Responses) -> int:
    """Enough that neighbours are at most 1.5 posterior standard deviations apart; 15 to 61.

    The posterior of the learner with the 95th percentile of answers is taken, each worth 0.25.
    """
    longest = float(np.quantile(responses.lengths, 0.95))
    spread = 1.0 / np.sqrt(1.0 + 0.25 * longest)
    return int(np.clip(2 * int(BOUND / (1.5 * spread)) + 1, 15, 61))


def starting_curves(responses: Responses, config: Config) -> Curves:
    """All a = 1, and the b that gives the item's share of right answers over N(0, 1)."""
    right, seen = responses.counts()
    share = (right + 0.5) / (seen + 1.0)
    gamma = None
    if config.parameters == 3:
        gamma = np.full(len(share), np.log(config.guessing / (1.0 - config.guessing)))
        share = np.clip((share - config.guessing) / (1.0 - config.guessing), 0.05, 0.95)
    logit = np.log(share / (1.0 - share))
    return Curves(np.zeros(len(share)), 1.2 * logit, gamma)


class _Top(NamedTuple):
    curves: Curves
    priors: Priors
    expected: Expected
    n_steps: int
    converged: bool


class _Climb:
    """EM on one table."""

    def __init__(
        self, responses: Responses, config: Config, theta: Floats, log_prior: Floats
    ) -> None:
        self.table, self.theta, self.log_prior = table_of(responses), theta, log_prior
        self.answered = np.bincount(responses.item, minlength=responses.n_items) > 0
        self.shared, self.config = config.parameters == 1, config

    def climb(self, curves: Curves, priors: Priors) -> _Top:
        """From some curves to the mode; `n_steps` are passes over the answers."""
        mixing = Mixing(MEMORY)
        best, safe = -np.inf, curves
        for n in range(1, self.config.max_steps + 1):
            expected, g, h, objective = self._look(curves, priors)
            if objective < best - SLACK * abs(best):
                curves, best = safe, -np.inf
                mixing.forget()
                continue
            best = objective
            if n > 1:
                priors = priors.learnt(curves, h, self.answered, shared=self.shared)
            integrate_difficulty(g, h, curves, priors)
            add_priors(g, h, curves, priors, shared=self.shared)
            move = step(g, h, shared=self.shared)
            moved = np.abs(move) * np.sqrt(np.einsum("kkn->kn", h))
            if n > 2 and moved.max() < self.config.tolerance:
                return _Top(curves, priors, expected, n, True)
            safe = curves.plus(move)
            curves = safe.plus(mixing.beyond(curves.stacked(), move))
        return _Top(curves, priors, expected, n, False)

    def _look(self, curves: Curves, priors: Priors) -> tuple[Expected, Floats, Floats, float]:
        """What is expected, slopes and information without priors, and the objective."""
        at = values(curves, self.theta)
        expected = self.table.expect(at, self.log_prior)
        g, h = gradients(curves, at, self.theta, expected.right, expected.seen)
        objective = expected.log_likelihood + float(priors.log_density(curves).sum())
        return expected, g, h, objective


class Mixing:
    """Anderson's mixing: the combination of the last steps that would have cancelled out.

    With points x_k and their steps f_k, the next point is x + f - (dX + dF) gamma, gamma the least
    squares solution of dF gamma = f over the last differences.
    """

    def __init__(self, memory: int) -> None:
        self._differences: deque[tuple[Floats, Floats]] = deque(maxlen=memory)
        self._last: tuple[Floats, Floats] | None = None

    def forget(self) -> None:
        """Begin anew."""
        self._differences.clear()
        self._last = None

    def beyond(self, x: Floats, f: Floats) -> Floats:
        """What to add to x + f."""
        if self._last is not None:
            self._differences.append((x - self._last[0], f - self._last[1]))
        self._last = x, f
        if not self._differences:
            return np.zeros_like(x)
        dx = np.stack([d.ravel() for d, _ in self._differences])
        df = np.stack([d.ravel() for _, d in self._differences])
        gram = df @ df.T
        gram.ravel()[:: len(gram) + 1] *= 1.0 + 1e-8
        gram.ravel()[:: len(gram) + 1] += 1e-300
        share = np.linalg.solve(gram, df @ f.ravel())
        out: Floats = -(share @ (dx + df)).reshape(x.shape)
        return out
