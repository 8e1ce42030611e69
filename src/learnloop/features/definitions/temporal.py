"""When does the learner study? Sessions, gaps, regularity, hours, recency.

A session ends after 30 minutes without an event. Hours and days are UTC. In a log without times all
of these are unknown, except the counts.
"""

from learnloop.features.definition import Definer, Family, Feature
from learnloop.features.definitions.parts import (
    INF,
    MINUTE_MS,
    closed_minutes,
    closing,
    first_day,
    gap,
    gap_days,
    gap_s,
    in_session,
    n_sessions,
    new_day,
    new_session,
    session_length,
    session_now,
    session_start,
    share,
    since,
    spread,
)
from learnloop.features.fields import DAY_MS, HOUR_MS, day, hour_of_day, weekday
from learnloop.features.language import (
    count,
    evenness,
    ewm,
    fading,
    in_bin,
    known,
    last,
    ln1p,
    mean,
    most,
    on_grid,
    op,
    peak,
    quantile,
    run,
    same,
    t,
    tally,
    total,
    where,
)

temporal = Definer(Family.TEMPORAL)

_hours = tally(hour_of_day(t), tuple(float(h) for h in range(1, 24)))
_days = tally(weekday(t), tuple(float(d) for d in range(1, 7)))
_parts = tally(hour_of_day(t), (6.0, 12.0, 18.0))
_gaps = tally(gap_s, (1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0), in_session)
_n_days = count(new_day & known(t))
_dated = count(known(t))
_ln_gap_hours = on_grid(ln1p(gap / HOUR_MS))
_closed_total = total(closed_minutes, closing)
_session_minutes = session_length / MINUTE_MS


def _recency(days: float) -> Feature:
    halves = since(last(t), days * DAY_MS)
    return temporal(
        f"recency_{days:g}d",
        op("exp", halves * -0.6931471805599453),
        f"1 at the latest event, halved every {'day' if days == 1 else f'{days:g} days'} since.",
        default=0.0,
    )


def _activity(name: str, half_life_ms: float, words: str) -> Feature:
    return temporal(
        f"activity_{name}",
        fading(1.0, half_life_ms),
        f"Events, each one halved every {words}.",
        unit="count",
        high=INF,
        default=0.0,
    )


FEATURES: tuple[Feature, ...] = (
    temporal("user_activity_count", count(), "All events.", unit="count", high=INF, default=0.0),
    temporal("time_since_last_activity", since(last(t), HOUR_MS),
             "Hours since the latest event.", unit="h", high=INF),
    temporal("days_since_first", since(last(t, same(count(), 0.0)), DAY_MS),
             "Days since the first event.", unit="day", high=INF),
    temporal("last_gap_minutes", last(gap) / MINUTE_MS,
             "Minutes between the latest two events.", unit="min", high=INF),
    temporal("n_sessions", n_sessions, "Sessions begun.", unit="count", high=INF, default=0.0),
    temporal("avg_session_duration", (_closed_total + _session_minutes) / n_sessions,
             "Mean length of a session, the latest one as far as it got.", unit="min", high=INF),
    temporal("session_minutes_so_far", where(session_now, (t - session_start) / MINUTE_MS, 0.0),
             "Length of the session that goes on; 0 where none does.", unit="min", high=INF,
             default=0.0),
    temporal("session_events_so_far", where(session_now, run(~new_session) + 1.0, 0.0),
             "Events of the session that goes on; 0 where none does.", unit="count", high=INF,
             default=0.0),
    temporal("last_session_minutes", last(closed_minutes, closing),
             "Length of the session before the latest one.", unit="min", high=INF),
    temporal("session_minutes_recent", ewm(closed_minutes, 0.3, closing),
             "Moving average of the lengths of sessions, weight 0.3.", unit="min", high=INF),
    temporal("session_minutes_spread", spread(closed_minutes, closing),
             "Standard deviation of the lengths of closed sessions.", unit="min", high=INF),
    temporal("short_session_share", share(closed_minutes < 5.0, closing),
             "Closed sessions under 5 minutes."),
    temporal("long_session_share", share(closed_minutes >= 45.0, closing),
             "Closed sessions of 45 minutes and more."),
    temporal("single_event_session_share", share(same(run(~new_session), 0.0), closing),
             "Closed sessions of one event."),
    temporal("events_per_session", count() / n_sessions, "Events in a session.", unit="count",
             high=INF),
    temporal("sessions_per_week", n_sessions / most(since(last(t, same(count(), 0.0)),
                                                          7 * DAY_MS), 1.0),
             "Sessions per week since the first event; a span under a week counts as one.",
             unit="1/week", high=INF),
    temporal("gap_median", quantile(_gaps, 0.5), "Median gap between events in a session.",
             unit="s", low=1.0, high=640.0),
    temporal("gap_p90", quantile(_gaps, 0.9), "90% of the gaps in a session are shorter.",
             unit="s", low=1.0, high=640.0),
    temporal("gap_days_mean", mean(gap_days, closing), "Mean gap between sessions.", unit="day",
             high=INF),
    temporal("gap_days_recent", ewm(gap_days, 0.3, closing),
             "Moving average of the gaps between sessions, weight 0.3.", unit="day", high=INF),
    temporal("gap_days_last", last(gap_days, closing), "The latest gap between sessions.",
             unit="day", high=INF),
    temporal("gap_irregularity", spread(_ln_gap_hours, closing),
             "Standard deviation of log(1 + hours) between sessions: 0 is clockwork.", high=INF),
    temporal("gap_overdue", since(last(t), DAY_MS) / mean(gap_days, closing),
             "Time since the latest event over the mean gap between sessions.", high=INF),
    temporal("n_active_days", _n_days, "Days (UTC) with an event.", unit="count", high=INF,
             default=0.0),
    temporal("active_day_share", _n_days / (day(t) - first_day + 1.0),
             "Days with an event since the first."),
    temporal("day_streak", where(day(t) - last(day(t)) <= 1.0,
                                 run(same(day(t) - last(day(t)), 1.0), new_day) + 1.0, 0.0),
             "Days in a row with an event, up to today or yesterday.", unit="count", high=INF,
             default=0.0),
    temporal("active_days_recent", fading(1.0, 7 * DAY_MS, new_day),
             "Active days, each one halved every 7 days.", unit="count", high=INF, default=0.0),
    _activity("1h", HOUR_MS, "hour"),
    _activity("1d", DAY_MS, "day"),
    _activity("7d", 7 * DAY_MS, "7 days"),
    _activity("30d", 30 * DAY_MS, "30 days"),
    temporal("activity_momentum",
             ln1p(fading(1.0, DAY_MS)) - ln1p(fading(1.0, 30 * DAY_MS)),
             "Log of (1 + activity_1d) over (1 + activity_30d): near 0 while activity is all new.",
             low=-INF, high=0.0),
    _recency(1), _recency(7), _recency(30),
    temporal("hour_now", hour_of_day(t), "Hour of the moment.", unit="h", high=23.0),
    temporal("weekday_now", weekday(t), "Day of the week of the moment, 0 = Monday.", unit="day",
             high=6.0),
    temporal("weekend_now", op("number", weekday(t) >= 5.0), "1 on Saturday and Sunday.",
             default=0.0),
    temporal("peak_hour", peak(_hours), "The hour with most events.", unit="h", high=23.0),
    temporal("hour_evenness", evenness(_hours),
             "How evenly events spread over the 24 hours: 0 one hour, 1 all alike."),
    temporal("peak_weekday", peak(_days), "The day of the week with most events, 0 = Monday.",
             unit="day", high=6.0),
    temporal("weekday_evenness", evenness(_days),
             "How evenly events spread over the days of the week."),
    temporal("night_share", in_bin(_parts, 0) / _dated, "Events from 0 to 6 o'clock."),
    temporal("morning_share", in_bin(_parts, 1) / _dated, "Events from 6 to 12 o'clock."),
    temporal("afternoon_share", in_bin(_parts, 2) / _dated, "Events from 12 to 18 o'clock."),
    temporal("evening_share", in_bin(_parts, 3) / _dated, "Events from 18 to 24 o'clock."),
    temporal("weekend_share", (in_bin(_days, 5) + in_bin(_days, 6)) / _dated,
             "Events on Saturday or Sunday."),
)  # fmt: skip
