"""Did the events come as they used to? How fresh they are, how many a day, and after how long."""

from datetime import timedelta

import numpy as np
import polars as pl

from learnloop.core.time import EPOCH, from_us
from learnloop.features.quality.content import DAY_US
from learnloop.features.quality.report import Check, Day, Delay, Status

HOUR_US = 3_600_000_000
WEEK = 7
WEEKS_BEFORE, LEAST_WEEKS = 8, 4
WIDE = 5.0
NORMAL_MAD = 1.4826
RECENT_DAYS = 28
VERY_STALE = 7.0

DELAYS = (
    ("before it happened", 0),
    ("under 1 s", 1_000_000),
    ("under 10 s", 10_000_000),
    ("under 1 min", 60_000_000),
    ("under 10 min", 600_000_000),
    ("under 1 h", HOUR_US),
    ("under 1 day", DAY_US),
    ("under 7 days", 7 * DAY_US),
    ("longer", 2**62),
)
"""The bins of the delays: a name, and the end in microseconds."""

NO_TIMES = "the log has no times"


def stale(timed: pl.DataFrame, now_us: int, max_age_h: float) -> Check:
    """How old is the latest event?"""
    code = "stale"
    if timed.is_empty():
        return Check(code, Status.OK, NO_TIMES)
    last = int(timed["occurred_us"].to_numpy().max())
    age_h = max(now_us - last, 0) / HOUR_US
    found = f"the latest event is {_hours(age_h)} old"
    if age_h <= max_age_h:
        return Check(code, Status.OK, found)
    worse = age_h > VERY_STALE * max_age_h
    to_do = f"ask the sender whether it still sends; {max_age_h:g} h are allowed (--max-age)"
    return Check(code, Status.FAIL if worse else Status.WARN, found, to_do=to_do)


def silence(timed: pl.DataFrame) -> Check:
    """Was there a time without any event, far longer than the longest of a usual week?"""
    code = "silence"
    if timed.is_empty():
        return Check(code, Status.OK, NO_TIMES)
    us = np.sort(timed["occurred_us"].to_numpy())
    gaps, week = np.diff(us) / HOUR_US, us[1:] // (WEEK * DAY_US)
    weeks, at = np.unique(week, return_inverse=True)
    longest = np.zeros(len(weeks))
    np.maximum.at(longest, at, gaps)
    usual = float(np.median(longest)) if len(longest) else 0.0
    limit = max(24.0, 2.0 * usual)
    long = np.flatnonzero(gaps > limit)
    found = f"the longest silence of a usual week is {_hours(usual)}"
    if not len(long):
        return Check(code, Status.OK, found, 0, len(gaps))
    starts = tuple(f"{from_us(int(us[i])):%Y-%m-%d %H:%M} UTC, {_hours(gaps[i])}" for i in long[:5])
    found = f"silences longer than {_hours(limit)}: {len(long)}; {found}"
    to_do = "holidays? else ask for the events of these times (each begins at)"
    return Check(code, Status.WARN, found, len(long), len(gaps), starts, to_do)


def per_day(timed: pl.DataFrame, now_us: int) -> tuple[Day, ...]:
    """Every day from the first event to the last, with what the same weekdays before let expect.

    The band is the median of up to eight same weekdays before, and five times their spread to both
    sides: 1.4826 times the median absolute deviation, at least the Poisson spread of that median
    and a tenth of it.
    """
    us = timed["occurred_us"].to_numpy()
    us = us[us <= now_us]
    if not len(us):
        return ()
    first = int(us.min()) // DAY_US
    counts = np.bincount(us // DAY_US - first)
    days = []
    for i, n in enumerate(counts.tolist()):
        before = counts[i % WEEK : i : WEEK][-WEEKS_BEFORE:]
        low, high = _band(before) if len(before) >= LEAST_WEEKS else (np.nan, np.nan)
        on = (EPOCH + timedelta(days=first + i)).date()
        days.append(Day(on.isoformat(), n, low, high))
    return tuple(days)


def volume(days: tuple[Day, ...], now_us: int) -> Check:
    """Were there far more or fewer events than on the same weekdays before?"""
    code = "volume"
    today = (EPOCH + timedelta(microseconds=now_us)).date().isoformat()
    whole = [x for x in days if x.day < today]
    judged = [x for x in whole[-RECENT_DAYS:] if x.low == x.low]
    if not judged:
        return Check(code, Status.OK, "too few weeks to say what is usual", 0, 0)
    strange = [x for x in judged if x.is_strange]
    if not strange:
        return Check(code, Status.OK, f"the last {len(judged)} days are as usual", 0, len(judged))
    last = judged[-1]
    fell = last.n < last.low
    found = f"{len(strange)} of the last {len(judged)} days unlike the same weekdays before"
    if fell:
        found += f"; the last one has {last.n:,} events where at least {last.low:,.0f} were usual"
    shown = tuple(f"{x.day}: {x.n:,}, usual {x.low:,.0f}-{x.high:,.0f}" for x in strange[-5:])
    to_do = "compare with the sender's own counts for these days"
    status = Status.FAIL if fell else Status.WARN
    return Check(code, status, found, len(strange), len(judged), shown, to_do)


def delays(timed: pl.DataFrame) -> tuple[Delay, ...]:
    """How long after it had happened each event was received."""
    came = timed.filter(pl.col("received_us").is_not_null())
    if came.is_empty():
        return ()
    delay = (came["received_us"] - came["occurred_us"]).to_numpy()
    ends = [end for _, end in DELAYS]
    counts = np.bincount(
        np.searchsorted(ends[:-1], delay, side="right"), minlength=len(ends)
    ).tolist()
    return tuple(Delay(label, n) for (label, _), n in zip(DELAYS, counts, strict=True))


def _band(before: np.ndarray) -> tuple[float, float]:
    middle = float(np.median(before))
    spread = NORMAL_MAD * float(np.median(np.abs(before - middle)))
    width = WIDE * max(spread, (middle + 1.0) ** 0.5, 0.1 * middle)
    return max(middle - width, 0.0), middle + width


def _hours(hours: float) -> str:
    return f"{hours:.1f} h" if hours < 48.0 else f"{hours / 24.0:,.1f} days"
