"""Do results become JSON without loss, and without what JSON lacks?"""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from learnloop.cli.plain import plain
from learnloop.core.types import ItemKind, Reason, Ref

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@dataclass
class Anything:
    value: object


@given(value=JSON.filter(lambda x: not isinstance(x, float) or math.isfinite(x)))
def test_what_is_json_already_stays(value: object) -> None:
    text = json.dumps(plain(Anything(value)), allow_nan=False)
    kept = json.loads(text)["value"]
    assert kept == plain(value)


def test_refs_instants_enums_and_sets_are_written_as_text() -> None:
    at = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    assert plain((Ref("ability", "2"), at, ItemKind.VIDEO, frozenset({"a"}), math.nan)) == [
        "ability@2",
        "2026-01-05T09:30:00Z",
        "video",
        ["a"],
        None,
    ]


def test_results_go_by_their_fields() -> None:
    reason = Reason("gap", 0.5, {"skill": "add", "mastery": math.inf})
    assert plain(reason) == {
        "code": "gap",
        "weight": 0.5,
        "detail": {"skill": "add", "mastery": None},
    }
