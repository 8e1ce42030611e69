"""Which rows are looked at together? Data sets as arrays by name, cut into padded batches.

A column is an array with one row per example, or `Ragged`: sequences of different lengths, laid one
after the other. In a batch, sequences are padded with zeros to the longest one, and a mask says
which places are real. Sequences of like length are put together, so that little is padded.

The order of an epoch's batches follows from the generator alone, so a run that goes on in the
middle of an epoch sees what it would have seen.

Three names have a meaning for the loop: `target`, `weight` (of a row or of each place of a
sequence; 1 where it is missing) and the name of the task's mask, `mask`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learnloop.core.errors import DataError
from learnloop.core.types import Floats, Ints
from learnloop.models.train.weights import digest

Array = NDArray[Any]
BATCHES_SORTED_TOGETHER = 50


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Sequences of different lengths.

    Attributes:
        values: (n_places, ...) all sequences, one after the other.
        offsets: (n_rows + 1,) row i is `values[offsets[i]:offsets[i + 1]]`.
        mask: The name of its mask in a batch, (B, T) bool. Columns with the same name of the mask
            have the same offsets.
    """

    values: Array
    offsets: Ints
    mask: str = "mask"

    @classmethod
    def of(cls, sequences: Sequence[Array], mask: str = "mask") -> "Ragged":
        """From one array per row."""
        lengths = [len(sequence) for sequence in sequences]
        return cls(np.concatenate(sequences), np.cumsum([0, *lengths], dtype=np.int64), mask)

    @property
    def lengths(self) -> Ints:
        """(n_rows,) places of each row."""
        return np.diff(self.offsets)


Dataset = Mapping[str, Array | Ragged]


def n_rows(data: Dataset) -> int:
    """How many rows every column has.

    Raises:
        DataError: There are none, columns differ, or offsets don't fit.
    """
    found = {
        name: len(column.offsets) - 1 if isinstance(column, Ragged) else len(column)
        for name, column in data.items()
    }
    n = next(iter(found.values()), 0)
    if set(found.values()) != {n} or n < 1:
        raise DataError(
            f"the columns of a data set have the same number of rows, at least 1: {found}"
        )
    offsets: dict[str, Ints] = {}
    for name, column in data.items():
        if isinstance(column, Ragged):
            if column.offsets[-1] != len(column.values) or (column.lengths < 1).any():
                raise DataError(f"{name}: the offsets don't fit, or a sequence is empty")
            if not np.array_equal(offsets.setdefault(column.mask, column.offsets), column.offsets):
                raise DataError(f"{name}: other lengths than another column of {column.mask!r}")
    return n


def lengths_of(data: Dataset) -> Ints | None:
    """(n_rows,) places of each row over all kinds of sequences; None where there are none."""
    found = {column.mask: column.lengths for column in data.values() if isinstance(column, Ragged)}
    return np.sum(list(found.values()), axis=0) if found else None


def shuffled(
    data: Dataset, batch_size: int, rng: np.random.Generator, p: Floats | None = None
) -> list[Ints]:
    """The rows of each batch of one epoch, in a random order.

    Args:
        data: Its number of rows, and the lengths of its sequences.
        batch_size: Rows in a batch; the last one may have fewer.
        rng: Draws the order.
        p: (n_rows,) chances of the rows, to draw as many with replacement; None takes each once.
    """
    n = n_rows(data)
    order = rng.permutation(n) if p is None else rng.choice(n, size=n, p=p)
    lengths = lengths_of(data)
    if lengths is None:
        return _cut(order, batch_size)
    batches: list[Ints] = []
    for group in _cut(order, batch_size * BATCHES_SORTED_TOGETHER):
        batches += _cut(group[np.argsort(lengths[group], kind="stable")], batch_size)
    return [batches[i] for i in rng.permutation(len(batches))]


def in_order(data: Dataset, batch_size: int) -> list[Ints]:
    """The rows of each batch, shortest sequences first."""
    n, lengths = n_rows(data), lengths_of(data)
    order = np.arange(n) if lengths is None else np.argsort(lengths, kind="stable")
    return _cut(order, batch_size)


def _cut(rows: Ints, size: int) -> list[Ints]:
    return [rows[first : first + size] for first in range(0, len(rows), size)]


def collate(data: Dataset, rows: Ints) -> dict[str, Array]:
    """The columns of some rows, (B, ...); sequences padded to (B, T, ...), with masks (B, T)."""
    batch: dict[str, Array] = {}
    for name, column in data.items():
        if isinstance(column, Ragged):
            batch[name], batch[column.mask] = _padded(column, rows)
        else:
            batch[name] = column[rows]
    return batch


def _padded(column: Ragged, rows: Ints) -> tuple[Array, Array]:
    lengths = column.lengths[rows]
    place = np.arange(lengths.max())
    mask = place < lengths[:, None]  # (B, T)
    values = np.zeros((*mask.shape, *column.values.shape[1:]), dtype=column.values.dtype)
    values[mask] = column.values[(column.offsets[rows][:, None] + place)[mask]]
    return values, mask


def fingerprint(data: Dataset) -> str:
    """SHA-256 of names, types, shapes and values, hex: whether two data sets are the same."""
    arrays: dict[str, Array] = {}
    for name, column in data.items():
        if isinstance(column, Ragged):
            arrays |= {f"{name}/values": column.values, f"{name}/offsets": column.offsets}
        else:
            arrays[name] = column
    return digest(arrays)
