"""Does a sealed body come back bit for bit, and is what was changed refused?"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import ArtifactError
from learnloop.core.sealed import finite, seal, unseal

numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(st.dictionaries(st.text(), st.lists(numbers)))
def test_a_body_comes_back_bit_for_bit(body):
    back = unseal(seal("a/kind", 3, body), "a/kind", 3)
    assert {k: [x.hex() for x in v] for k, v in back.items()} == {
        k: [x.hex() for x in v] for k, v in body.items()
    }


@given(st.integers(0), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_changes_nothing(place, change):
    sealed = bytearray(seal("a/kind", 3, {"x": [0.1, 2.5], "y": "z"}))
    sealed[place % len(sealed)] ^= change
    try:
        body = unseal(bytes(sealed), "a/kind", 3)
    except ArtifactError:
        return
    assert body == {"x": [0.1, 2.5], "y": "z"}


@pytest.mark.parametrize(
    ("sealed", "why"),
    [
        (b"\xff", "no JSON object"),
        (b"[]", "no JSON object"),
        (seal("another", 3, {}), "fit the model again"),
        (seal("a/kind", 2, {}), "fit the model again"),
        (seal("a/kind", 3, [1]), "holds no JSON object"),
        (json.dumps({**json.loads(seal("a/kind", 3, {})), "body": '{"x": 1}'}), "corrupt"),
    ],
)
def test_what_is_foreign_or_corrupt_is_refused(sealed, why):
    with pytest.raises(ArtifactError, match=why):
        unseal(sealed, "a/kind", 3)


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0, 3.0], [1.0, float("nan")]])
def test_numbers_are_as_many_as_they_should_be_and_finite(values):
    with pytest.raises(ValueError, match="2 finite numbers"):
        finite(values, 2)
    assert finite([1, 2], 2) == (1.0, 2.0)
