"""Can this log be trusted? Every question, asked of a frame of events.

    report = look(frame, now)                 # `features.log.COLUMNS`; the order is that of arrival
    report.status, report.alerts

Nothing is changed and nothing refused: a wrong row is counted, and named in an example.
"""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from learnloop.core.time import from_us, to_us
from learnloop.features.quality import arrival, conduct, content
from learnloop.features.quality.report import Check, Report, Status, judge


def look(frame: pl.DataFrame, now: datetime, *, max_age_h: float) -> Report:
    """All checks of a log.

    Args:
        frame: As `features.log.frame_of` makes it, or of another origin; only `learner_id`,
            `interaction_id`, `occurred_us`, `item_id` and `kind` are needed.
        max_age_h: How old the latest event may be, hours.
    """
    log, schema = content.conform(frame)
    if log is None or log.is_empty():
        checks = [schema]
        if log is not None:
            checks.append(Check("stale", Status.FAIL, "there are no events", to_do="send some"))
        return Report(now, frame.height, 0, None, None, tuple(checks))
    now_us = to_us(now)
    timed = log.filter(pl.col("occurred_us").is_between(1, content.LAST_US))
    days = arrival.per_day(timed, now_us)
    checks = [
        schema,
        content.ranges(log),
        content.missing(log),
        content.missing_rising(log),
        arrival.stale(timed, now_us, max_age_h),
        arrival.silence(timed),
        arrival.volume(days, now_us),
        conduct.doubled_ids(log),
        conduct.doubled_events(timed),
        conduct.future(timed, now_us),
        conduct.received_before(timed),
        conduct.offset(timed),
        conduct.back_in_time(timed),
        conduct.too_fast(log),
        conduct.same_response_time(log),
        conduct.overlap(timed),
    ]
    us = timed["occurred_us"].to_numpy()
    return Report(
        now,
        log.height,
        log["learner_id"].n_unique(),
        from_us(int(us.min())) if len(us) else None,
        from_us(int(us.max())) if len(us) else None,
        tuple(checks),
        days,
        content.missing_by_kind(log),
        arrival.delays(timed),
    )


def rejected(reasons: Mapping[str, int], lines: tuple[str, ...], n_read: int) -> Check:
    """Could rows of a file not be read at all?

    Args:
        reasons: How many by code of the rejection.
        lines: The first of them.
        n_read: Rows in all.
    """
    n = sum(reasons.values())
    found = f"{n:,} of {n_read:,} rows can't be taken"
    if reasons:
        found += ": " + ", ".join(f"{code} {k:,}" for code, k in sorted(reasons.items()))
    to_do = "learnloop import --rejections FILE keeps them all with their reason"
    return judge("rejected", n, n_read, found, to_do, fail_above=0.05, examples=lines)
