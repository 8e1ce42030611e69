"""What does the learner do with content? Kinds of events, videos, reading, navigation, formats.

The seconds after an event, up to the next one in the session, are spent on that event's item.
"""

from learnloop.features.definition import Definer, Family, Feature
from learnloop.features.definitions.parts import (
    INF,
    gap_s,
    in_session,
    new_to_skill,
    same_item,
    same_skill,
    share,
    visits,
)
from learnloop.features.fields import (
    answered,
    completed,
    hinted,
    is_exercise,
    is_reading,
    is_video,
    item,
    item_seconds,
    moved,
    paused,
    played,
    position,
    recommended,
    seeked,
    skipped,
    started,
    studied,
    viewed,
)
from learnloop.features.language import (
    Expr,
    count,
    evenness,
    ewm,
    fill,
    known,
    last,
    least,
    mean,
    op,
    recent_mean,
    same,
    tally,
    total,
    where,
)

interaction = Definer(Family.INTERACTION)

_n = count()
_later = known(last(item))  # not the first event
_was_playing = same(fill(last(played), 0.0), 1.0)
_was_paused = same(fill(last(paused), 0.0), 1.0)
_was_reading = same(fill(last(is_reading), 0.0), 1.0)
_was_video = same(fill(last(is_video), 0.0), 1.0)
_was_exercise = same(fill(last(is_exercise), 0.0), 1.0)
_format = where(is_exercise, 0.0, where(is_video, 1.0, where(is_reading, 2.0, 3.0)))
_formats = tally(_format, (1.0, 2.0, 3.0))
_n_plays, _n_pauses, _n_seeks = count(played), count(paused), count(seeked)
_watched = total(gap_s, in_session & _was_playing)
_spent = total(gap_s, in_session)
_back, _ahead = moved < 0.0, moved > 0.0
_revisit = (visits > 0.0) & ~same_item


def _kind(name: str, what: Expr, words: str) -> Feature:
    return interaction(f"{name}_share", count(what) / _n, f"Events that {words}.")


FEATURES: tuple[Feature, ...] = (
    _kind("answered", answered, "are answers"),
    _kind("studied", studied, "are study without an answer"),
    _kind("viewed", viewed, "are looks at something"),
    _kind("skipped", skipped, "leave something out"),
    _kind("hinted", hinted, "ask for a hint"),
    _kind("video_event", played | paused | seeked, "play, pause or seek in a video"),
    interaction("n_started", count(started), "Items opened.", unit="count", high=INF, default=0.0),
    interaction("n_completed", count(completed), "Items finished.", unit="count", high=INF,
                default=0.0),
    interaction("completion_rate", least(count(completed) / count(started), 1.0),
                "Finished over opened, at most 1."),
    interaction("skip_rate_recent", ewm(skipped, 0.1),
                "Moving average of leaving out, weight 0.1."),
    interaction("recommended_share", count(recommended) / _n, "Events that came of a decision."),
    interaction("recommended_recent", ewm(recommended, 0.1),
                "Moving average of events that came of a decision, weight 0.1."),
    # Videos.
    interaction("n_plays", _n_plays, "Times a video began to play.", unit="count", high=INF,
                default=0.0),
    interaction("n_pauses", _n_pauses, "Times a video was paused.", unit="count", high=INF,
                default=0.0),
    interaction("n_seeks", _n_seeks, "Times a video was moved.", unit="count", high=INF,
                default=0.0),
    interaction("pauses_per_play", _n_pauses / _n_plays, "Pauses over plays.", high=INF),
    interaction("seeks_per_play", _n_seeks / _n_plays, "Seeks over plays.", high=INF),
    interaction("seek_back_share", count(seeked & _back) / count(seeked & known(moved)),
                "Seeks that went back."),
    interaction("seek_back_seconds", mean(-moved, seeked & _back), "Mean way of a seek back.",
                unit="s", high=INF),
    interaction("seek_ahead_seconds", mean(moved, seeked & _ahead), "Mean way of a seek ahead.",
                unit="s", high=INF),
    interaction("seek_recent", ewm(seeked, 0.1, played | paused | seeked),
                "Moving average of seeks among video events, weight 0.1."),
    interaction("watched_minutes", _watched / 60.0,
                "Time after a play until the next event of the session.", unit="min", high=INF,
                default=0.0),
    interaction("watched_seconds_per_play", _watched / _n_plays, "Seconds watched per play.",
                unit="s", high=INF),
    interaction("pause_seconds_mean", mean(gap_s, in_session & _was_paused),
                "Mean length of a pause in a session.", unit="s", high=1800.0),
    interaction("last_position", last(position), "Where in a video the latest event was.",
                unit="s", high=INF),
    interaction("video_item_visits", count(played, by="item"),
                "Times this item was played before.", unit="count", high=INF, default=0.0),
    # Reading.
    interaction("reading_seconds_mean", mean(gap_s, in_session & _was_reading),
                "Mean time from one event on a reading to the next event.", unit="s",
                high=1800.0),
    interaction("reading_pace", total(gap_s, in_session & _was_reading & known(last(item_seconds)))
                / total(last(item_seconds), in_session & _was_reading),
                "Time on readings over what they typically take; under 1 is fast.", high=INF),
    # Navigation.
    interaction("item_switch_rate", share(~same_item, _later), "Events on another item than the "
                "one before."),
    interaction("skill_switch_rate", share(~same_skill, _later), "Events on another first skill "
                "than the one before."),
    interaction("skill_switch_recent", ewm(~same_skill, 0.1, _later),
                "Moving average of changes of the skill, weight 0.1."),
    interaction("back_and_forth_share", share(same(item, last(last(item))) & ~same_item, _later),
                "Events on the item before the last one."),
    interaction("repeat_share", share(same_item, _later), "Events on the same item again."),
    interaction("revisit_share", count(_revisit) / _n,
                "Events on an item met before, with others in between."),
    interaction("revisit_recent", ewm(_revisit, 0.1), "Moving average of revisits, weight 0.1."),
    interaction("new_item_share", count(same(visits, 0.0)) / _n,
                "Events on an item not met in the latest 200 events."),
    interaction("new_item_recent", recent_mean(op("number", same(visits, 0.0)), 10),
                "Items not met in the latest 200 events, share of the latest 10 events."),
    interaction("item_visits", visits, "Events on this item before.", unit="count", high=INF,
                default=0.0),
    interaction("skill_open_rate", count(new_to_skill) / count(answered),
                "Answers that were the first to all of the item's skills."),
    # Formats.
    interaction("exercise_share", count(is_exercise) / _n, "Events on exercises."),
    interaction("video_share", count(is_video) / _n, "Events on videos."),
    interaction("reading_share", count(is_reading) / _n, "Events on readings."),
    interaction("format_evenness", evenness(_formats),
                "How evenly events spread over exercises, videos, readings and others."),
    interaction("format_switch_rate", share(~same(_format, last(_format)), _later),
                "Events in another format than the one before."),
    interaction("exercise_time_share", total(gap_s, in_session & _was_exercise) / _spent,
                "Time in sessions spent on exercises."),
    interaction("video_time_share", total(gap_s, in_session & _was_video) / _spent,
                "Time in sessions spent on videos."),
    interaction("format_affinity", ewm(is_video, 0.1) - ewm(is_reading, 0.1),
                "Moving averages: videos less readings, weight 0.1.", low=-1.0),
)  # fmt: skip
