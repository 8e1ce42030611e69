"""Is there what people and good clocks don't do? Doubles, steps back in time, answers too fast."""

import polars as pl

from learnloop.features.quality.content import DAY_US
from learnloop.features.quality.report import Check, Status, examples_of, judge

MINUTE_US = 60_000_000
AHEAD_US = 5 * MINUTE_US
SESSION_US = 30 * MINUTE_US
TOO_FAST_MS = 200
OVERLAP_US = 1_000_000
ENOUGH_EVENTS, ENOUGH_ANSWERS = 20, 100
OFTEN = 0.2

SAME_EVENT = ("learner_id", "item_id", "kind", "occurred_us", "position_s", "moved_s")


def doubled_ids(frame: pl.DataFrame) -> Check:
    """Does the id of an interaction come twice?"""
    again = frame.filter(~pl.struct("learner_id", "interaction_id").is_first_distinct())
    found = f"{again.height:,} rows have the id of an earlier one"
    to_do = "only the first is kept; give a new id to a new interaction"
    return judge("duplicate_id", again.height, frame.height, found, to_do,
                 fail_above=0.05, examples=examples_of(again))  # fmt: skip


def doubled_events(timed: pl.DataFrame) -> Check:
    """Did the same learner do the same with the same item at the same instant, under other ids?"""
    once = timed.unique(["learner_id", "interaction_id"], keep="first", maintain_order=True)
    again = once.filter(~pl.struct(SAME_EVENT).is_first_distinct())
    found = f"{again.height:,} events are there twice under different ids"
    to_do = "let the sender keep an event's id when it sends the event again"
    return judge("duplicate_event", again.height, timed.height, found, to_do,
                 fail_above=0.05, examples=examples_of(again))  # fmt: skip


def future(timed: pl.DataFrame, now_us: int) -> Check:
    """Are there events that have not happened yet?"""
    bad = timed.filter(pl.max_horizontal("occurred_us", "received_us") > now_us + AHEAD_US)
    found = f"{bad.height:,} events of the future"
    if not bad.is_empty():
        ahead = (int(bad["occurred_us"].to_numpy().max()) - now_us) / DAY_US
        found += f", of {bad['learner_id'].n_unique():,} learners, up to {ahead:,.1f} days ahead"
    to_do = "correct the sender's clock, or the unit of its times"
    return judge("future_time", bad.height, timed.height, found, to_do,
                 fail_above=0.0, examples=examples_of(bad))  # fmt: skip


def received_before(timed: pl.DataFrame) -> Check:
    """Was an event received before it happened?"""
    came = timed.filter(pl.col("received_us").is_not_null())
    bad = came.filter(pl.col("occurred_us") > pl.col("received_us") + AHEAD_US)
    found = f"{bad.height:,} events were received over 5 minutes before they happened"
    to_do = "the sender's clock is ahead: let it take its time from a server"
    return judge("received_before", bad.height, came.height, found, to_do,
                 fail_above=0.01, examples=examples_of(bad))  # fmt: skip


def offset(timed: pl.DataFrame) -> Check:
    """Are there learners whose events all come the same half hour or more late, or early?"""
    delay = pl.col("received_us") - pl.col("occurred_us")
    of = (
        timed.filter(pl.col("received_us").is_not_null())
        .group_by("learner_id")
        .agg(
            pl.len().alias("n"),
            (pl.col("occurred_us").max() - pl.col("occurred_us").min()).alias("span"),
            delay.median().alias("delay"),
            (delay.quantile(0.95) - delay.quantile(0.05)).alias("spread"),
        )
        .filter((pl.col("n") >= ENOUGH_EVENTS) & (pl.col("span") >= 60 * MINUTE_US))
    )
    bad = of.filter(
        (pl.col("delay").abs() >= SESSION_US) & (pl.col("spread") <= 2 * MINUTE_US)
    ).sort("learner_id")
    found = f"{bad.height:,} of {of.height:,} learners have a constant delay of over half an hour"
    if not bad.is_empty():
        found += f", e.g. {bad['delay'][0] / (60 * MINUTE_US):+.2f} h (examples are learners)"
    to_do = "a wrong time zone or clock: let the sender write times with their zone"
    return judge("clock_offset", bad.height, of.height, found, to_do,
                 fail_above=0.05, examples=examples_of(bad, "learner_id"))  # fmt: skip


def back_in_time(timed: pl.DataFrame) -> Check:
    """Within half an hour, do a learner's events come in another order than they happened?"""
    came = timed.sort("received_us", nulls_last=True, maintain_order=True)
    step = pl.col("occurred_us").diff().over("learner_id")
    bad = came.filter((step < 0) & (step > -SESSION_US))
    found = f"{bad.height:,} events came after a later one of the same half hour"
    to_do = "nothing is lost: states are replayed; but let the sender keep a queue"
    return judge("back_in_time", bad.height, timed.height, found, to_do,
                 warn_above=0.01, fail_above=1.0, examples=examples_of(bad))  # fmt: skip


def too_fast(frame: pl.DataFrame) -> Check:
    """Are there answers faster than anybody reads?"""
    of = _timed_answers(frame)
    bad = of.filter(pl.col("response_time_ms") < TOO_FAST_MS)
    found = f"{bad.height:,} of {of.height:,} answers in under {TOO_FAST_MS} ms"
    to_do = "response times are milliseconds from showing to answer: are seconds sent?"
    return judge("too_fast", bad.height, of.height, found, to_do,
                 warn_above=0.01, fail_above=0.2, examples=examples_of(bad))  # fmt: skip


def same_response_time(frame: pl.DataFrame) -> Check:
    """Is one response time far too common to be measured?"""
    code, of = "same_response_time", _timed_answers(frame)
    if of.height < ENOUGH_ANSWERS:
        return Check(code, Status.OK, "too few answers with a response time", 0, of.height)
    common = of.group_by("response_time_ms").len().sort("len", "response_time_ms").tail(1)
    value, n = common["response_time_ms"][0], common["len"][0]
    bad = of.filter(pl.col("response_time_ms") == value)
    found = f"the most common response time, {value:,} ms, has {n / of.height:.0%} of the answers"
    to_do = "leave an unknown response time out instead of sending a stand-in"
    return judge(code, n, of.height, found, to_do,
                 warn_above=OFTEN, fail_above=1.0, examples=examples_of(bad))  # fmt: skip


def overlap(timed: pl.DataFrame) -> Check:
    """Did a learner still answer one item when the next was shown?"""
    answers = _timed_answers(timed).sort("learner_id", "occurred_us", "sequence")
    following = pl.col("occurred_us").shift(-1).over("learner_id")
    end = pl.col("occurred_us") + pl.col("response_time_ms") * 1000
    bad = answers.filter((following > pl.col("occurred_us")) & (following < end - OVERLAP_US))
    found = f"{bad.height:,} answers end after the next item was shown"
    to_do = "an answer's time is when its item was shown, not when it was given"
    return judge("overlap", bad.height, answers.height, found, to_do,
                 warn_above=0.05, fail_above=1.0, examples=examples_of(bad))  # fmt: skip


def _timed_answers(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter((pl.col("kind") == "answered") & (pl.col("response_time_ms") >= 0))
