"""Every row comes once, padding is marked, and the order follows from the generator."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnloop.core.errors import DataError
from learnloop.models.train.balance import class_weights, row_chances
from learnloop.models.train.batches import (
    Dataset,
    Ragged,
    collate,
    fingerprint,
    in_order,
    n_rows,
    shuffled,
)
from learnloop.models.train.weights import digest


def ragged(lengths: list[int]) -> Ragged:
    first = np.cumsum([0, *lengths])
    return Ragged.of([np.arange(a, a + n) + 1 for a, n in zip(first, lengths, strict=False)])


LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=40)


@given(LENGTHS, st.integers(1, 12), st.integers(0, 99))
def test_every_row_and_place_comes_once(lengths: list[int], batch_size: int, seed: int) -> None:
    data: Dataset = {"ids": ragged(lengths), "x": np.arange(len(lengths))}
    batches = shuffled(data, batch_size, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    assert sorted(np.concatenate(in_order(data, batch_size)).tolist()) == list(range(len(lengths)))
    seen = []
    for rows in batches:
        batch = collate(data, rows)
        assert len(rows) <= batch_size
        assert batch["mask"].shape == batch["ids"].shape
        assert batch["ids"].shape[1] == max(lengths[row] for row in rows)
        assert not batch["ids"][~batch["mask"]].any()
        for row, own, mask in zip(rows, batch["ids"], batch["mask"], strict=True):
            first = sum(lengths[:row])
            assert own[mask].tolist() == list(range(first + 1, first + lengths[row] + 1))
        seen += batch["ids"][batch["mask"]].tolist()
    assert sorted(seen) == list(range(1, sum(lengths) + 1))


@given(LENGTHS, st.integers(1, 12), st.integers(0, 99))
def test_the_order_follows_from_the_generator(lengths: list[int], size: int, seed: int) -> None:
    data: Dataset = {"ids": ragged(lengths)}
    first, again = (shuffled(data, size, np.random.default_rng(seed)) for _ in range(2))
    assert [rows.tolist() for rows in first] == [rows.tolist() for rows in again]


def test_sequences_of_like_length_are_put_together() -> None:
    lengths = np.random.default_rng(1).integers(1, 200, size=640).tolist()
    data: Dataset = {"ids": ragged(lengths)}
    batches = shuffled(data, 16, np.random.default_rng(1))
    places = sum(collate(data, rows)["ids"].size for rows in batches)
    assert places < 1.05 * sum(lengths)
    longest = [max(lengths[row] for row in rows) for rows in batches]
    assert longest != sorted(longest), "short ones must not always come first"


def test_sequences_of_two_kinds_have_two_masks() -> None:
    data: Dataset = {
        "source": Ragged.of([np.arange(3), np.arange(1)]),
        "target": Ragged.of([np.ones((1, 2)), np.ones((2, 2))], mask="target_mask"),
    }
    batch = collate(data, np.array([0, 1]))
    assert batch["mask"].tolist() == [[True, True, True], [True, False, False]]
    assert batch["target_mask"].tolist() == [[True, False], [True, True]]
    assert batch["target"].shape == (2, 2, 2)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"x": np.empty((0, 2))},
        {"x": np.zeros(3), "y": np.zeros(4)},
        {"x": Ragged(np.zeros(3), np.array([0, 2]))},
        {"x": Ragged(np.zeros(2), np.array([0, 2, 2]))},
        {"x": ragged([1, 2]), "y": ragged([2, 1])},
    ],
)
def test_columns_that_do_not_fit_are_refused(data: Dataset) -> None:
    with pytest.raises(DataError):
        n_rows(data)


def test_a_fingerprint_changes_with_any_value() -> None:
    data: Dataset = {"x": np.arange(4.0), "ids": ragged([2, 1])}
    same: Dataset = {"ids": ragged([2, 1]), "x": np.arange(4.0)}
    others: list[Dataset] = [
        {**data, "x": np.array([0.0, 1.0, 2.0, 4.0])},
        {**data, "ids": ragged([1, 2])},
        {**data, "x": np.arange(4)},
        {"y": data["x"], "ids": data["ids"]},
    ]
    assert fingerprint(data) == fingerprint(same)
    assert len({fingerprint(own) for own in (data, *others)}) == 5


def test_a_digest_is_that_of_names_types_shapes_and_values() -> None:
    own = {"a": np.arange(4.0), "b": np.zeros((2, 2), np.float32)}
    assert digest(own) == digest(dict(reversed(own.items())))
    assert digest(own) == digest({**own, "a": own["a"].astype(">f8")})
    others = [
        {**own, "a": own["a"] + 1e-9},
        {**own, "a": own["a"].astype(np.float32)},
        {**own, "b": np.zeros(4, np.float32)},
        {"a": own["a"], "c": own["b"]},
    ]
    assert len({digest(x) for x in (own, *others)}) == 5


def test_class_weights_have_mean_one_and_give_each_class_the_same_total() -> None:
    data: Dataset = {"target": np.array([0, 0, 0, 2])}
    weights = class_weights(data, 3)
    assert weights.tolist() == pytest.approx([4 / 6, 0.0, 2.0])
    assert row_chances(data, 3).tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
