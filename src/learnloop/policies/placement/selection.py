"""Which question comes next, and with what probability was it drawn?

Content first: of what is left, only items whose areas are furthest behind their shares. Of those
the most informative are the shortlist, and the next item is drawn from it evenly:

    behind(i) = mean over the areas of i of (share (n + 1) - asked so far)
    P(i) = 1 / k    on the k items of the shortlist

k is the setting `shortlist`, or what is left of the areas; more where others say as much as the
last of these. Without the draw, every learner would get the same first questions. The probability
is exact, and is logged.

Reference: Kingsbury and Zara (1989), Procedures for selecting items for computerized adaptive
tests, Applied Measurement in Education 2 (both rules); Lord (1980), ch. 10 (maximum information).
"""

from typing import NamedTuple

import numpy as np

from learnloop.core.types import Floats, Ints
from learnloop.policies.placement.ability import Ability
from learnloop.policies.placement.blueprint import Blueprint
from learnloop.policies.placement.config import Config, Criterion

_LEVEL = 1e-9
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(7)


class Shortlist(NamedTuple):
    """What the next question is drawn from, most informative first.

    Attributes:
        rows: (k,) rows of the catalog.
        information: (k,) of each.
    """

    rows: Ints
    information: Floats


def shortlist(
    blueprint: Blueprint,
    left: Ints,
    counts: Floats,
    n_asked: int,
    information: Floats,
    config: Config,
) -> Shortlist:
    """The items that the next question is drawn from.

    Args:
        left: (m,) rows of the catalog that may be asked, at least one.
        counts: (n_skills + 1,) questions of each area so far.
        information: (n_bank,) by row of the bank.
    """
    behind = blueprint.behind(left, counts, n_asked)
    due = left[behind >= behind.max() - _LEVEL]
    value = information.take(blueprint.bank_row.take(due))
    best = np.arange(len(due))
    if len(due) > config.shortlist:
        least = np.partition(value, -config.shortlist)[-config.shortlist]
        best = (value >= least * (1.0 - _LEVEL)).nonzero()[0]
    best = best[np.argsort(-value[best], kind="stable")]
    return Shortlist(due[best], value[best])


def information(blueprint: Blueprint, known: Ability, config: Config) -> Floats:
    """(n_bank,) Fisher information of each item of the bank, by the setting `criterion`.

    That of the posterior is averaged at the nodes of a Gauss-Hermite rule of mean and error.
    """
    if config.criterion is Criterion.POINT:
        return blueprint.bank.information(known.mean)
    at_nodes = blueprint.bank.information(known.mean + known.stddev * _NODES)
    averaged: Floats = _WEIGHTS @ at_nodes / _WEIGHTS.sum()
    return averaged
