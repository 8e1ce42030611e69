"""Do features give answers away? Plant events that they may not know, and look for labels in them.

Of a way of computing features, on any log and any questions of it:

`future_in_features`   After a random instant of each learner events are dropped, turned over and
    added: no vector up to that instant may change. Where only what was received counts, the planted
    events are received after the instant, whenever they occurred.
`others_in_features`   The same is done to the whole log of every second learner: no vector of the
    others may change.

Of the rows of a training set:

`learner_on_both_sides`   A learner is learnt from and judged.
`label_in_features`   A feature, or whether it is known, tells the label with an AUC > .999 either
    way; of a label with more than two values, it has its order (rank correlation > .999). A feature
    that is the label has 1.
"""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from learnloop.core.types import Bools, Floats, Ints
from learnloop.features.asof import KnownBy
from learnloop.features.log import ORDER
from learnloop.metrics import auc
from learnloop.training.findings import Finding, Verdict
from learnloop.training.sides import Sides, shared_learners

N_ROUNDS = 4
N_ADDED = 3
ONE_DAY_US = 86_400_000_000
CLOSE = 1e-9
MAX_AUC = 0.999
MIN_EACH = 20
MAX_ROWS = 50_000

Compute = Callable[[pl.DataFrame, pl.DataFrame], Floats]
"""From questions (`learner_id`, `at_us`, ...) and a log of `features.log.COLUMNS` to (m, n)."""


def planted_findings(
    compute: Compute,
    names: Sequence[str],
    questions: pl.DataFrame,
    log: pl.DataFrame,
    rng: np.random.Generator,
    known_by: KnownBy,
) -> tuple[Finding, ...]:
    """Compute the vectors again beside planted events, several times."""
    said = compute(questions, log)
    future = [_cuts(questions, rng) for _ in range(N_ROUNDS)]
    others = [_every_second(questions, rng) for _ in range(N_ROUNDS)]
    complaints = {
        "future_in_features": ("later events", future),
        "others_in_features": ("events of other learners", others),
    }
    findings = []
    for check, (what, rounds) in complaints.items():
        moved, n_watched = np.zeros(len(names), dtype=np.int64), 0
        for cuts in rounds:
            again = compute(questions, _planted(log, cuts, rng, known_by))
            watched = _watched(questions, cuts)
            moved += _differ(again[watched], said[watched]).sum(0)
            n_watched += int(watched.sum())
        findings.append(_planted_finding(check, what, names, moved, n_watched))
    return tuple(findings)


def learner_on_both_sides(rows: pl.DataFrame, sides: Sides) -> Finding:
    """Is a learner learnt from and judged?"""
    check, shared = "learner_on_both_sides", shared_learners(rows, sides)
    measured = {"shared": float(len(shared))}
    if shared:
        message = f"{len(shared)} learners are on both sides, {shared[0]} for one: split by learner"
        return Finding(check, Verdict.FAILED, message, measured)
    return Finding(check, Verdict.PASSED, "no learner is on both sides", measured)


def label_in_features(rows: pl.DataFrame, names: Sequence[str], label: str) -> Finding:
    """Does a feature hold the label?"""
    check = "label_in_features"
    some = rows.filter(rows[label].is_not_null()).gather_every(-(-rows.height // MAX_ROWS) or 1)
    values = some[label].unique().sort()
    if len(values) < 2 or not (values.dtype.is_numeric() or len(values) == 2):
        return Finding(check, Verdict.UNKNOWN, f"{label} can't be ordered: give numbers")
    if len(values) == 2:
        positive = (some[label] == values[1]).to_numpy()
        told = {name: _told(positive, some[name].to_numpy()) for name in names}
    else:
        told = {name: _ordered(some, label, name) for name in names}
    inside = sorted((x for x in names if told[x] > MAX_AUC), key=lambda x: -told[x])
    measured = {"most_told": max(told.values(), default=0.0), "features": float(len(inside))}
    if inside:
        message = f"{', '.join(inside[:5])} tell {label}: they know what came of the question"
        return Finding(check, Verdict.FAILED, message, measured)
    return Finding(check, Verdict.PASSED, f"no feature tells {label} by itself", measured)


# --- what is planted ------------------------------------------------------------------------------


def _cuts(questions: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """One instant for each learner: that of one of their questions."""
    mixed = questions.select("learner_id", cut="at_us")[rng.permutation(questions.height)]
    return mixed.unique("learner_id", keep="first")


def _every_second(questions: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The beginning of time for every second learner; the others have no cut."""
    names = questions["learner_id"].unique().sort().gather_every(2, int(rng.integers(2)))
    return pl.DataFrame({"learner_id": names, "cut": np.zeros(len(names), dtype=np.int64)})


def _watched(questions: pl.DataFrame, cuts: pl.DataFrame) -> Bools:
    """(m,) which vectors must stay: those up to the cut, and those of learners without one."""
    joined = questions.join(cuts, on="learner_id", how="left", maintain_order="left")
    return (joined["at_us"] <= joined["cut"]).fill_null(True).to_numpy()


def _planted(
    log: pl.DataFrame, cuts: pl.DataFrame, rng: np.random.Generator, known_by: KnownBy
) -> pl.DataFrame:
    """The log with other events behind the cuts; learners without one keep theirs."""
    cut = log.join(cuts, on="learner_id", how="left", maintain_order="left")["cut"]
    known = log["received_us"] > cut if known_by == "received" else log["occurred_us"] >= cut
    behind = known.fill_null(False)
    later = log.filter(behind)
    kept = later.filter(pl.Series(rng.random(later.height) < 0.5, dtype=pl.Boolean))
    turned = kept.with_columns(
        ~pl.col("correct"), pl.lit(None, pl.Int64).alias("response_time_ms"), pl.col("hints") + 1
    )
    return pl.concat([log.filter(~behind), turned, _added(log, cuts, rng, known_by)]).sort(ORDER)


def _added(
    log: pl.DataFrame, cuts: pl.DataFrame, rng: np.random.Generator, known_by: KnownBy
) -> pl.DataFrame:
    """Events like those of the log, a few for each cut, within a day of it."""
    n = N_ADDED * cuts.height if log.height else 0
    like = log[rng.integers(log.height, size=n)] if n else log[:0]
    cut = np.repeat(cuts["cut"].to_numpy(), N_ADDED)[:n]
    earliest = -ONE_DAY_US if known_by == "received" else 0
    occurred = cut + rng.integers(earliest, ONE_DAY_US, size=n)
    return like.with_columns(
        pl.Series("learner_id", np.repeat(cuts["learner_id"].to_numpy(), N_ADDED)[:n], pl.String),
        pl.Series("interaction_id", [f"planted {k}" for k in range(n)], pl.String),
        pl.Series("occurred_us", occurred),
        pl.Series("received_us", np.maximum(occurred, cut) + 1),
    )


def _differ(a: Floats, b: Floats) -> Bools:
    """Where two are further apart than the order of additions can bring them."""
    close = np.abs(a - b) <= CLOSE * np.maximum(1.0, np.abs(b))
    return ~(close | (np.isnan(a) & np.isnan(b)))


def _planted_finding(
    check: str, what: str, names: Sequence[str], moved: Ints, n_watched: int
) -> Finding:
    measured = {"moved": float(moved.sum()), "watched": float(n_watched)}
    if not n_watched:
        return Finding(check, Verdict.UNKNOWN, "there are no questions to watch", measured)
    if moved.any():
        worst = [names[i] for i in np.argsort(-moved, kind="stable")[:5] if moved[i]]
        message = f"{what} move {', '.join(worst)}: compute from what was known by the question"
        return Finding(check, Verdict.FAILED, message, measured)
    return Finding(check, Verdict.PASSED, f"none of {n_watched} vectors moved", measured)


# --- what tells the label -------------------------------------------------------------------------


def _told(positive: Bools, x: Floats) -> float:
    """The AUC of a feature, or of its being known, whichever tells more; 1/2 where few can say."""
    x = x.astype(np.float64)
    known = ~np.isnan(x)
    return max(_either_way(positive[known], x[known]), _either_way(positive, known.astype(float)))


def _either_way(positive: Bools, x: Floats) -> float:
    n = int(positive.sum())
    if min(n, len(positive) - n) < MIN_EACH:
        return 0.5
    found = auc(positive, x)
    return max(found, 1.0 - found)


def _ordered(rows: pl.DataFrame, label: str, name: str) -> float:
    """The rank correlation, without its sign; 0 where few can say."""
    known = rows.select(label, name).filter(pl.col(name).is_not_nan())
    if known.height < MIN_EACH or known[name].n_unique() < 2:
        return 0.0
    ranks = (pl.col(x).rank() for x in (label, name))
    return abs(float(known.select(pl.corr(*ranks)).item()))
