"""What does a learner's log say about them, in integers? The profile as a fold.

Every number is a count, a whole millisecond or a whole microsecond, so batch, stream and replay
agree bit for bit; `views.py` divides. The size is bounded by the catalog's skills: the latest
`KEPT_ITEMS` items, `KEPT_DAYS` active days and `KEPT_ANSWERS` answers per skill are kept.

A session ends after 30 minutes without activity. An event lasts from `occurred_at` for its response
time, at most that long. Time active is the union of the events and the gaps inside sessions. An
event of a log without times (all at 1970-01-01T00:00Z) is evidence, but no activity.

An answer of which it can't be said whether it was right (`correct` is None) is activity, not
evidence. Something is begun by `started`, by `played` that follows another item, or by the first
`answered`, `studied`, `completed` or `skipped` that none of these went before; repeated events of
one item in a row are one.
"""

from copy import copy
from typing import NamedTuple, TypeVar

import msgspec

from learnloop.core.ids import ItemId, LearnerId, SkillId
from learnloop.core.time import to_us
from learnloop.core.types import Interaction, InteractionKind, Item, Ref

KEPT_ITEMS = 100
KEPT_DAYS = 60
KEPT_ANSWERS = 20
KEPT_OPEN = 8

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
SESSION_GAP_US = 30 * MINUTE_US

MASTERED_WINDOW = 10
MASTERED_MIN = 5

_MONDAY_OFFSET_HOURS = 3 * 24  # 1970-01-01 was a Thursday
_WORKED_THROUGH = frozenset((InteractionKind.STUDIED, InteractionKind.COMPLETED))
_FINISHING = frozenset(
    (
        InteractionKind.ANSWERED,
        InteractionKind.STUDIED,
        InteractionKind.COMPLETED,
        InteractionKind.SKIPPED,
    )
)


V = TypeVar("V")


class SkillRecord(NamedTuple):
    """The answers to items of one skill.

    Attributes:
        last_us: When last answered; 0 = nobody knows.
        recent: The latest `KEPT_ANSWERS`, oldest first: `minute since 1970 * 2 + right`.
        reached_us: When 4 of 5 of the latest `MASTERED_WINDOW` (at least `MASTERED_MIN`) were
            first right; 0 = not yet.
    """

    n_answers: int
    n_correct: int
    last_us: int
    recent: tuple[int, ...]
    reached_us: int


class DayRecord(NamedTuple):
    """One active day (UTC).

    Attributes:
        day: Days since 1970-01-01.
        active_ms: Time active.
    """

    day: int
    n_answers: int
    n_correct: int
    active_ms: int


class ProfileState(msgspec.Struct, array_like=True):
    """Everything the profile keeps. Never changed in place once `update` has returned it.

    Attributes:
        skills: By skill id.
        item_last_us: When each of the latest items was last answered or worked through; oldest
            first.
        item_correct: Whether that answer was right (worked through: yes); same keys, same order.
        past_days: The latest active days before the last one, oldest first.
        today: The last active day; None before the first event.
        hours: Interactions by hour of the week (UTC), 0 = Monday 00:00; hours without are absent.
        open_items: Items begun and not finished, oldest first.
        last_item: The item of the latest event.
        session_end_us: When the current session's latest event ended.
        n_weeks: Weeks (UTC, from Monday) with any activity.
    """

    n_interactions: int = 0
    n_answers: int = 0
    n_correct: int = 0
    n_hints: int = 0
    n_started: int = 0
    n_completed: int = 0
    n_skipped: int = 0
    n_sessions: int = 0
    n_days: int = 0
    n_weeks: int = 0
    active_ms: int = 0
    first_us: int = 0
    last_us: int = 0
    session_end_us: int = 0
    last_item: str = ""
    open_items: tuple[ItemId, ...] = ()
    skills: dict[SkillId, SkillRecord] = {}
    item_last_us: dict[ItemId, int] = {}
    item_correct: dict[ItemId, bool] = {}
    past_days: tuple[DayRecord, ...] = ()
    today: DayRecord | None = None
    hours: dict[int, int] = {}


class ProfileFold:
    """The profile, kept up to date by one interaction at a time."""

    ref = Ref("features/profile", "1")
    state_type = ProfileState

    def start(self, learner_id: LearnerId) -> ProfileState:
        """Nothing known."""
        return ProfileState()

    def update(self, state: ProfileState, interaction: Interaction, item: Item) -> ProfileState:
        """The profile after one more interaction."""
        s = copy(state)
        us = to_us(interaction.occurred_at)
        if us:
            _add_activity(s, interaction, us)
        _add_completion(s, interaction)
        if interaction.kind is InteractionKind.ANSWERED and interaction.correct is not None:
            _add_answer(s, item, us, interaction.correct)
        elif interaction.kind in _WORKED_THROUGH:
            _add_latest(s, interaction.item_id, us, True)
        s.n_interactions += 1
        s.last_us = us
        s.last_item = interaction.item_id
        return s


def _add_activity(s: ProfileState, interaction: Interaction, us: int) -> None:
    end = us + min((interaction.response_time_ms or 0) * 1000, SESSION_GAP_US)
    if s.n_sessions and us - s.session_end_us <= SESSION_GAP_US:
        active_ms = max(end - s.session_end_us, 0) // 1000
        s.session_end_us = max(end, s.session_end_us)
    else:
        active_ms = (end - us) // 1000
        s.session_end_us = end
        s.n_sessions += 1
    s.active_ms += active_ms
    hour = us // HOUR_US
    _add_day(s, hour // 24, active_ms, us)
    of_week = (hour + _MONDAY_OFFSET_HOURS) % 168
    s.hours = s.hours.copy()
    s.hours[of_week] = s.hours.get(of_week, 0) + 1


def _add_day(s: ProfileState, day: int, active_ms: int, us: int) -> None:
    last = s.today
    if last and last.day == day:
        s.today = DayRecord(day, last.n_answers, last.n_correct, last.active_ms + active_ms)
        return
    if last:
        s.past_days = (*s.past_days[-(KEPT_DAYS - 2) :], last)
    else:
        s.first_us = us
    s.n_weeks += last is None or _week(last.day) != _week(day)
    s.n_days += 1
    s.today = DayRecord(day, 0, 0, active_ms)


def _week(day: int) -> int:
    return (day + 3) // 7


def _add_completion(s: ProfileState, interaction: Interaction) -> None:
    kind, item_id = interaction.kind, interaction.item_id
    s.n_hints += interaction.hints + (kind is InteractionKind.HINT)
    is_open = item_id in s.open_items
    begins = kind is InteractionKind.STARTED
    begins |= kind is InteractionKind.PLAYED and item_id != s.last_item
    if begins and not is_open:
        s.n_started += 1
        s.open_items = (*s.open_items[-(KEPT_OPEN - 1) :], item_id)
    elif kind in _FINISHING and (is_open or item_id != s.last_item):
        if is_open:
            s.open_items = tuple(x for x in s.open_items if x != item_id)
        else:
            s.n_started += 1
        if kind is InteractionKind.SKIPPED:
            s.n_skipped += 1
        else:
            s.n_completed += 1


def _add_answer(s: ProfileState, item: Item, us: int, correct: bool) -> None:
    s.n_answers += 1
    s.n_correct += correct
    if s.today:
        day, n_answers, n_correct, active_ms = s.today
        s.today = DayRecord(day, n_answers + 1, n_correct + correct, active_ms)
    _add_latest(s, item.item_id, us, correct)
    if item.skills:
        s.skills = s.skills.copy()
        for skill in item.skills:
            s.skills[skill] = _answered(s.skills.get(skill), us, correct)


def _add_latest(s: ProfileState, item_id: ItemId, us: int, correct: bool) -> None:
    s.item_last_us = _remember(s.item_last_us, item_id, us)
    s.item_correct = _remember(s.item_correct, item_id, correct)


def _answered(old: SkillRecord | None, us: int, correct: bool) -> SkillRecord:
    bit = us // MINUTE_US * 2 + correct
    if old is None:
        return SkillRecord(1, int(correct), us, (bit,), 0)
    recent = (*old.recent[-(KEPT_ANSWERS - 1) :], bit)
    reached = old.reached_us or (us if _looks_mastered(recent) else 0)
    return SkillRecord(old.n_answers + 1, old.n_correct + correct, us, recent, reached)


def _looks_mastered(recent: tuple[int, ...]) -> bool:
    window = recent[-MASTERED_WINDOW:]
    n_right = sum(x & 1 for x in window)
    return len(window) >= MASTERED_MIN and 5 * n_right >= 4 * len(window)


def _remember(latest: dict[ItemId, V], item_id: ItemId, value: V) -> dict[ItemId, V]:
    kept = latest.copy()
    kept.pop(item_id, None)
    kept[item_id] = value
    if len(kept) > KEPT_ITEMS:
        del kept[next(iter(kept))]
    return kept
