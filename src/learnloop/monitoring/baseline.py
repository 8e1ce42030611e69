"""What did the data look like when the model was fitted? Bins, shares and their spread by learner.

Of each column: where its bins begin, the share of every bin by learner and how it spreads between
learners (`shares.py`). The rows are not kept.

Predictions are one more column. `to_json` and `of_json` are exact inverses; the file of a model's
artifact is `baseline.json`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from learnloop.core.errors import ArtifactError
from learnloop.core.types import Floats, Ints
from learnloop.monitoring.bins import Kind, bin_of, cuts_of, n_bins
from learnloop.monitoring.shares import Learners, Shares

VERSION = 1
DIGITS = 6
"""Of a covariance; its own sampling error is in the second or third."""


@dataclass(frozen=True, slots=True)
class Column:
    """What is kept of one feature, or of the predictions; k bins, the last of missing values.

    Attributes:
        name: Of the feature.
        kind: Whether its values have an order.
        cuts: Where bins begin, or the values of a category; see `bins.cuts_of`.
        counts: (k,) rows in each bin.
        shares: (k,) mean over learners of each bin's share of their rows; they add up to 1.
        covariance: (k (k + 1) / 2,) of the shares between learners, lower triangle by rows.
        mean: Of the known values, each row once; None where there are none.
        stddev: Their standard deviation.
    """

    name: str
    kind: Kind
    cuts: tuple[float, ...]
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    covariance: tuple[float, ...]
    mean: float | None
    stddev: float | None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What later data is compared with.

    Attributes:
        n: Rows.
        n_learners: Learners among them.
        columns: One for each feature, in the order of the rows' columns.
        version: Of this format.
    """

    n: int
    n_learners: int
    columns: tuple[Column, ...]
    version: int = VERSION


def build(
    names: Sequence[str], x: Floats, learner: Ints, categories: Collection[str] = ()
) -> Baseline:
    """What is kept of the rows a model was fitted on.

    Args:
        names: Of the columns, each once.
        x: (n, n_columns) features, and predictions where they are to be watched; NaN is missing.
        learner: (n,) whose row it is; any whole numbers.
        categories: Names of the columns whose values have no order.
    """
    learners = Learners.of(learner)
    columns = (
        _column(name, np.asarray(x[:, j], dtype=np.float64), learners, name in categories)
        for j, name in enumerate(names)
    )
    return Baseline(len(x), len(learners.n_rows), tuple(columns) if len(x) else ())


def shares_of(column: Column, n_learners: int) -> Shares:
    """The shares of a column as arrays."""
    k = len(column.shares)
    covariance = np.zeros((k, k))
    covariance[np.tril_indices(k)] = column.covariance
    covariance += np.tril(covariance, -1).T
    return Shares(np.array(column.shares), covariance, n_learners)


def to_json(baseline: Baseline) -> bytes:
    """The baseline as the text of `baseline.json`."""
    return msgspec.json.encode(baseline)


def of_json(text: bytes) -> Baseline:
    """The baseline of `to_json`.

    Raises:
        ArtifactError: The text is no baseline, or one of another version.
    """
    try:
        baseline = msgspec.json.decode(text, type=Baseline)
    except msgspec.DecodeError as error:
        raise ArtifactError(f"baseline.json is not a baseline: {error}") from error
    if baseline.version != VERSION:
        raise ArtifactError(f"baseline.json has version {baseline.version}, not {VERSION}")
    return baseline


def _column(name: str, x: Floats, learners: Learners, category: bool) -> Column:
    kind = Kind.CATEGORY if category else Kind.NUMBER
    cuts = cuts_of(x, kind)
    k = n_bins(cuts)
    bins = bin_of(x, cuts, kind)
    shares = learners.shares(bins, k)
    known = x[np.isfinite(x)]
    return Column(
        name,
        kind,
        tuple(cuts.tolist()),
        tuple(np.bincount(bins, minlength=k).tolist()),
        tuple(shares.mean.tolist()),
        tuple(float(f"{v:.{DIGITS}g}") for v in shares.covariance[np.tril_indices(k)]),
        float(known.mean()) if len(known) else None,
        float(known.std()) if len(known) else None,
    )
