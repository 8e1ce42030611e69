"""The profile against a plain recount of the same log, and its views on logs known by heart."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from learnloop.core.ids import InteractionId, ItemId, LearnerId, SkillId
from learnloop.core.items import ItemTable
from learnloop.core.time import from_us, to_us
from learnloop.core.types import Interaction, InteractionKind, Item, Skill, TimeSlot
from learnloop.features import views
from learnloop.features.profile import KEPT_ANSWERS, KEPT_DAYS, KEPT_ITEMS, ProfileFold
from learnloop.features.state import encode

ANNA = LearnerId("anna")
FOLD = ProfileFold()
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
SKILLS = tuple(Skill(SkillId(f"s{i}"), f"Skill {i}") for i in range(4))
ITEMS = tuple(
    Item(ItemId(f"q{i}"), tuple(SkillId(f"s{j}") for j in {i % 4, i % 3})) for i in range(300)
)
TABLE = ItemTable("1", ITEMS, SKILLS)


def answer(n, at, correct, item=None, kind=InteractionKind.ANSWERED, ms=None):
    chosen = ITEMS[n % len(ITEMS)] if item is None else item
    return (
        Interaction(
            InteractionId(f"e{n}"),
            ANNA,
            chosen.item_id,
            kind,
            at,
            correct=correct,
            response_time_ms=ms,
        ),
        chosen,
    )


def fold(events):
    state = FOLD.start(ANNA)
    for interaction, item in events:
        state = FOLD.update(state, interaction, item)
    return state


def random_log(rng, n):
    at = MONDAY
    for i in range(n):
        at += timedelta(seconds=int(rng.choice([5, 60, 1000, 1799, 4000, 90_000])))
        kind = list(InteractionKind)[rng.integers(7)]
        correct = bool(rng.random() < 0.7) if kind is InteractionKind.ANSWERED else None
        ms = int(rng.integers(60_000)) if rng.random() < 0.5 else None
        yield answer(i, at, correct, ITEMS[rng.integers(300)], kind, ms)


def recount_sessions(log):
    """Minutes and number of sessions by the definition, over the whole log at once."""
    spans = [
        (to_us(e.occurred_at), to_us(e.occurred_at) + (e.response_time_ms or 0) * 1000)
        for e, _ in log
    ]
    n, active, end = 0, 0, None
    for start, stop in spans:
        if end is None or start - end > 30 * 60 * 10**6:
            n, active, end = n + 1, active + (stop - start), stop
        else:
            active, end = active + max(stop - end, 0), max(stop, end)
    return n, active


def test_counts_equal_a_recount_of_the_log():
    rng = np.random.default_rng(5)
    log = list(random_log(rng, 600))
    state = fold(log)
    answers = [(e, item) for e, item in log if e.kind is InteractionKind.ANSWERED]
    assert state.n_interactions == 600
    assert (state.n_answers, state.n_correct) == (
        len(answers),
        sum(bool(e.correct) for e, _ in answers),
    )
    assert state.n_hints == sum(e.kind is InteractionKind.HINT for e, _ in log)
    n_sessions, active_us = recount_sessions(log)
    assert state.n_sessions == n_sessions
    assert state.active_ms == active_us // 1000
    assert state.n_days == len({e.occurred_at.date() for e, _ in log})
    assert state.n_weeks == len({e.occurred_at.isocalendar()[:2] for e, _ in log})
    hours = Counter(24 * e.occurred_at.weekday() + e.occurred_at.hour for e, _ in log)
    assert state.hours == dict(hours)
    for skill in SKILLS:
        mine = [e for e, item in answers if skill.skill_id in item.skills]
        record = state.skills[skill.skill_id]
        assert record.n_answers == len(mine)
        assert record.n_correct == sum(bool(e.correct) for e in mine)
        assert record.last_us == to_us(mine[-1].occurred_at)
        assert [x & 1 for x in record.recent] == [e.correct for e in mine[-KEPT_ANSWERS:]]


def test_days_hold_what_each_day_saw():
    rng = np.random.default_rng(6)
    log = list(random_log(rng, 80))
    state = fold(log)
    days = views.days_since(state, log[0][0].occurred_at)
    assert sum(d.active_ms for d in days) == state.active_ms
    by_day = Counter(
        e.occurred_at.date().isoformat() for e, _ in log if e.kind is InteractionKind.ANSWERED
    )
    assert {views.iso_day(d): d.n_answers for d in days if d.n_answers} == dict(by_day)
    assert views.days_since(state, log[-1][0].occurred_at + timedelta(days=1)) == ()


def test_the_size_is_bounded_by_the_catalog_not_by_the_history():
    def one_a_day(n):
        return fold(answer(i, MONDAY + timedelta(days=i), i % 3 > 0) for i in range(n))

    long, longer = one_a_day(1000), one_a_day(2000)
    assert len(long.item_last_us) == len(longer.item_correct) == KEPT_ITEMS
    assert len(views.days_since(longer, MONDAY)) == KEPT_DAYS
    assert len(encode(longer)) < 1.2 * len(encode(long))  # larger numbers, not more of them
    newest = [ITEMS[i % 300].item_id for i in range(2000 - KEPT_ITEMS, 2000)]
    assert list(longer.item_last_us) == newest


def test_an_item_answered_again_is_remembered_as_the_latest():
    minutes = [timedelta(minutes=i) for i in range(KEPT_ITEMS + 1)]
    log = [answer(i, MONDAY + m, True) for i, m in enumerate(minutes[:-1])]
    log.append(answer(0, MONDAY + minutes[-1], False))
    log.append(answer(KEPT_ITEMS, MONDAY + minutes[-1], True))
    state = fold(log)
    assert list(state.item_last_us)[-2:] == [ITEMS[0].item_id, ITEMS[KEPT_ITEMS].item_id]
    assert ITEMS[1].item_id not in state.item_correct
    assert state.item_correct[ITEMS[0].item_id] is False


def test_a_partial_answer_is_activity_and_not_evidence():
    state = fold([answer(1, MONDAY, None, ms=4000)])
    assert (state.n_interactions, state.n_answers, state.active_ms) == (1, 0, 4000)
    assert state.skills == {}


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("started answered completed", (1, 1, 0)),
        ("answered answered", (1, 1, 0)),
        ("completed", (1, 1, 0)),
        ("started", (1, 0, 0)),
        ("started started skipped", (1, 0, 1)),
        ("skipped", (1, 0, 1)),
        ("viewed hint", (0, 0, 0)),
        ("played paused seeked played completed", (1, 1, 0)),
        ("started played completed played", (1, 1, 0)),
    ],
)
def test_what_is_begun_is_finished_once(kinds, expected):
    events = [
        answer(i, MONDAY, True if k == "answered" else None, ITEMS[0], InteractionKind(k))
        for i, k in enumerate(kinds.split())
    ]
    state = fold(events)
    assert (state.n_started, state.n_completed, state.n_skipped) == expected


def test_completion_is_finished_over_begun_and_nothing_is_no_answer():
    assert views.completion_rate(fold([])) is None
    started = [answer(i, MONDAY, None, ITEMS[i], InteractionKind.STARTED) for i in range(4)]
    done = answer(9, MONDAY, None, ITEMS[2], InteractionKind.COMPLETED)
    assert views.completion_rate(fold([*started, done])) == 0.25


def test_evidence_is_aligned_with_the_table_and_skips_what_it_lacks():
    stranger = Item(ItemId("old"), (SkillId("gone"), SkillId("s2")))
    found = views.evidence(fold([answer(0, MONDAY, True, stranger)]), TABLE)
    column = TABLE.column_of[SkillId("s2")]
    assert found.n_answers.tolist() == [int(i == column) for i in range(4)]
    assert found.last_us[column] == to_us(MONDAY)
    assert found.item_correct == {ItemId("old"): True}
    assert found.n_total == 1


def test_trend_is_told_only_where_it_can_be_known():
    one_skill = Item(ItemId("t"), (SkillId("s0"),))

    def trend(bits, gap):
        log = [answer(i, MONDAY + gap * i, bool(b), one_skill) for i, b in enumerate(bits)]
        return views.trend_per_week(fold(log).skills[SkillId("s0")])

    assert trend([0, 1, 1, 1], timedelta(days=7)) is None  # too few
    assert trend([0, 1] * 5, timedelta(minutes=1)) is None  # too short
    rising = trend([0] * 10 + [1] * 10, timedelta(days=2))
    assert 0.2 < rising < 0.4  # from 0 to 1 in the middle of 38 days: 1.5 / 5.43 weeks
    assert trend([1] * 10 + [0] * 10, timedelta(days=2)) == pytest.approx(-rising)
    assert trend([1] * 20, timedelta(days=2)) == 0.0


def test_velocity_counts_skills_at_four_of_five_per_week_of_activity():
    one_skill = Item(ItemId("t"), (SkillId("s0"),))
    log = [answer(i, MONDAY + timedelta(days=i), True, one_skill) for i in range(4)]
    assert views.learning_velocity(fold(log)) is None
    log += [answer(i, MONDAY + timedelta(days=i), True, one_skill) for i in range(4, 14)]
    state = fold(log)
    assert state.skills[SkillId("s0")].reached_us == to_us(MONDAY + timedelta(days=4))
    assert views.learning_velocity(state) == 0.5


def test_times_and_sessions():
    log = [answer(i, MONDAY + timedelta(days=7 * i), True, ms=60_000) for i in range(3)]
    log.append(answer(3, log[-1][0].occurred_at + timedelta(minutes=5), True, ms=60_000))
    log.append(answer(4, log[-1][0].occurred_at + timedelta(hours=9), True))
    state = fold(log)
    assert views.active_times(state, 2) == (TimeSlot(0, 8, 9), TimeSlot(0, 17, 18))
    assert state.n_sessions == 4
    assert views.mean_session_minutes(state) == (1 + 1 + 6 + 0) / 4
    assert views.sessions_per_week(state, MONDAY + timedelta(days=28)) == 1.0
    assert views.last_active_at(state) == log[-1][0].occurred_at
    assert views.last_active_at(fold([])) is None


def test_a_log_without_times_is_evidence_and_no_activity():
    unknown = from_us(0)
    state = fold(answer(n, unknown, n % 3 > 0, ITEMS[n % 4], ms=9000) for n in range(20))
    assert (state.n_answers, state.n_sessions, state.n_days, state.active_ms) == (20, 0, 0, 0)
    assert views.last_active_at(state) is None
    assert views.sessions_per_week(state, MONDAY) == 0.0
    assert views.learning_velocity(state) is None
    assert views.active_times(state) == ()
    assert views.days_since(state, unknown) == ()
    assert [views.trend_per_week(r) for r in state.skills.values()] == [None] * len(state.skills)

    later = fold(
        [*(answer(n, unknown, True) for n in range(9)), answer(10, MONDAY, True, ms=60_000)]
    )
    assert (later.n_answers, later.n_sessions, later.n_days) == (10, 1, 1)
    assert views.last_active_at(later) == MONDAY
    assert views.sessions_per_week(later, MONDAY + timedelta(days=14)) == pytest.approx(0.5)
