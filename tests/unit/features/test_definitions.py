"""Is every feature documented, and does every value lie in the range that is said?"""

import re
import warnings
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.features.test_parity import FOLD, ITEMS, STATISTICS, logs

from learnloop.core.errors import InvalidInput
from learnloop.core.ids import DecisionId, InteractionId, LearnerId
from learnloop.core.time import from_us
from learnloop.core.types import Floats, Interaction, InteractionKind
from learnloop.features.batch import compute, each_event
from learnloop.features.definition import Definer, Family, Feature, default_text, range_text
from learnloop.features.definitions import FEATURES, VERSION, named
from learnloop.features.fields import correct
from learnloop.features.language import count
from learnloop.features.log import ItemBook, frame_of, of_frame
from learnloop.features.statistics import ItemFacts, ItemStatistics

UNITS = {"1", "count", "s", "min", "h", "day", "1/week", "1/min", "logit", "class"}
LOW, HIGH = np.array([(x.low, x.high) for x in FEATURES]).T
ASKED_FOR = (
    "user_activity_count", "avg_session_duration", "topic_completion_rate",
    "difficulty_preference", "time_since_last_activity", "content_difficulty",
)  # fmt: skip


@pytest.mark.parametrize("feature", FEATURES, ids=lambda x: x.name)
def test_every_feature_is_documented(feature: Feature) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*(\.[0-9]+)?", feature.name)
    assert feature.unit in UNITS
    assert feature.meaning.endswith(".")
    assert not feature.meaning.startswith("The same")  # each is read alone, too
    assert feature.meaning[0].isupper() or feature.meaning[0].isdigit() or "(" in feature.meaning
    assert np.isnan(feature.default) or feature.low <= feature.default <= feature.high
    assert feature.dtype == "float64"
    assert 1 <= feature.since <= VERSION


def test_no_two_features_have_one_name_or_one_meaning() -> None:
    assert max(Counter(x.name for x in FEATURES).values()) == 1
    assert max(Counter(x.meaning for x in FEATURES).values()) == 1


def test_there_are_as_many_as_asked_for() -> None:
    families = Counter(x.family for x in FEATURES)
    of_behaviour = set(Family) - {Family.ITEM}
    assert len(of_behaviour) == 4
    assert sum(families[x] for x in of_behaviour) >= 120
    assert min(families[x] for x in of_behaviour) >= 20


def test_those_that_the_requirements_name_are_there() -> None:
    assert [x.name for x in named(ASKED_FOR)] == list(ASKED_FOR)


def test_a_name_that_is_not_there_gets_those_that_come_close() -> None:
    with pytest.raises(InvalidInput, match="close to it: avg_session_duration"):
        named(["accuracy", "avg_sesion_duration"])
    with pytest.raises(InvalidInput, match=r"no feature 'qqqqqq'$"):
        named(["qqqqqq"])


def test_what_a_question_can_not_answer_is_refused() -> None:
    define = Definer(Family.LOAD)
    with pytest.raises(InvalidInput, match="only an event has"):
        define("peeking", correct, "Its own answer.")
    with pytest.raises(InvalidInput, match="empty"):
        define("nowhere", count(), "Nothing.", low=2.0, high=1.0)


def test_ranges_and_defaults_read_well() -> None:
    inf = float("inf")
    ranges = ((0.0, 1.0), (0.0, inf), (-inf, 1.0), (-inf, inf))
    assert [range_text(*x) for x in ranges] == ["0 to 1", "0 or more", "at most 1", "any"]
    assert [default_text(x) for x in (float("nan"), 0.5 / 3, 0.0)] == ["unknown", "0.167", "0"]


def test_of_somebody_new_nothing_is_made_up() -> None:
    found = FOLD.vector(FOLD.start(LearnerId("x")), from_us(1_700_000_000_000_000))
    for feature, value in zip(FEATURES, found, strict=True):
        assert np.isnan(value) or np.isnan(feature.default) or value == feature.default
    known = {x.name for x, value in zip(FEATURES, found, strict=True) if not np.isnan(value)}
    assert known.isdisjoint(
        ["time_since_last_activity", "recency_1d", "completion_rate", "topic_completion_rate"]
    )


def assert_in_range(vectors: Floats) -> None:
    """Known values lie in [low, high], up to rounding."""
    slack = 1e-9 * np.maximum(1.0, np.abs(vectors))
    out = (vectors < LOW - slack) | (vectors > HIGH + slack)
    assert not out.any(), [
        (FEATURES[j].name, vectors[out[:, j], j][0]) for j in np.flatnonzero(out.any(0))
    ]


def before_every_event(
    learners: list[list[Interaction]], statistics: ItemStatistics = STATISTICS
) -> Floats:
    events = of_frame(frame_of(x for log in learners for x in log), ItemBook(ITEMS, statistics))
    values = [x.value for x in FEATURES]
    blocks = list(compute(values, events, each_event(events)))
    return np.concatenate([np.empty((0, len(values))), *blocks])


@settings(max_examples=100, deadline=None)
@given(logs(), st.integers(0, 10**13), st.sampled_from([None, *ITEMS]))
def test_every_known_value_lies_in_its_range(learners, later_us, item) -> None:
    assert_in_range(before_every_event(learners))
    for log in learners[:2]:
        state = FOLD.start(LearnerId("x"))
        for x in log:
            state = FOLD.update(state, x, next(i for i in ITEMS if i.item_id == x.item_id))
        at = (log[-1].occurred_at if log else from_us(1)) + timedelta(microseconds=later_us)
        assert_in_range(FOLD.vector(state, at, item)[None])


def long_log(rng: np.random.Generator, n: int) -> list[Interaction]:
    """A learner who comes back on many days, answers in streaks, and watches videos."""
    gaps = rng.choice(
        [0, 2, 30, 200, 7_200, 86_400, 700_000], n, p=[0.1, 0.3, 0.3, 0.2, 0.04, 0.05, 0.01]
    )
    at = 1_700_000_000_000_000 + np.cumsum(gaps * 1_000_000 + rng.integers(0, 10**6, n))
    kinds = list(InteractionKind)
    chances = np.array([6.0 if x is InteractionKind.ANSWERED else 0.5 for x in kinds])
    found = []
    for i in range(n):
        good = rng.random() < (0.9 if i % 60 > 20 else 0.2)
        found.append(
            Interaction(
                InteractionId(f"e{i}"),
                LearnerId("l"),
                ITEMS[int(rng.integers(len(ITEMS)))].item_id,
                kinds[int(rng.choice(len(kinds), p=chances / chances.sum()))],
                from_us(int(at[i])),
                i,
                bool(good),
                float(rng.random()),
                int(rng.exponential(20_000)) if i % 97 else 10**6,
                int(rng.integers(0, 4) // 3),
                DecisionId("d") if rng.random() < 0.1 else None,
                float(rng.exponential(100)),
                float(rng.normal(0, 60)),
            )
        )
    return found


def test_every_feature_is_known_somewhere_in_long_logs_and_lies_in_its_range() -> None:
    rng = np.random.default_rng(7)
    learners = [
        [replace(x, learner_id=LearnerId(f"l{k}")) for x in long_log(rng, 600)] for k in range(6)
    ]
    more = range(1, len(ItemFacts._fields))
    facts = {
        f"i{n}": ItemFacts._make([n / 2 - 2.5, *(4.0 * (n + 1) / k**3 for k in more)])
        for n in range(12)
    }
    found = before_every_event(learners, ItemStatistics(facts))
    assert_in_range(found)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of columns that are unknown all over
        spread = np.nanmax(found, 0) - np.nanmin(found, 0)
    assert [x.name for x, d in zip(FEATURES, spread, strict=True) if not d > 0.0] == []
