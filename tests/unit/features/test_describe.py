"""Is a formula that people read the one that is computed?"""

from functools import partial

import pytest

from learnloop.features import fields, language
from learnloop.features.definition import Feature
from learnloop.features.definitions import FEATURES, named, parts
from learnloop.features.describe import describe
from learnloop.features.ops import OPS

NAMES = {
    **{name: partial(language.op, name) for name in OPS},
    **vars(language),
    **vars(fields),
    **vars(parts),
}


def parsed(text: str) -> object:
    return eval(text, NAMES)  # our own text, of our own definitions


@pytest.mark.parametrize("feature", FEATURES, ids=lambda x: x.name)
def test_a_formula_is_the_definition(feature: Feature) -> None:
    made = describe(feature)
    assert parsed(made.formula) is feature.value
    for name, text in made.parts.items():
        assert parsed(text) is parsed(name)


def test_what_a_feature_is_made_of() -> None:
    made = describe(*named(["avg_session_duration"]))
    assert made.formula == (
        "(total(closed_minutes, closing) + session_length / MINUTE_MS) / n_sessions"
    )
    assert made.parts["new_session"] == "unknown(gap) | (gap > (30 * MINUTE_MS))"
    assert made.parts["session_length"] == "last(t) - session_start"
    assert [x.name for x in made.fields] == ["t"]
    assert "last(t, new_session)" in made.scans
    assert made.features == ("n_sessions",)


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("accuracy", "mean(correct)"),
        ("accuracy_last_3", "recent_mean(correct, 3)"),
        ("gap_irregularity", "spread(on_grid(ln1p(gap / HOUR_MS)), closing)"),
        ("hint_share", "share(hints > 0, judged)"),
        ("skill_hints", 'mean(hints, judged, by="skill")'),
        ("activity_7d", "fading(1, (7 * DAY_MS))"),
        ("weekend_now", "number(weekday(t) >= 5)"),
        ("accuracy_middle", "mean(correct, known(easiness) & ~(easiness < -1) & ~(easiness > 1))"),
    ],
)
def test_formulas_are_short(name: str, formula: str) -> None:
    assert describe(*named([name])).formula == formula
