"""Do the rows hold what they should? Columns and types, ranges, and values that are not there.

The ranges are those of `events.ingest`, which lets nothing else into the store.
"""

import polars as pl

from learnloop.core.types import InteractionKind
from learnloop.features.log import COLUMNS
from learnloop.features.quality.report import Check, Missing, Status, examples_of, judge

NEEDED = ("learner_id", "interaction_id", "occurred_us", "item_id", "kind")
USUAL = ("correct", "score", "response_time_ms", "position_s", "moved_s", "received_us")
DAY_US = 86_400_000_000
DAY_MS = 86_400_000
DAY_S = 86_400.0
LONGEST_ID = 200
MOST_HINTS = 1_000
LAST_SEQUENCE = 2**53
LAST_US = 253_402_300_799_000_000  # the end of the year 9999
RECENT_US = 7 * DAY_US
ENOUGH = 50
RISE = 0.2

_JUDGED = ("answered", "completed")
_judged = pl.col("correct").is_not_null() | pl.col("score").is_not_null()


def _id(name: str) -> pl.Expr:
    return ~pl.col(name).str.len_chars().is_between(1, LONGEST_ID)


def _outside(name: str, low: float, high: float) -> pl.Expr:
    return ~pl.col(name).is_between(low, high)


RANGES: dict[str, pl.Expr] = {
    "learner_id": _id("learner_id"),
    "interaction_id": _id("interaction_id"),
    "item_id": _id("item_id"),
    "occurred_us": _outside("occurred_us", 0, LAST_US),
    "sequence": _outside("sequence", 0, LAST_SEQUENCE),
    "kind": ~pl.col("kind").is_in([x.value for x in InteractionKind]),
    "correct": _judged & ~pl.col("kind").is_in(_JUDGED),
    "score": _outside("score", 0.0, 1.0),
    "response_time_ms": _outside("response_time_ms", 0, DAY_MS),
    "hints": _outside("hints", 0, MOST_HINTS),
    "position_s": _outside("position_s", 0.0, DAY_S),
    "moved_s": _outside("moved_s", -DAY_S, DAY_S)
    | (pl.col("moved_s").is_not_null() & (pl.col("kind") != "seeked")),
}
"""By column, which values can't be."""


def conform(frame: pl.DataFrame) -> tuple[pl.DataFrame | None, Check]:
    """The frame with every column of `log.COLUMNS`; None where one is missing that is needed."""
    lacking = [name for name in NEEDED if name not in frame.columns]
    if lacking:
        found = f"the columns {', '.join(lacking)} are missing"
        to_do = "name them as docs/guides/quality.md does"
        return None, Check("schema", Status.FAIL, found, len(lacking), len(COLUMNS), (), to_do)
    good = pl.DataFrame([_column(frame, name) for name in COLUMNS])
    shared = [name for name in COLUMNS if name in frame.columns]
    lost = {n: good[n].null_count() - frame[n].null_count() for n in shared}
    wrong = {name: n for name, n in lost.items() if n}
    strange = [name for name in frame.columns if name not in COLUMNS]
    if wrong:
        found = "values of another type: " + _counts(wrong)
        to_do = "send numbers as numbers, times as whole microseconds since 1970"
        return good, Check(
            "schema", Status.FAIL, found, sum(wrong.values()), frame.height, (), to_do
        )
    if strange:
        found = f"unknown columns, not looked at: {', '.join(strange)}"
        to_do = "rename or leave them out"
        return good, Check("schema", Status.WARN, found, len(strange), len(COLUMNS), (), to_do)
    return good, Check("schema", Status.OK, "all columns are as they should be", 0, len(COLUMNS))


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column in its own type; what is of another is null."""
    nothing = pl.Series(name, [None] * frame.height, dtype=COLUMNS[name])
    if name not in frame.columns or frame[name].dtype.is_nested():
        return nothing
    try:
        return frame[name].cast(COLUMNS[name], strict=False)
    except pl.exceptions.PolarsError:  # not even single values can be cast
        return nothing


def ranges(frame: pl.DataFrame) -> Check:
    """Are there values that can't be?"""
    bad = frame.select(rule.fill_null(False).alias(name) for name, rule in RANGES.items())
    wrong = {name: int(bad[name].sum()) for name in bad.columns if bad[name].any()}
    rows = frame.filter(bad.select(pl.any_horizontal(pl.all())).to_series())
    found = "impossible values: " + _counts(wrong) if wrong else "every value can be"
    to_do = "correct the sender; an import refuses such rows, with their reason"
    return judge("value_range", rows.height, frame.height, found, to_do,
                 fail_above=0.0, examples=examples_of(rows))  # fmt: skip


def missing(frame: pl.DataFrame) -> Check:
    """Does a row lack what every row needs, or an answer what came of it?"""
    gaps = {name: pl.col(name).is_null() for name in NEEDED}
    gaps["correct or score"] = (pl.col("kind") == "answered").fill_null(False) & ~_judged
    bad = frame.select(rule.alias(name) for name, rule in gaps.items())
    wrong = {name: int(bad[name].sum()) for name in bad.columns if bad[name].any()}
    rows = frame.filter(bad.select(pl.any_horizontal(pl.all())).to_series())
    found = "missing: " + _counts(wrong) if wrong else "nothing that is needed is missing"
    return judge("missing_value", rows.height, frame.height, found, "correct the sender",
                 fail_above=0.0, examples=examples_of(rows))  # fmt: skip


def missing_by_kind(frame: pl.DataFrame) -> tuple[Missing, ...]:
    """Of each kind of event, how often each column is empty that some kinds never have."""
    counted = frame.group_by("kind").agg(
        pl.len().alias("of"), *(pl.col(x).is_null().sum() for x in USUAL)
    )
    return tuple(
        Missing(column, row["kind"] or "", row[column], row["of"])
        for column in USUAL
        for row in counted.sort("kind", nulls_last=True).iter_rows(named=True)
    )


def missing_rising(frame: pl.DataFrame) -> Check:
    """Has something stopped to be sent? The last seven days beside all before."""
    code, last = "missing_rising", frame["occurred_us"].max()
    recent = pl.col("occurred_us") > (last if isinstance(last, int) else 0) - RECENT_US
    counted = (
        frame.filter(pl.col("occurred_us") > 0)
        .group_by("kind", recent.alias("recent"))
        .agg(pl.len().alias("of"), *(pl.col(x).is_null().mean() for x in USUAL))
        .filter(pl.col("of") >= ENOUGH)
    )
    both = counted.filter(~pl.col("recent")).join(
        counted.filter(pl.col("recent")), on="kind", suffix="_now"
    )
    rises = [
        f"{column} of {row['kind']} from {row[column]:.0%} to {row[column + '_now']:.0%}"
        for row in both.sort("kind").iter_rows(named=True)
        for column in USUAL
        if row[column + "_now"] - row[column] > RISE
    ]
    of = both.height * len(USUAL)
    if not rises:
        return Check(code, Status.OK, "no value is missing more often than before", 0, of)
    found = "missing more often in the last 7 days: " + ", ".join(rises)
    to_do = "ask what changed at the sender 7 days ago or later"
    return Check(code, Status.WARN, found, len(rises), of, (), to_do)


def _counts(wrong: dict[str, int]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in wrong.items())
