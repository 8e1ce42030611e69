"""How is a part of the rows drawn so that the whole can still be told from it? By strata, weighed.

Every row belongs to a stratum: its label, a skill, a month. Some rows of each are drawn without
replacement, and each drawn row stands for N / n rows of its stratum, so weighted sums are those of
the whole and base rates come back, however unequal the draw.

    stratified   as many of each stratum as its share of the rows, at least one
    balanced     equally many of each, or all where there are fewer

Reference: Horvitz and Thompson (1952), "A generalization of sampling without replacement from a
finite universe", JASA 47.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from learnloop.core.errors import InvalidInput
from learnloop.core.types import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Some of the rows.

    Attributes:
        rows: (n,) their numbers, ascending.
        weights: (n,) how many rows each stands for, >= 1; they add up to the number of all rows.
    """

    rows: Ints
    weights: Floats


def stratified(strata: ArrayLike, n: int, rng: np.random.Generator) -> Sample:
    """`n` rows in which every stratum has its share.

    Args:
        strata: (N,) what each row belongs to.
        n: How many, at least one for each stratum.

    Raises:
        InvalidInput: Fewer rows than strata are asked for, or more than there are.
    """
    code, sizes = _coded(strata)
    if not len(sizes) <= n <= len(code):
        raise InvalidInput(f"n: {n} is not between {len(sizes)} strata and {len(code)} rows")
    return _draw(code, sizes, _shares(sizes, n), rng)


def balanced(strata: ArrayLike, n_each: int, rng: np.random.Generator) -> Sample:
    """`n_each` rows of every stratum, or all where there are fewer.

    Args:
        strata: (N,) what each row belongs to.
        n_each: At least 1.

    Raises:
        InvalidInput: None of each are asked for.
    """
    if n_each < 1:
        raise InvalidInput(f"n_each: {n_each} rows of a stratum can't stand for it")
    code, sizes = _coded(strata)
    return _draw(code, sizes, np.minimum(sizes, n_each), rng)


def _coded(strata: ArrayLike) -> tuple[Ints, Ints]:
    """Each row's stratum, and each stratum's size."""
    _, code, sizes = np.unique(np.asarray(strata), return_inverse=True, return_counts=True)
    return code, sizes


def _shares(sizes: Ints, n: int) -> Ints:
    """How many of each: one, and of the rest its share, the largest remainders rounded up."""
    spare, left = sizes - 1, n - len(sizes)
    whole, part = np.divmod(spare * left, max(int(spare.sum()), 1))
    whole[np.argsort(-part, kind="stable")[: left - int(whole.sum())]] += 1
    counts: Ints = 1 + whole
    return counts


def _draw(code: Ints, sizes: Ints, counts: Ints, rng: np.random.Generator) -> Sample:
    """The first rows of each stratum in a random order."""
    order = np.lexsort((rng.random(len(code)), code))
    place = np.arange(len(code)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    rows = np.sort(order[place < counts[code[order]]])
    return Sample(rows, (sizes / counts)[code[rows]])
