"""How hard is it to work? Response times beside the item's own, pauses, help, guessing, spinning.

`pace` is (log(1 + seconds) - log(1 + the item's seconds)) / the item's spread: over 0 is slow.
Signs of effort, not of ability; none of them is a diagnosis.
"""

from learnloop.features.definition import Definer, Family, Feature
from learnloop.features.definitions.parts import (
    INF,
    UNKNOWN,
    gap_s,
    in_session,
    judged,
    ln_seconds,
    n_judged,
    of_session,
    pace,
    right,
    same_item,
    session_now,
    share,
    spinning,
    spread,
    timed,
)
from learnloop.features.fields import (
    MAX_SECONDS,
    correct,
    hinted,
    hints,
    item_seconds,
    seconds,
    skipped,
)
from learnloop.features.language import (
    count,
    ewm,
    fill,
    known,
    last,
    least,
    mean,
    most,
    op,
    quantile,
    recent_mean,
    run,
    same,
    tally,
    total,
    where,
)

load = Definer(Family.LOAD)

_times = tally(seconds, (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0), timed)
_rapid = timed & (seconds < least(3.0, fill(item_seconds, 10.0) * 0.25))
_slow, _fast = pace > 1.0, pace < -1.0
_after_wrong = same(last(correct), 0.0)
_after_right = same(last(correct), 1.0)
_was_hint = same(fill(last(op("number", hinted)), 0.0), 1.0)
_pause = in_session & (gap_s > 120.0)
_think = most(gap_s - seconds, 0.0)
_timed_pace = timed & known(pace)
_session_pace = of_session(total(pace, timed)) / of_session(count(_timed_pace))

FEATURES: tuple[Feature, ...] = (
    # Response times.
    load("seconds_median", quantile(_times, 0.5), "Median response time.", unit="s", low=1.0,
         high=512.0),
    load("seconds_p90", quantile(_times, 0.9), "90% of response times are shorter.", unit="s",
         low=1.0, high=512.0),
    load("seconds_last", last(seconds, timed), "The latest response time.", unit="s", high=600.0),
    load("seconds_mean", mean(seconds, timed), "Mean response time.", unit="s", high=600.0),
    load("idle_answers", count(timed & (seconds >= MAX_SECONDS)),
         "Answers of ten minutes and more; their time counts as ten.", unit="count", high=INF,
         default=0.0),
    load("seconds_dispersion", spread(seconds, timed) / mean(seconds, timed),
         "Standard deviation of response times over their mean.", high=INF),
    load("ln_seconds_mean", mean(ln_seconds, timed), "Mean of log(1 + seconds).", high=6.5),
    load("ln_seconds_spread", spread(ln_seconds, timed), "Spread of log(1 + seconds).", high=6.5),
    load("ln_seconds_recent", ewm(ln_seconds, 0.1, timed),
         "Moving average of log(1 + seconds), weight 0.1.", high=6.5),
    load("ln_seconds_change", ewm(ln_seconds, 0.3, timed) - ewm(ln_seconds, 0.05, timed),
         "Short less long moving average: over 0 is slowing down.", low=-6.5, high=6.5),
    load("seconds_right", mean(ln_seconds, timed & right), "Mean log(1 + seconds) of right "
         "answers.", high=6.5),
    load("seconds_wrong", mean(ln_seconds, timed & judged & ~right), "Mean log(1 + seconds) of "
         "wrong answers.", high=6.5),
    # Beside the item's own.
    load("pace_mean", mean(pace, timed), "Mean pace.", low=-INF, high=INF),
    load("pace_recent", ewm(pace, 0.1, timed), "Moving average of pace, weight 0.1.", low=-INF,
         high=INF),
    load("pace_last", last(pace, timed), "The latest pace.", low=-INF, high=INF),
    load("pace_spread", spread(pace, _timed_pace), "Standard deviation of pace.", high=INF),
    load("slow_share", share(_slow, _timed_pace), "Answers with a pace over 1."),
    load("fast_share", share(_fast, _timed_pace), "Answers with a pace under -1."),
    load("slow_recent", ewm(_slow, 0.1, _timed_pace),
         "Moving average of slow answers, weight 0.1."),
    load("session_pace", where(session_now, _session_pace, UNKNOWN),
         "Mean pace in the session that goes on.", low=-INF, high=INF),
    load("fatigue", where(session_now, _session_pace, UNKNOWN) - mean(pace, timed),
         "Pace of the session that goes on less the mean pace: over 0 is slower than usual.",
         low=-INF, high=INF),
    load("skill_pace", ewm(pace, 0.2, timed, by="skill"),
         "Moving average of pace in this skill, weight 0.2.", low=-INF, high=INF),
    # Guessing.
    load("rapid_share", share(_rapid, timed),
         "Answers under 3 s and under a quarter of the item's time."),
    load("rapid_recent", ewm(_rapid, 0.1, timed), "Moving average of rapid answers, weight 0.1."),
    load("rapid_accuracy", mean(correct, _rapid), "Right among rapid answers."),
    load("rapid_streak", run(_rapid, timed), "Rapid answers in a row.", unit="count", high=INF,
         default=0.0),
    # After an error.
    load("post_error_slowing",
         mean(ln_seconds, timed & _after_wrong) - mean(ln_seconds, timed & _after_right),
         "Log(1 + seconds) after a wrong answer less after a right one.", low=-6.5, high=6.5),
    load("post_error_accuracy", mean(correct, _after_wrong), "Right after a wrong answer."),
    load("retry_share", share(same_item, judged & _after_wrong),
         "Answers after a wrong one that go to the same item."),
    load("give_up_share", share(skipped, _after_wrong),
         "Events after a wrong answer that leave something out."),
    # Pauses.
    load("pause_share", share(gap_s > 120.0, in_session), "Gaps in a session over 2 minutes."),
    load("pause_seconds", mean(gap_s, _pause), "Mean length of gaps over 2 minutes.", unit="s",
         low=120.0, high=1800.0),
    load("pause_recent", ewm(gap_s > 120.0, 0.1, in_session),
         "Moving average of gaps over 2 minutes, weight 0.1."),
    load("think_seconds", mean(_think, timed & in_session),
         "Mean time between events that no response time explains.", unit="s", high=1800.0),
    load("answers_per_minute", where(session_now, of_session(n_judged)
         / most(of_session(total(gap_s, in_session)) / 60.0, 1.0), 0.0),
         "Answers per minute of the session that goes on; under a minute counts as one.",
         unit="1/min", high=INF, default=0.0),
    # Help.
    load("help_rate", (count(hinted) + total(hints, judged)) / n_judged,
         "Hints asked for or taken, per answer.", high=INF),
    load("help_after_wrong", share(hinted | (hints > 0.0), _after_wrong),
         "Events after a wrong answer with a hint."),
    load("help_first_share", share(_was_hint, judged), "Answers right after asking for a hint."),
    load("help_recent", recent_mean(least(hints, 3.0), 10, judged),
         "Hints per answer in the latest 10 answers, at most 3 each.", high=3.0),
    # Wheel spinning: 10 answers to a skill and never 3 right in a row.
    load("spinning_share", share(spinning, judged), "Answers given while spinning."),
    load("spinning_here", last(spinning, judged, by="skill"),
         "1 where the latest answer to this skill was given while spinning.", default=0.0),
    load("spinning_recent", ewm(spinning, 0.1, judged),
         "Moving average of spinning, weight 0.1."),
    # Composites.
    load("struggle", (1.0 - fill(recent_mean(correct, 10), 0.5)
         + fill(ewm(hints > 0.0, 0.1, judged), 0.0) + fill(ewm(spinning, 0.1, judged), 0.0)) / 3.0,
         "Mean of: wrong among the latest 10, recent hints, recent spinning.", default=0.5 / 3),
    load("disengagement", (fill(ewm(_rapid, 0.1, timed), 0.0) + fill(ewm(skipped, 0.1), 0.0)) / 2.0,
         "Mean of recent rapid answers and recent leaving out.", default=0.0),
    load("effort", fill(ewm(pace, 0.1, timed), 0.0) + fill(ewm(hints > 0.0, 0.1, judged), 0.0),
         "Recent pace plus recent hints.", low=-INF, high=INF, default=0.0),
)  # fmt: skip
