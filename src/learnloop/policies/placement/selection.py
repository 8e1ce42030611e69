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

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from learnloop.core.ids import ItemId
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


def due(blueprint: Blueprint, left: Ints, asked: Collection[ItemId]) -> tuple[Ints, Floats]:
    """The items whose areas are furthest behind, and how many questions each area has had.

    Args:
        left: (m,) rows of the catalog that may be asked, at least one.
        asked: What was asked so far.
    """
    counts = blueprint.counts(asked)
    behind = blueprint.behind(left, counts, len(asked))
    return left[behind >= behind.max() - _LEVEL], counts


def information(blueprint: Blueprint, rows: Ints, known: Ability, config: Config) -> Floats:
    """(m,) Fisher information of the items of some rows, by the setting `criterion`.

    That of the posterior is averaged at the nodes of a Gauss-Hermite rule of mean and error.
    """
    bank, own = blueprint.bank, blueprint.bank_row.take(rows)
    if config.criterion is Criterion.POINT:
        return bank.information(known.mean, own)
    at_nodes = bank.information(known.mean + known.stddev * _NODES, own)
    averaged: Floats = _WEIGHTS @ at_nodes / _WEIGHTS.sum()
    return averaged


def shortlist(rows: Ints, value: Floats, k: int) -> Shortlist:
    """The `k` rows of most value, and those that are worth as much as the last of them."""
    best = np.arange(len(rows))
    if len(rows) > k:
        least = np.partition(value, -k)[-k]
        best = (value >= least * (1.0 - _LEVEL)).nonzero()[0]
    best = best[np.argsort(-value[best], kind="stable")]
    return Shortlist(rows[best], value[best])
