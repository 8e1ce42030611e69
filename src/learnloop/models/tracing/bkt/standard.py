"""How are prior, learn, guess and slip of each skill found? By EM, all skills at once.

Beta priors hold what a skill's answers say little of near the course's values, and bounds keep the
meaning of the two states: guess and slip stay under one half, so that knowing always helps and the
states can't change places. Each M step is the exact maximum within the bounds, so no step lowers
the penalised likelihood. Two steps are extrapolated (SQUAREM), skill by skill; where that is lower
than the steps themselves, it is undone.

Reference: Corbett and Anderson (1995), Knowledge tracing; Beck and Chang (2007), Identifiability:
a fundamental problem of student modeling; Varadhan and Roland (2008), Simple and globally
convergent methods for accelerating the convergence of any EM algorithm.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from learnloop.core.types import Bools, Floats
from learnloop.models.tracing.bkt.sequences import KINDS, Forest
from learnloop.models.tracing.bkt.smoothing import Chances, expect

PRIOR, LEARN, GUESS, SLIP, FORGET = range(5)
FIRST: Final = np.array([0.4, 0.15, 0.25, 0.15, 0.02])
"""Where every fit starts from."""
LEAST: Final = np.array([1e-3, 2e-3, 1e-3, 1e-3, 1e-4])
MOST: Final = np.array([0.999, 0.99, 0.499, 0.499, 0.5])
WORTH = 0.7  # the share of nodes left at which a smaller forest is made
LONGEST = 50.0  # of an extrapolation, in steps
TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Parameters of every skill.

    Attributes:
        values: (n_skills, 5) prior, learn, guess, slip, forget.
        log_likelihood: (n_skills,) of each skill's answers, the penalty left out.
        penalised: (n_skills,) with the penalty.
        n_passes: Passes over the data.
    """

    values: Floats
    log_likelihood: Floats
    penalised: Floats
    n_passes: int


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What is to be fitted.

    Attributes:
        forest: The answers.
        mean: (5,) means of the Beta priors.
        strength: Answers' worth of them; 0 = none.
        forgets: Whether knowing may be lost from one opportunity to the next.
    """

    forest: Forest
    mean: Floats
    strength: float
    forgets: bool

    def first(self) -> Floats:
        """(n_skills, 5) values to start from."""
        values = np.tile(self.mean if self.strength else FIRST, (self.forest.n_skills, 1))
        if not self.forgets:
            values[:, FORGET] = 0.0
        return values

    def held(self, values: Floats) -> Floats:
        """The values within the bounds."""
        inside = np.clip(values, LEAST, MOST)
        if not self.forgets:
            inside[:, FORGET] = 0.0
        return inside


def chances_of(forest: Forest, values: Floats) -> Chances:
    """The chances of every node under the parameters of its skill."""
    skill, n = forest.skill, forest.n_skills
    guess, slip, none = values[:, GUESS], values[:, SLIP], np.ones(n)
    at = skill * KINDS + forest.answer + 1
    return Chances(
        values[:, PRIOR].take(skill),
        np.stack((none, slip, 1.0 - slip), axis=1).ravel().take(at),
        np.stack((none, 1.0 - guess, guess), axis=1).ravel().take(at),
        values[:, LEARN].take(skill),
        (1.0 - values[:, FORGET]).take(skill) if values[:, FORGET].any() else None,
    )


def step(problem: Problem, values: Floats) -> Fit:
    """One EM step: the next values, and the likelihoods of the given ones."""
    forest, n = problem.forest, problem.forest.n_skills
    found = expect(forest, chances_of(forest, values))
    skill, root = forest.skill, slice(0, int(forest.levels[1]))
    at = skill * KINDS + forest.answer + 1
    knew = np.bincount(at, found.known, n * KINDS).reshape(n, KINDS)
    others = np.bincount(at, forest.weight - found.known, n * KINDS).reshape(n, KINDS)
    zero = np.zeros(n)
    happened = [
        np.bincount(skill[root], found.known[root], n),
        np.bincount(skill, found.learnt, n),
        others[:, 2],
        knew[:, 1],
        zero if found.lost is None else np.bincount(skill, found.lost, n),
    ]
    later = slice(int(forest.levels[1]), None)
    might = [
        np.bincount(skill[root], forest.weight[root], n),
        np.bincount(skill, found.unsure, n),
        others[:, 1] + others[:, 2],
        knew[:, 1] + knew[:, 2],
        zero
        if found.lost is None
        else np.bincount(skill[later], (found.known + found.lost)[later], n),
    ]
    prior, total = problem.strength * problem.mean, np.stack(might, axis=1) + problem.strength
    rates = (np.stack(happened, axis=1) + prior) / np.maximum(total, TINY)
    likely = np.bincount(skill, forest.weight * found.log_likelihood, n).astype(np.float64)
    log_odds = problem.mean * np.log(values + TINY) + (1.0 - problem.mean) * np.log1p(-values)
    used = slice(None) if problem.forgets else slice(0, FORGET)
    penalty = problem.strength * log_odds[:, used].sum(axis=1)
    return Fit(problem.held(np.where(total > TINY, rates, values)), likely, likely + penalty, 1)


def fit(problem: Problem, tolerance: float, most_passes: int) -> Fit:
    """EM with extrapolation; a skill that gains less than `tolerance` in a round is done.

    Returns:
        The values, and the likelihoods of the values one step before: theirs are no lower.
    """
    start = problem.first()
    one = found = step(problem, start)
    n_passes, live = 1, np.ones(len(start), dtype=bool)
    while live.any() and n_passes + 2 <= most_passes:
        two = step(problem, one.values)
        ahead = problem.held(_extrapolated(start, one.values, two.values))
        there = step(problem, ahead)
        n_passes += 2
        back = there.penalised < two.penalised
        start = np.where(back[:, None], one.values, ahead)
        now = _chosen(back, two, there, n_passes)
        found = _chosen(live, now, found, n_passes)
        live &= now.penalised - one.penalised >= tolerance
        one, problem = now, _without(problem, live)
    return found


def _chosen(which: Bools, a: Fit, b: Fit, n_passes: int) -> Fit:
    """`a` for the skills where `which`, else `b`."""
    return Fit(
        np.where(which[:, None], a.values, b.values),
        np.where(which, a.log_likelihood, b.log_likelihood),
        np.where(which, a.penalised, b.penalised),
        n_passes,
    )


def _without(problem: Problem, live: Bools) -> Problem:
    """The problem without the nodes of skills that are done, once that is worth the copying."""
    mask = live[problem.forest.skill]
    if mask.sum() > WORTH * len(mask):
        return problem
    return replace(problem, forest=problem.forest.part(mask))


def _extrapolated(start: Floats, one: Floats, two: Floats) -> Floats:
    """(n_skills, 5) where two steps of EM seem to lead, by the change between them."""
    first = one - start
    change = two - one - first
    ratio = (first**2).sum(axis=1) / np.maximum((change**2).sum(axis=1), TINY)
    length = np.clip(np.sqrt(ratio), 1.0, LONGEST)[:, None]
    ahead: Floats = start + 2.0 * length * first + length**2 * change
    return ahead
