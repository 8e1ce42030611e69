"""Do the rows of today still look like those the model was fitted on? PSI and KS, by learner.

Two distances of the shares p (baseline) and q (now) of the same k bins:

    PSI = sum over bins of (p - q) ln(p / q)                the size of the change, any bins
    KS  = max over bins of |sum up to the bin of (p - q)|   where values have an order

How large they are without any drift depends on how many learners there are and on how alike the
rows of one learner are; a fixed cut-off (PSI > 0.1) misses real shifts of large samples and cries
wolf on small ones. So their law without drift is computed for the sizes at hand (`null.py`), and
the p-value is that of whichever of the two is more surprising, corrected for the choice.

Many columns: Holm's correction, because a reader should be able to trust each name in the list, and
because it holds for columns that hang together, as features do. So `alpha` is the chance that
anything at all is named while nothing has changed.

Learners who are on both sides make the test quieter than stated, never louder. One value per
learner is the same as rows that are independent.

Reference: Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian
Journal of Statistics 6.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from learnloop.core.errors import DataError
from learnloop.core.types import Floats, Ints
from learnloop.monitoring.baseline import Baseline, shares_of
from learnloop.monitoring.bins import Kind, bin_of, n_bins
from learnloop.monitoring.null import null_of
from learnloop.monitoring.shares import Learners, Shares

MIN_LEARNERS = 50
"""Fewer on either side: the answer is "not enough data yet"."""
SMALLEST_SHARE = 1e-4
"""Mixed into every bin of a PSI: a bin that was empty gives a large number, not infinity."""


class Answer(StrEnum):
    """What the comparison says."""

    SAME = "same"
    DRIFTED = "drifted"
    NOT_ENOUGH = "not_enough"


@dataclass(frozen=True, slots=True)
class Drift:
    """One column now, beside its baseline; None is what can't be said with so little data.

    Attributes:
        name: Of the column.
        answer: Whether it drifted, at the `alpha` of the whole table.
        n: Rows now.
        n_learners: Learners now.
        psi: Population stability index, nats, >= 0.
        psi_noise: A PSI below this is no more than chance at these sizes (95%, this column alone).
        ks: Largest difference of the two distributions, [0, 1]; None for a category.
        ks_noise: As `psi_noise`.
        p_value: P(so large a PSI or KS | nothing changed), of this column alone.
        p_adjusted: The same after Holm's correction over all columns.
        missing: Share of missing values now, mean over learners.
        missing_before: The same in the baseline.
    """

    name: str
    answer: Answer
    n: int
    n_learners: int
    psi: float | None = None
    psi_noise: float | None = None
    ks: float | None = None
    ks_noise: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    missing: float | None = None
    missing_before: float | None = None


def compare(
    baseline: Baseline,
    x: Floats,
    learner: Ints,
    rng: np.random.Generator,
    alpha: float = 0.05,
    n_draws: int = 10_000,
) -> tuple[Drift, ...]:
    """Compare rows with a baseline, column by column.

    Args:
        baseline: Of `baseline.build`.
        x: (n, n_columns) in the order of the baseline's columns; NaN is missing.
        learner: (n,) whose row it is; any whole numbers.
        rng: Draws the null.
        alpha: The chance that any column is named although none changed.
        n_draws: Of the null; `n_columns / alpha` at least, or no column can pass the correction.

    Raises:
        DataError: The number of columns is not that of the baseline.
    """
    if x.shape[1] != len(baseline.columns):
        raise DataError(f"{x.shape[1]} columns, the baseline has {len(baseline.columns)}")
    learners = Learners.of(learner)
    widest = max((len(c.shares) for c in baseline.columns), default=0)
    normal = rng.standard_normal((widest, n_draws))
    found = []
    for j, column in enumerate(baseline.columns):
        cuts = np.array(column.cuts)
        bins = bin_of(np.asarray(x[:, j], dtype=np.float64), cuts, column.kind)
        before = shares_of(column, baseline.n_learners)
        now = learners.shares(bins, n_bins(cuts)) if len(x) else None
        found.append(_column(column.name, column.kind, before, now, normal, len(x)))
    return _judged(found, alpha)


def psi(p: Floats, q: Floats) -> float:
    """The population stability index of two distributions, (k,) each; 0 only if they are equal."""
    p, q = (SMALLEST_SHARE + v * (1.0 - len(v) * SMALLEST_SHARE) for v in (p, q))
    return float(((p - q) * np.log(p / q)).sum())


def ks(p: Floats, q: Floats) -> float:
    """The largest difference of two distribution functions on the same ordered bins, [0, 1]."""
    return float(np.abs(np.cumsum(p - q)).max())


def holm(p_values: Floats) -> Floats:
    """Holm's adjusted p-values, (m,): at most alpha of tables have any below alpha by chance."""
    order = np.argsort(p_values, kind="stable")
    factor = np.arange(len(p_values), 0, -1)
    adjusted = np.minimum(np.maximum.accumulate(p_values[order] * factor), 1.0)
    back = np.empty_like(adjusted)
    back[order] = adjusted
    return back


def _column(
    name: str, kind: Kind, before: Shares, now: Shares | None, normal: Floats, n: int
) -> Drift:
    if now is None:
        return Drift(name, Answer.NOT_ENOUGH, n, 0)
    p, q = before.mean, now.mean
    ordered = kind is Kind.NUMBER
    sizes = {"psi": psi(p, q), "ks": ks(p, q) if ordered else None}
    seen = Drift(
        name, Answer.NOT_ENOUGH, n, now.n_learners, **sizes,
        missing=float(q[-1]), missing_before=float(p[-1]),
    )  # fmt: skip
    if min(before.n_learners, now.n_learners) < MIN_LEARNERS:
        return seen
    law = null_of(before, now, normal)
    return replace(
        seen,
        answer=Answer.SAME,
        psi_noise=float(np.quantile(law.x2, 0.95)),
        ks_noise=float(np.quantile(law.gap, 0.95)) if ordered else None,
        p_value=law.p_value(p - q, ordered),
    )


def _judged(found: list[Drift], alpha: float) -> tuple[Drift, ...]:
    asked = [k for k, x in enumerate(found) if x.p_value is not None]
    adjusted = holm(np.array([found[k].p_value for k in asked], dtype=np.float64))
    for k, value in zip(asked, adjusted.tolist(), strict=True):
        answer = Answer.DRIFTED if value <= alpha else Answer.SAME
        found[k] = replace(found[k], answer=answer, p_adjusted=value)
    return tuple(found)
