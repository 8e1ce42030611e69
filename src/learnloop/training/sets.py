"""How is a training set kept, and where does it come from? One Parquet file that says so itself.

Its columns are those of the labels, then one for each feature; unknown is NaN. Its lineage stands
in the file's metadata under `learnloop`. Rows are computed learner by learner and wait on disk for
their place, so that neither the log nor the set has to fit into memory.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec
import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from learnloop.core.errors import DataError
from learnloop.core.types import Floats, Ints

KEY = "learnloop"
ROW_GROUP = 65_536


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a training set was made of.

    Attributes:
        features: Ref of the feature set: version of the definitions and of the item statistics. A
            model that is fitted on the set is to be given vectors of this one.
        statistics: `serving`, `given`, or `others`: then each fold of learners has its own, and
            `features` names those of the held-out ones.
        names: The feature columns, in order.
        definitions: Digest of their definitions.
        code: Version of learnloop.
        known_by: Whether events count from when they occurred or from when they were received.
        as_of: Labels that could not be used by then were left out; None = all were taken.
        delay_s: How long after `label_at` a label could be used, seconds.
        log_read_at: The log as of this instant.
        n_events: Events of the log that were read.
        n_rows: Rows of the set.
    """

    features: str
    statistics: str
    names: tuple[str, ...]
    definitions: str
    code: str
    known_by: str
    as_of: datetime | None
    delay_s: float
    log_read_at: datetime
    n_events: int
    n_rows: int


def read_lineage(path: Path) -> Lineage:
    """What a training set was made of.

    Raises:
        DataError: The file is no training set.
    """
    try:
        return msgspec.json.decode(pl.read_parquet_metadata(path)[KEY], type=Lineage)
    except (OSError, KeyError, pl.exceptions.PolarsError, msgspec.MsgspecError) as problem:
        raise DataError(f"{path.name}: this is no training set of learnloop") from problem


def write_set(path: Path, labels: pl.DataFrame, vectors: "Spool", lineage: Lineage) -> None:
    """Write the file, whole or not at all."""

    def blocks(
        _columns: list[str] | None, _where: pl.Expr | None, _n: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        for start in range(0, labels.height, ROW_GROUP):
            block = labels[start : start + ROW_GROUP]
            columns = np.ascontiguousarray(vectors.get(start, start + block.height).T)
            named = zip(lineage.names, columns, strict=True)
            yield block.with_columns(pl.Series(name, column) for name, column in named)

    schema = {**labels.schema, **dict.fromkeys(lineage.names, pl.Float64())}
    unfinished = path.with_name(f"{path.name}.part")
    about = {KEY: msgspec.json.encode(lineage).decode()}
    try:
        register_io_source(blocks, schema=schema).sink_parquet(
            unfinished, row_group_size=ROW_GROUP, metadata=about
        )
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


class Spool:
    """Rows of numbers, put in any order and read in theirs; in a file, not in memory.

    Args:
        file: Of bytes, to read and write; a temporary one.
        width: Numbers in a row.
    """

    def __init__(self, file: IO[bytes], width: int) -> None:
        self._file = file
        self._width = width

    def put(self, rows: Ints, values: Floats) -> None:
        """Keep `values` (k, width) as the rows (k,) of those numbers."""
        order = np.argsort(rows)
        breaks = np.flatnonzero(np.diff(rows[order]) != 1) + 1
        for run in np.split(order, breaks):
            if len(run):
                self._file.seek(int(rows[run[0]]) * self._width * 8)
                self._file.write(np.ascontiguousarray(values[run]).data)

    def get(self, start: int, stop: int) -> Floats:
        """(stop - start, width); each row must have been put."""
        self._file.seek(start * self._width * 8)
        found = self._file.read((stop - start) * self._width * 8)
        return np.frombuffer(found, dtype=np.float64).reshape(stop - start, self._width)
