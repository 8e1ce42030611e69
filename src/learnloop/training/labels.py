"""What is to be learnt? Rows that say of whom, of which instant, and what came of it.

A row asks: what was known of `learner_id` at `at`, perhaps about `item_id`? Every other column is a
label and stays as it is, except `label_at`: when the label was known. A label that was known at its
question's instant, or before, is no label but an answer in the question, and is refused. With a
delay, and as of an instant, rows whose label was not known yet are left out and counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn, Self

import numpy as np
import polars as pl

from learnloop.core.errors import DataError, NaiveTime
from learnloop.core.time import to_us, to_utc
from learnloop.core.types import Bools
from learnloop.training.tables import read_table

PARQUET = (".parquet", ".pq")
INSTANT = pl.Datetime("us", "UTC")
FIRST_US, LAST_US = 0, to_us(datetime.fromisoformat("9999-01-01T00:00:00Z"))


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Questions and what came of them, in the order in which they were given.

    Attributes:
        name: Of the file, for messages.
        frame: `learner_id`, `at` (UTC, microseconds), perhaps `item_id` and `label_at`, and labels.
        lines: (n,) 1-based line of each row of a text file; None where rows are counted from 0.
    """

    name: str
    frame: pl.DataFrame
    lines: pl.Series | None = None

    @classmethod
    def read(cls, source: Path | pl.DataFrame) -> Self:
        """Labels of a CSV, TSV or Parquet file, or of a frame.

        Instants are ISO 8601 with a time zone, or whole microseconds since 1970.

        Raises:
            DataError: A column is missing or a field is wrong; the message names row and column.
        """
        labels = cls(*_rows(source))
        for name in ("learner_id", "at"):
            if name not in labels.frame.columns:
                there = ", ".join(labels.frame.columns)
                raise DataError(f"{labels.name}: no column {name}; it has {there}", field=name)
        for name in ("learner_id", "item_id"):
            labels = labels._with_ids(name)
        for name in ("at", "label_at"):
            labels = labels._with_instants(name)
        if "label_at" in labels.frame.columns:
            early = labels.frame["label_at"] <= labels.frame["at"]
            labels.refuse(
                "label_at",
                early.to_numpy(),
                "is not after `at`: a label has to become known later than its question is asked",
            )
        return labels

    def __len__(self) -> int:
        return self.frame.height

    @property
    def questions(self) -> pl.DataFrame:
        """What `features.asof` asks for: `learner_id`, `at_us`, and perhaps `item_id`."""
        ids = [name for name in ("learner_id", "item_id") if name in self.frame.columns]
        return self.frame.select(*ids, pl.col("at").to_physical().alias("at_us"))

    def known_by(self, instant: datetime, delay: timedelta = timedelta(0)) -> Self:
        """The rows whose label could be used at an instant, `delay` after it was known."""
        known_at = pl.col("label_at" if "label_at" in self.frame.columns else "at")
        known = self.frame.select(known_at + delay <= instant).to_series()
        lines = None if self.lines is None else self.lines.filter(known)
        return type(self)(self.name, self.frame.filter(known), lines)

    def refuse(self, column: str, wrong: Bools, why: str) -> None:
        """Complain about the first row where `wrong` (n,) holds, if there is one.

        Raises:
            DataError: There is one.
        """
        if wrong.any():
            self._complain(column, int(np.argmax(wrong)), why)

    def _complain(self, column: str, row: int, why: str) -> NoReturn:
        where = f"row {row}" if self.lines is None else f"line {self.lines[row]}"
        cell = self.frame[column][row]
        found = "an empty field" if cell is None else repr(str(cell))
        raise DataError(f"{self.name}, {where}, column {column}: {found} {why}", field=column)

    def _with_ids(self, name: str) -> Self:
        if name not in self.frame.columns:
            return self
        ids = self.frame[name]
        if not (ids.dtype == pl.String or ids.dtype.is_integer() or ids.dtype == pl.Null):
            raise DataError(f"{self.name}, column {name}: {ids.dtype} is no text", field=name)
        if name == "learner_id":
            self.refuse(name, ids.is_null().to_numpy(), "is no id; say of whom the label is")
        return self._with(ids.cast(pl.String))

    def _with_instants(self, name: str) -> Self:
        if name not in self.frame.columns:
            return self
        us = []
        for row, cell in enumerate(self.frame[name].to_list()):
            try:
                us.append(_microseconds(cell))
            except NaiveTime:
                self._complain(name, row, "has no time zone; write it with one, e.g. with a Z")
            except ValueError:
                self._complain(name, row, "is no instant (ISO 8601, or microseconds since 1970)")
        return self._with(pl.Series(name, us, dtype=pl.Int64).cast(INSTANT))

    def _with(self, column: pl.Series) -> Self:
        return type(self)(self.name, self.frame.with_columns(column), self.lines)


def _rows(source: Path | pl.DataFrame) -> tuple[str, pl.DataFrame, pl.Series | None]:
    if isinstance(source, pl.DataFrame):
        return "labels", source, None
    if source.suffix in PARQUET:
        try:
            return source.name, pl.read_parquet(source), None
        except (pl.exceptions.PolarsError, OSError) as problem:
            reason = str(problem).splitlines()[0]
            raise DataError(f"{source.name}: can't be read as Parquet: {reason}") from problem
    table = read_table(source)
    text = ("learner_id", "at", "item_id", "label_at")
    typed = [x if x.name in text else _typed(x) for x in table.frame]
    return table.name, pl.DataFrame(typed), table.lines


def _typed(text: pl.Series) -> pl.Series:
    """Whole numbers, numbers or truths where every field is one, else the text."""
    truths = text.str.to_lowercase().replace_strict(
        ["true", "false"], [True, False], default=None, return_dtype=pl.Boolean
    )
    candidates = (text.cast(dtype, strict=False) for dtype in (pl.Int64, pl.Float64))
    found: Sequence[pl.Series] = [*candidates, truths]
    return next((x for x in found if x.null_count() == text.null_count()), text)


def _microseconds(cell: object) -> int:
    """Microseconds since 1970.

    Raises:
        NaiveTime: It has no time zone.
        ValueError: It is no instant.
    """
    if isinstance(cell, str):
        text = cell.strip()
        cell = int(text) if text.isdigit() else datetime.fromisoformat(text)
    if isinstance(cell, datetime):
        cell = to_us(to_utc(cell, field="at"))
    if isinstance(cell, bool) or not isinstance(cell, int) or not FIRST_US <= cell < LAST_US:
        raise ValueError
    return cell
