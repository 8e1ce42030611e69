"""Does the fold keep its promises: pure, bounded, fading, fair to the skills of an item?"""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.test_estimators import answers

from learnloop.core.errors import ArtifactError, DataError
from learnloop.core.ids import InteractionId, ItemId, LearnerId, SkillId
from learnloop.core.types import Interaction, InteractionKind, Item, Skill
from learnloop.features.state import advance, decode, encode
from learnloop.models import memory
from learnloop.models.memory import curve, grades
from learnloop.models.memory.model import digest_of
from learnloop.models.memory.parameters import DEFAULTS

ADA = LearnerId("ada")
START = datetime(2026, 1, 1, tzinfo=UTC)
ADD, TIMES, POWER = SkillId("add"), SkillId("times"), SkillId("power")
SKILLS = (Skill(ADD, "Add"), Skill(TIMES, "Times", (ADD,)), Skill(POWER, "Power", (TIMES,)))
ITEMS = {
    name: Item(ItemId(name), skills, expected_seconds=20.0)
    for name, skills in {
        "add": (ADD,),
        "times": (TIMES,),
        "both": (ADD, TIMES),
        "power": (POWER,),
        "bare": (),
    }.items()
}
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(sorted(ITEMS)),
        st.floats(0.0, 40.0),
        st.sampled_from((True, False, None)),
        st.integers(0, 2),
    ),
    max_size=30,
)


def model(**changed):
    return memory.from_catalog(SKILLS, memory.Config(**changed))


def event(n, name, at, correct=True, hints=0, **more):
    kind = more.pop("kind", InteractionKind.ANSWERED)
    return Interaction(
        InteractionId(f"e{n:03}"), ADA, ItemId(name), kind, at, correct=correct, hints=hints, **more
    )


def rows_of(events):
    rows, at = [], START
    for n, (name, gap, correct, hints) in enumerate(events):
        at += timedelta(days=gap)
        rows.append((event(n, name, at, correct, hints), ITEMS[name]))
    return rows, at


def folded(fold, rows):
    state = fold.start(ADA)
    for interaction, item in rows:
        state = fold.update(state, interaction, item)
    return state


@given(EVENTS)
def test_a_stored_state_goes_on_bit_for_bit_and_leaves_the_old_one(events):
    fold, (rows, _) = model(), rows_of(events)
    state = fold.start(ADA)
    for interaction, item in rows:
        before = encode(state)
        after = fold.update(state, interaction, item)
        assert encode(state) == before
        state = decode(encode(after), fold.state_type)
        assert state == after
    assert encode(state) == advance(fold, None, ADA, rows, lambda: rows).blob


@given(EVENTS, st.floats(0.0, 300.0), st.floats(0.0, 300.0), st.floats(0.6, 0.97))
def test_recall_never_rises_by_waiting_and_falls_when_it_says(events, days, more, wanted):
    fold, (rows, at) = model(), rows_of(events)
    state = folded(fold, rows)
    ask = [(fold.item, name) for name in state.items] + [(fold.skill, s) for s in state.skills]
    for about, name in ask:
        now = about(state, name, at + timedelta(days=days), wanted)
        later = about(state, name, at + timedelta(days=days + more), wanted)
        assert 1.0 > now.p >= later.p > 0.0
        assert now.low <= now.p <= now.high
        due = START + timedelta(microseconds=now.due_us - round(START.timestamp() * 1e6))
        assert about(state, name, due, wanted).p == pytest.approx(wanted, abs=1e-6)
        assert now.interval_days >= 1


@given(EVENTS)
def test_an_item_alone_is_what_fsrs_says_of_its_answers(events):
    fold, (rows, _) = model(), rows_of(events)
    state = folded(fold, rows)
    for name, trace in state.items.items():
        own, last_us = None, 0
        for interaction, item in rows:
            grade = grades.grade_of(interaction, item, fold.frozen.config)
            if interaction.item_id != name or grade is None:
                continue
            at_us = interaction.order.occurred_us
            days = (at_us - last_us) // curve.DAY_US
            own = (
                curve.first(DEFAULTS, grade)
                if own is None
                else curve.reviewed(DEFAULTS, *own, days, grade)
            )
            last_us = at_us
        assert (trace.stability, trace.difficulty) == own


def test_items_are_bounded_and_the_one_met_longest_ago_goes_first():
    fold = model(items=3)
    rows = [
        (event(n, name, START + timedelta(days=n)), Item(ItemId(name)))
        for n, name in enumerate(["a", "b", "c", "a", "d"])
    ]
    assert list(folded(fold, rows).items) == ["c", "a", "d"]


def test_two_grades_know_recalled_and_not():
    config, item = memory.Config(), ITEMS["add"]

    def grade(**changed):
        return grades.grade_of(event(0, "add", START, **changed), item, config)

    assert grade() == curve.GOOD
    assert grade(correct=False) == grade(hints=1) == curve.AGAIN
    assert grade(correct=None, score=0.7) == curve.GOOD
    assert grade(correct=None, score=0.2) == curve.AGAIN
    assert grade(correct=None) is None
    assert grade(kind=InteractionKind.STUDIED) is None
    assert grade(response_time_ms=90_000) == curve.GOOD


def test_four_grades_weigh_hints_and_time():
    config, item = memory.Config(grades=4), ITEMS["add"]

    def grade(**changed):
        return grades.grade_of(event(0, "add", START, **changed), item, config)

    assert grade(hints=1) == grade(response_time_ms=40_000) == curve.HARD
    assert grade(response_time_ms=10_000) == curve.EASY
    assert grade(response_time_ms=20_000) == grade() == curve.GOOD
    assert grade(correct=False, response_time_ms=1_000) == curve.AGAIN


def test_what_was_more_likely_forgotten_takes_more_of_the_blame():
    assert grades.blame([0.3, 0.1]) == pytest.approx([0.75, 0.25])
    assert grades.blame([0.0, 0.0]) == [0.5, 0.5]
    old, fresh = event(0, "add", START), event(1, "times", START + timedelta(days=30))
    both = event(2, "both", START + timedelta(days=31, hours=1), correct=False)
    fold = model(encompassing=0.0)
    before = folded(fold, [(old, ITEMS["add"]), (fresh, ITEMS["times"])])
    after = fold.update(before, both, ITEMS["both"])
    kept = {s: after.skills[s].stability / before.skills[s].stability for s in (ADD, TIMES)}
    alone = fold.update(before, event(2, "add", both.occurred_at, correct=False), ITEMS["add"])
    assert kept[ADD] < kept[TIMES] < 1.0
    assert alone.skills[ADD].stability < after.skills[ADD].stability


def test_a_right_answer_reviews_what_lies_below_in_part():
    fold, at = model(), START + timedelta(days=20)
    before = folded(fold, [(event(0, "add", START), ITEMS["add"])])
    after = fold.update(before, event(1, "times", at), ITEMS["times"])
    in_full = fold.update(before, event(1, "add", at), ITEMS["add"])
    then = at + timedelta(days=10)
    p = [fold.skill(state, ADD, then, 0.9).p for state in (before, after, in_full)]
    assert p[0] < p[1] < p[2]
    assert after.skills[ADD].n == 1
    wrong = fold.update(before, event(1, "times", at, correct=False), ITEMS["times"])
    assert wrong.skills[ADD] == before.skills[ADD]
    assert POWER not in after.skills


def test_the_bias_goes_where_the_surprises_point():
    fold, state, wary = model(), None, model(bias_rate=0.0)
    rows = [
        (
            event(n, f"i{n % 40}", START + timedelta(days=n // 40 * 9), n < 40),
            Item(ItemId(f"i{n % 40}")),
        )
        for n in range(120)
    ]
    state = folded(fold, rows)
    assert state.item_bias < -0.5
    assert folded(wary, rows).item_bias == 0.0
    assert state.skill_bias == 0.0


def test_what_was_exported_loads_as_the_same_model():
    made = memory.MemoryModel(
        "1",
        memory.Frozen(
            memory.Config(grades=4),
            personal={digest_of(ADA): (DEFAULTS, (0.3, *DEFAULTS[1:]))},
            prerequisites={TIMES: (ADD,)},
        ),
    )
    again = memory.load(made.export())
    assert (again.ref, again.frozen, again.export()) == (made.ref, made.frozen, made.export())
    first = event(0, "add", START, correct=False)
    assert folded(again, [(first, ITEMS["add"])]).skills[ADD].stability == 0.3
    assert again.start(LearnerId("ben")).own == ""


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw[:-2],
        lambda raw: b"{}",
        lambda raw: raw.replace(b"learnloop/memory", b"somebody/else"),
        lambda raw: raw.replace(b"0.212", b"0.213", 1),
        lambda raw: b"[" * 100_000,
    ],
)
def test_a_spoilt_artifact_is_refused(spoil):
    with pytest.raises(ArtifactError):
        memory.load(spoil(model().export()))


def test_a_log_that_says_too_little_leaves_the_defaults():
    log = answers(np.random.default_rng(2))
    fitted = memory.fit(log, version="few", skills=SKILLS)
    assert (fitted.frozen.items, fitted.frozen.skills) == (DEFAULTS, DEFAULTS)
    assert fitted.frozen.personal == {}
    assert fitted.frozen.prerequisites == {TIMES: (ADD,), POWER: (TIMES,)}
    with pytest.raises(DataError, match="no answers"):
        memory.fit(log.take_learners(np.zeros(60, dtype=bool)), version="none")
