"""How well is a sequence of ids foretold? Perplexity and BLEU.

    perplexity = exp(mean over ids of -ln p(id | ids before)): among how many equally likely ids
                 the model seems to choose; 1 is certainty
    BLEU       = brevity * exp(mean over n = 1..N of ln precision_n)
    precision_n = share of the candidate's n-grams that are in its reference, each counted at most
                 as often as it is there
    brevity    = min(1, exp(1 - reference length / candidate length)), lengths over all rows

This is BLEU of the whole set with one reference for each candidate, and without smoothing: where no
n-gram of some order hits, it is 0. Paths shorter than N = 4 need a smaller N.

Reference: Papineni, Roukos, Ward and Zhu (2002), "BLEU: a method for automatic evaluation of
machine translation", ACL.
"""

import math
from collections import Counter
from collections.abc import Hashable, Sequence

from learnloop.core.types import Floats
from learnloop.metrics.scoring import mean

Ids = Sequence[Hashable]


def perplexity(losses: Floats) -> float:
    """The perplexity, >= 1, inf where it overflows; NaN for no ids.

    Args:
        losses: (n,) -ln p of each id, nats.
    """
    try:
        return math.exp(mean(losses))
    except OverflowError:
        return math.inf


def bleu(references: Sequence[Ids], candidates: Sequence[Ids], max_order: int = 4) -> float:
    """BLEU of candidates, each against its reference, [0, 1].

    Args:
        references: The true sequences.
        candidates: The sequences to judge, as many.
        max_order: N, the longest n-grams.

    Returns:
        NaN where no reference is `max_order` long: nothing could hit.
    """
    if not any(len(reference) >= max_order for reference in references):
        return math.nan
    n_said = sum(map(len, candidates))
    precisions = [_precision(references, candidates, n) for n in range(1, max_order + 1)]
    if min(precisions) == 0.0:
        return 0.0
    brevity = min(1.0, math.exp(1.0 - sum(map(len, references)) / n_said))
    return brevity * math.exp(sum(map(math.log, precisions)) / max_order)


def _precision(references: Sequence[Ids], candidates: Sequence[Ids], n: int) -> float:
    hits = total = 0
    for reference, candidate in zip(references, candidates, strict=True):
        said = _n_grams(candidate, n)
        hits += (said & _n_grams(reference, n)).total()
        total += said.total()
    return hits / total if total else 0.0


def _n_grams(ids: Ids, n: int) -> Counter[tuple[Hashable, ...]]:
    return Counter(tuple(ids[i : i + n]) for i in range(len(ids) - n + 1))
