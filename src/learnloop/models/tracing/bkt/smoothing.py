"""What do all answers together say about when a skill was known? Forward and backward, exactly.

Forward, in odds of knowing, with l the learning and k what is kept until the next opportunity:

    o' = (o P(answer | known) / P(answer | unknown) + l) / (1 - l),   then k P / (1 - k P)

Backward, for the learners that share a node: G = expected number of those who knew it there,

    G = P(known | answers so far) (ends + sum over what follows of G_next / P_next ...)

Reference: Corbett and Anderson (1995), Knowledge tracing; Rauch, Tung, Striebel (1965) for the
form of the smoother, which is linear in G and so holds for shared beginnings too.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from learnloop.core.types import Floats
from learnloop.models.tracing.bkt.sequences import Forest

MOST_ODDS = 1e12


@dataclass(frozen=True, slots=True, eq=False)
class Chances:
    """What a pass is made with; each (n,), by node.

    Attributes:
        prior: P(known) before the first opportunity; read at depth 0.
        known: P(the answer given | known); 1 where none was given.
        unknown: P(the answer given | unknown); 1 where none was given.
        learn: P(unknown becomes known) after the opportunity.
        keep: P(known stays known) from the parent's opportunity to this; None = always.
    """

    prior: Floats
    known: Floats
    unknown: Floats
    learn: Floats
    keep: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """What is expected, given all answers; each (n,), by node, and counted by its weight.

    Attributes:
        known: How many knew.
        unsure: How many did not, and had another opportunity.
        learnt: How many of those knew afterwards.
        lost: How many knew after the parent's opportunity and no longer did at this one.
        log_likelihood: Of the answer, given those before it.
    """

    known: Floats
    unsure: Floats
    learnt: Floats
    lost: Floats | None
    log_likelihood: Floats


def forward(forest: Forest, chances: Chances) -> Floats:
    """(n,) P(known) before each answer, given those before it."""
    levels = forest.levels.tolist()
    odds = np.empty(len(forest))
    ratio = chances.known / chances.unknown
    slow = 1.0 / (1.0 - chances.learn)
    lift, ratio = chances.learn * slow, ratio * slow
    prior = chances.prior[: levels[1]]
    odds[: levels[1]] = prior / (1.0 - prior)
    for begin, end in pairwise(levels[1:]):
        of = forest.parent[begin:end]
        now = odds.take(of)
        now *= ratio.take(of)
        now += lift.take(of)
        if chances.keep is not None:
            keep = chances.keep[begin:end]
            now = keep * now / (1.0 + (1.0 - keep) * now)
        np.minimum(now, MOST_ODDS, out=odds[begin:end])
    p: Floats = odds / (1.0 + odds)
    return p


def expect(forest: Forest, chances: Chances) -> Expected:
    """The expected counts of one pass forward and back."""
    before = forward(forest, chances)
    hit = before * chances.known
    said = hit + (1.0 - before) * chances.unknown
    after = hit / said
    learn, levels = chances.learn, forest.levels.tolist()
    risen = after + (1.0 - after) * learn
    known = after * forest.ends
    follows = np.zeros(len(forest))  # per learner that was known after the opportunity
    lost = None if chances.keep is None else np.zeros(len(forest))
    for begin, end, start in zip(levels[-2:0:-1], levels[:1:-1], levels[-3::-1], strict=True):
        of = forest.parent[begin:end] - start
        backed = known[begin:end] / before[begin:end]
        if chances.keep is not None and lost is not None:
            keep = chances.keep[begin:end]
            unknown = forest.weight[begin:end] - known[begin:end]
            gone = (1.0 - keep) * unknown / (1.0 - before[begin:end])
            lost[begin:end] = gone * risen.take(forest.parent[begin:end])
            backed = keep * backed + gone
        sums = np.bincount(of, backed, begin - start)
        follows[start:begin] = sums
        known[start:begin] += after[start:begin] * sums
    learnt = (1.0 - after) * learn * follows
    unsure = forest.weight - known - forest.ends * (1.0 - after)
    return Expected(known, np.maximum(unsure, 0.0), learnt, lost, np.log(said))
