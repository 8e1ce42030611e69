"""Which learners are held out? Whole learners, never rows: a model must serve people it never saw.

Where the data brings no split, a learner is held out by the hash of the id, so that the answer is
the same on every machine, for every order of the rows, and for any part of the data.
"""

import hashlib

import numpy as np
import polars as pl

from learnloop.core.errors import DataError
from learnloop.core.types import Bools, Ints
from learnloop.training.tables import Table

N_FOLDS, TEST_FOLD = 5, 0


def fold_of(learner_id: str) -> int:
    """Which of the five folds a learner is in, by the hash of the id."""
    digest = hashlib.md5(learner_id.encode(), usedforsecurity=False).hexdigest()
    return int(digest, 16) % N_FOLDS


def is_held_out(learner_id: str) -> bool:
    """Whether the hash of the id holds the learner out: one in five."""
    return fold_of(learner_id) == TEST_FOLD


def held_out(table: Table, learner: Ints, learner_ids: tuple[str, ...]) -> Bools:
    """Which learners are the test, by `split`, else by `fold`, else by the hash of the id.

    Args:
        table: The interactions.
        learner: (n,) learner code of each row of the table.
        learner_ids: The id of each code.

    Returns:
        (n_learners,).

    Raises:
        DataError: A value is unknown, a learner is on both sides, or one side is empty.
    """
    if table.has("split"):
        is_test = _by_rows(table, "split", _is_test_split(table), learner, learner_ids)
    elif table.has("fold"):
        is_test = _by_rows(table, "fold", _is_test_fold(table), learner, learner_ids)
    else:
        is_test = np.array([is_held_out(name) for name in learner_ids], dtype=bool)
    if is_test.all() or not is_test.any():
        side = "train" if is_test.all() else "test"
        raise DataError(f"{table.name}: no learner is left to {side}; give a `split` column")
    return is_test


def _is_test_split(table: Table) -> Bools:
    split = table.column("split")
    known = split.is_in(["train", "test"]).fill_null(False)
    table.refuse("split", ~known.to_numpy(), "is neither train nor test")
    return (split == "test").to_numpy()


def _is_test_fold(table: Table) -> Bools:
    text = table.column("fold")
    fold = text.cast(pl.Int64, strict=False)
    wrong = (fold.is_null() | (fold < 0)).fill_null(True)
    table.refuse("fold", wrong.to_numpy(), "is not a whole number from 0 up")
    return (fold == TEST_FOLD).to_numpy()


def _by_rows(
    table: Table, role: str, row_is_test: Bools, learner: Ints, learner_ids: tuple[str, ...]
) -> Bools:
    is_test = np.zeros(len(learner_ids), dtype=bool)
    is_test[learner[row_is_test]] = True
    stray = is_test[learner] & ~row_is_test
    if stray.any():
        name = learner_ids[learner[int(np.argmax(stray))]]
        why = f"puts learner {name} on both sides; the split is by learner"
        table.refuse(role, stray, why)
    return is_test
