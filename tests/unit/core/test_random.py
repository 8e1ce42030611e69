"""Chance depends on the seed and the names alone."""

from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.random import derive_rng

names = st.lists(st.text(max_size=8), max_size=3)


@given(st.integers(0, 2**32), names)
def test_the_same_names_give_the_same_stream(seed: int, of: list[str]) -> None:
    assert derive_rng(seed, *of).random(4).tolist() == derive_rng(seed, *of).random(4).tolist()


def test_other_seeds_names_and_splits_give_other_streams() -> None:
    streams = [
        derive_rng(1, "a", "b"),
        derive_rng(1, "ab"),
        derive_rng(1, "b", "a"),
        derive_rng(2, "a", "b"),
        derive_rng(1),
    ]
    assert len({s.random() for s in streams}) == len(streams)


def test_a_known_stream_stays_as_it_is() -> None:
    # A change here would make every logged decision impossible to replay.
    assert derive_rng(7, "decision").integers(0, 1000, 4).tolist() == [130, 321, 880, 424]
