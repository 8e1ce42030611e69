"""What are several features made of? Names for the moments and events that they share."""

from learnloop.features.fields import (
    HOUR_MS,
    answered,
    correct,
    day,
    easiness,
    hints,
    item,
    item_seconds,
    item_spread,
    seconds,
    skill,
)
from learnloop.features.language import (
    Expr,
    count,
    fill,
    known,
    last,
    lift,
    ln1p,
    on_grid,
    op,
    root,
    run,
    same,
    t,
    total,
    unknown,
    where,
)

INF = float("inf")
SECOND_MS = 1_000.0
MINUTE_MS = 60_000.0
SESSION_GAP_MS = 30 * MINUTE_MS

# Time.
gap = t - last(t)  # ms since the event before
gap_s = on_grid(gap / SECOND_MS)
new_session = unknown(gap) | (gap > SESSION_GAP_MS)
in_session = gap <= SESSION_GAP_MS
session_start = last(t, new_session)
n_sessions = count(new_session)
session_now = gap <= SESSION_GAP_MS  # at a question: the session goes on
session_length = last(t) - session_start  # of the latest session, ms
closed_minutes = on_grid(session_length / MINUTE_MS)  # where a new one begins: of the one before
closing = new_session & known(gap)
gap_days = on_grid(gap / (24 * HOUR_MS))
first_day = last(day(t), unknown(last(t)))
new_day = unknown(last(day(t))) | (day(t) > last(day(t)))

# Answers.
judged = answered & known(correct)
right = same(correct, 1.0)
n_judged = count(judged)
n_right = total(correct)
timed = answered & known(seconds)
hinted_answer = judged & (hints > 0.0)
ln_seconds = on_grid(ln1p(seconds))
pace = on_grid((ln1p(seconds) - ln1p(item_seconds)) / item_spread)  # slower than usual: > 0
p_item = on_grid(1.0 / (1.0 + op("exp", -easiness)))
surprise = on_grid(correct - p_item)

# Places.
same_item = same(item, last(item))
same_skill = same(skill, last(skill))
visits = count(by="item")  # of this item, so far
skill_answers = count(judged, by="skill")
new_to_skill = judged & same(skill_answers, 0.0)
skill_run = run(right, judged, by="skill")
REACHED_RUN = 3.0
reached_before = fill(last(1.0, right & (skill_run >= REACHED_RUN - 1.0), by="skill"), 0.0)
reaching = judged & right & (skill_run >= REACHED_RUN - 1.0) & same(reached_before, 0.0)
spinning = judged & (skill_answers >= 10.0) & same(reached_before, 0.0)


def share(of: Expr, among: Expr) -> Expr:
    """How many of `among` were also `of`; unknown before the first."""
    return count(of & among) / count(among)


def spread(x: Expr, when: Expr) -> Expr:
    """Standard deviation of x, which lies on the grid; unknown before the second."""
    counted = when if x.known else when & known(x)
    n, mean = count(counted), total(x, when) / count(counted)
    variance = total(x * x, when) / n - mean * mean
    return where(n > 1.0, root(where_positive(variance)), UNKNOWN)


def where_positive(x: Expr) -> Expr:
    """x, or 0 where rounding left it below."""
    return op("most", x, 0.0)


UNKNOWN = lift(0.0) / 0.0


def since(then: Expr, unit_ms: float) -> Expr:
    """Time from `then` to the moment."""
    return where_positive((t - then) / unit_ms)


def of_session(whole: Expr) -> Expr:
    """How much of a running total came in the latest session."""
    return whole - fill(last(whole, new_session), 0.0)
