"""Are the relevant items near the top of the list? NDCG, hit rate and reciprocal rank.

One row is one list of candidates with their relevance (0 is not relevant) and the model's scores.
What is no candidate has score -inf and relevance 0. Tied scores count against the model: of equal
ones, the less relevant stands first, so a model that says the same of all is never rewarded for the
order in which it was given them.

    NDCG@k = sum over places i <= k of rel_i / log2(i + 1), divided by the same of the best order
    HR@k   = 1 if a relevant item is among the first k, else 0
    RR     = 1 / place of the first relevant item; its mean over lists is the MRR

A list without a relevant item can't be judged: NaN, and it is left out of the mean.

References: Järvelin and Kekäläinen (2002), "Cumulated gain-based evaluation of IR techniques", ACM
TOIS 20 (relevance is the gain, no power of 2). Voorhees (1999), "The TREC-8 question answering
track report" (reciprocal rank). McSherry and Najork (2008), "Computing information retrieval
performance measures efficiently in the presence of tied scores", ECIR (why ties need a rule).
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learnloop.core.types import Floats

Numbers = NDArray[Any]


def ndcg(relevance: Numbers, scores: Numbers, k: int = 10) -> float:
    """Mean NDCG@k, [0, 1]; NaN where no list has a relevant item.

    Args:
        relevance: (n_lists, n_items) >= 0.
        scores: (n_lists, n_items), the highest first; -inf is no candidate.
        k: Places that count.
    """
    return mean_of_known(row_ndcg(relevance, scores, k))


def hit_rate(relevance: Numbers, scores: Numbers, k: int = 10) -> float:
    """Mean HR@k, the share of lists with a relevant item in the first k, [0, 1]; NaN as `ndcg`."""
    return mean_of_known(row_hit_rate(relevance, scores, k))


def mrr(relevance: Numbers, scores: Numbers) -> float:
    """Mean reciprocal rank of the first relevant item, (0, 1]; NaN as `ndcg`."""
    return mean_of_known(row_reciprocal_rank(relevance, scores))


def row_ndcg(relevance: Numbers, scores: Numbers, k: int = 10) -> Floats:
    """NDCG@k of each list, (n_lists,)."""
    gain = _ranked(relevance, scores)[:, :k]
    best = -np.sort(-np.asarray(relevance, dtype=np.float64), axis=1)[:, :k]
    discount = 1.0 / np.log2(np.arange(gain.shape[1]) + 2.0)
    return _known(gain @ discount, best @ discount)


def row_hit_rate(relevance: Numbers, scores: Numbers, k: int = 10) -> Floats:
    """HR@k of each list, (n_lists,)."""
    found = _ranked(relevance, scores) > 0
    hit = np.asarray(found[:, :k].any(axis=1), dtype=np.float64)
    return _known(hit, np.asarray(found.any(axis=1)))


def row_reciprocal_rank(relevance: Numbers, scores: Numbers) -> Floats:
    """1 / place of the first relevant item of each list, (n_lists,)."""
    found = _ranked(relevance, scores) > 0
    places = 1.0 / np.arange(1.0, found.shape[1] + 1)
    first = np.where(found, places, 0.0).max(axis=1, initial=0.0)
    return _known(first, np.asarray(found.any(axis=1)))


def mean_of_known(values: Floats) -> float:
    """The mean of what is not NaN; NaN if nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def _ranked(relevance: Numbers, scores: Numbers) -> Floats:
    """(n_lists, n_items) relevance by falling score, of equal scores the least relevant first."""
    gain = np.asarray(relevance, dtype=np.float64)
    ranked: Floats = np.take_along_axis(gain, np.lexsort((gain, -scores), axis=1), axis=1)
    return ranked


def _known(values: Floats, possible: Numbers) -> Floats:
    known: Floats = np.full(len(values), math.nan)
    np.divide(values, possible, out=known, where=possible > 0)
    return known
