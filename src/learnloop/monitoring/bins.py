"""Into which bin does a value fall? Quantile bins that give lumps and missing values their own.

A number's bins are cut at the deciles of the baseline. A value that is several deciles at once (a
constant, the 0 of a count) gets a bin of its own: one cut at the value, one right above it. Below,
between and above it there are bins too, empty in the baseline, where new values show. A category's
bins are its values, then one for every value that is not known. NaN is the last bin of both.
"""

from enum import StrEnum

import numpy as np

from learnloop.core.types import Floats, Ints

N_QUANTILES = 10
MOST_CATEGORIES = 20


class Kind(StrEnum):
    """How the values of a column compare."""

    NUMBER = "number"
    CATEGORY = "category"


def cuts_of(x: Floats, kind: Kind) -> Floats:
    """Where the bins begin, or which values they are.

    Args:
        x: (n,) any unit; NaN is missing.
        kind: Of a category the 20 most frequent values are kept.

    Returns:
        (k,) ascending, finite: k cuts make k + 1 bins of numbers, k values as many of a category;
        in both one more for what is missing.
    """
    known = x[np.isfinite(x)]
    if not len(known):
        return np.empty(0)
    if kind is Kind.CATEGORY:
        values, n = np.unique(known, return_counts=True)
        return np.sort(values[np.argsort(-n, kind="stable")[:MOST_CATEGORIES]])
    levels = np.arange(1, N_QUANTILES) / N_QUANTILES
    quantiles, times = np.unique(
        np.quantile(known, levels, method="inverted_cdf"), return_counts=True
    )
    above = np.nextafter(quantiles[times > 1], np.inf)
    return np.unique(np.concatenate([quantiles, above[np.isfinite(above)]]))


def n_bins(cuts: Floats) -> int:
    """How many bins the cuts make, with the one for missing values."""
    return len(cuts) + 2


def bin_of(x: Floats, cuts: Floats, kind: Kind) -> Ints:
    """The bin of each value.

    Args:
        x: (n,) the values.
        cuts: (k,) of `cuts_of`.
        kind: As the cuts were made.

    Returns:
        (n,) 0 to k + 1; k + 1 is missing.
    """
    found = np.searchsorted(cuts, x, side="right")
    if kind is Kind.CATEGORY:
        at = np.maximum(found - 1, 0)
        same = cuts[at] == x if len(cuts) else np.zeros(len(x), dtype=bool)
        found = np.where(same, at, len(cuts))
    found[np.isnan(x)] = len(cuts) + 1
    return found.astype(np.int64, copy=False)
