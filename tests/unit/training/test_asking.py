"""Are the questions asked those that are unsure and unlike each other?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import InvalidInput
from learnloop.training.asking import to_ask

points = st.lists(st.tuples(st.floats(0, 1), st.integers(-5, 5), st.integers(-5, 5)), max_size=30)


@given(points, st.integers(0, 12))
def test_each_row_once_the_unsure_first_and_no_two_alike(
    rows: list[tuple[float, int, int]], n: int
) -> None:
    p = np.array([x[0] for x in rows])
    vectors = np.array([x[1:] for x in rows], dtype=float).reshape(-1, 2)
    asked = to_ask(p, vectors, n)
    assert len(asked) <= n
    seen = [tuple(x) for x in vectors[asked]]
    assert len(set(seen)) == len(seen)
    if len(asked):
        assert abs(p[asked[0]] - 0.5) == pytest.approx(np.abs(p - 0.5).min(), abs=1e-7)
    if len(asked) < min(n, len(rows)):  # nothing else could say anything new
        rest = {tuple(v) for v, x in zip(vectors, p, strict=True) if x * (1 - x) > 0}
        assert rest <= set(seen)


def test_what_was_answered_is_not_asked_again() -> None:
    p, vectors = np.array([0.5, 0.5, 0.6]), np.array([[0.0], [1.0], [3.0]])
    assert to_ask(p, vectors, 3).tolist() == [0, 2, 1]
    assert to_ask(p, vectors, 3, answered=np.array([[3.0]])).tolist() == [0, 1]


def test_every_group_is_asked_before_one_is_asked_twice() -> None:
    rng = np.random.default_rng(4)
    group = np.repeat([0, 1, 2, 3], [40, 40, 40, 4])
    vectors = np.eye(4)[group] * 10 + rng.normal(scale=0.1, size=(124, 4))
    asked = to_ask(rng.uniform(0.3, 0.7, 124), vectors, 4)
    assert sorted(group[asked]) == [0, 1, 2, 3]


def test_what_lacks_a_number_is_refused() -> None:
    with pytest.raises(InvalidInput, match="does not go with"):
        to_ask(np.array([0.5]), np.zeros((2, 1)), 1)
    with pytest.raises(InvalidInput, match="number in every place"):
        to_ask(np.array([0.5]), np.array([[np.nan]]), 1)
