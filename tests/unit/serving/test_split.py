"""Who gets the challenger: as many as asked, always the same, and nobody goes back as it grows."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.types import Ref
from learnloop.serving.split import Split

KEYS = [f"learner-{k}" for k in range(20_000)]
TWO = Ref("toy", "2")


def taken(share, challenger=TWO, slot="answers"):
    split = Split(slot, challenger, share)
    return {key for key in KEYS if split.takes(key)}


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5, 0.9, 1.0])
def test_the_share_is_kept(share):
    # Five standard deviations: one test in two million fails by chance, and these keys are fixed.
    sd = math.sqrt(share * (1 - share) * len(KEYS))
    assert abs(len(taken(share)) - share * len(KEYS)) <= 5 * sd


@given(st.floats(0, 1), st.floats(0, 1), st.text(max_size=8))
def test_as_the_share_grows_nobody_goes_back(one, other, key):
    low, high = sorted((one, other))
    assert Split("answers", TWO, low).takes(key) <= Split("answers", TWO, high).takes(key)


def test_another_challenger_and_another_slot_try_other_learners():
    first = taken(0.1)
    for other in (taken(0.1, Ref("toy", "3")), taken(0.1, slot="other")):
        assert 0.05 < len(first & other) / len(first) < 0.2


def test_every_process_splits_alike():
    assert (
        sorted(taken(0.001))[:3]
        == sorted(k for k in KEYS if Split("answers", TWO, 0.001).takes(k))[:3]
    )
    assert Split("answers", TWO, 0.5).takes("ada") == PINNED


PINNED = True
