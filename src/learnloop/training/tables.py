"""How is a text table of strangers read so that every complaint names file, line and column?

Everything is read as text and converted column by column. Lines are counted as if no field held a
line break. A byte-order mark, gzip, tabs for commas, spaces around a field and any kind of line end
are taken as they come; blank lines are passed over.
"""

import gzip
import io
import zlib
from pathlib import Path
from typing import NoReturn

import numpy as np
import polars as pl

from learnloop.core.errors import DataError
from learnloop.core.types import Bools, Floats
from learnloop.training.columns import BY_ROLE, Column

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")


class Table:
    """One file of rows, all fields text.

    Attributes:
        name: The file's name, for messages.
        frame: The fields; None where a field is empty.
        lines: (n,) 1-based line of each row.
    """

    def __init__(self, name: str, frame: pl.DataFrame, lines: pl.Series) -> None:
        self.name = name
        self.frame = frame
        self.lines = lines

    def __len__(self) -> int:
        return self.frame.height

    def has(self, role: str) -> bool:
        """Whether one of the role's columns is there."""
        return any(name in self.frame.columns for name in BY_ROLE[role].names)

    def column(self, role: str) -> pl.Series:
        """The text of a role's column, None where empty.

        Raises:
            DataError: No column has one of the role's names.
        """
        column = BY_ROLE[role]
        for name in column.names:
            if name in self.frame.columns:
                return self.frame[name]
        raise _missing(self.name, self.frame.columns, column)

    def ids(self, role: str, *, may_be_empty: bool = False) -> pl.Series:
        """The ids of a role's column; "NaN" is no id.

        Raises:
            DataError: An id is missing.
        """
        ids = self.column(role)
        wrong = ids.str.to_lowercase().is_in(["nan", "null", "none"])
        if not may_be_empty:
            wrong = wrong | ids.is_null()
        self.refuse(role, wrong.fill_null(False).to_numpy(), "is no id; give one or drop the row")
        return ids

    def numbers(self, role: str, *, may_be_empty: bool = False) -> Floats:
        """The finite numbers of a role's column, (n,); NaN where a field may be and is empty.

        Raises:
            DataError: A field is not a finite number.
        """
        text = self.column(role)
        values = text.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
        wrong = ~np.isfinite(values)
        if may_be_empty:
            wrong = wrong & text.is_not_null().to_numpy()
        self.refuse(role, wrong, "is not a finite number")
        return values

    def refuse(self, role: str, wrong: Bools, why: str) -> None:
        """Complain about the first row where `wrong` (n,) holds, if there is one.

        Raises:
            DataError: There is one.
        """
        if wrong.any():
            self._complain(role, int(np.argmax(wrong)), why)

    def _complain(self, role: str, row: int, why: str) -> NoReturn:
        series = self.column(role)
        found = "an empty field" if series[row] is None else repr(series[row])
        line = self.lines[row]
        raise DataError(
            f"{self.name}, line {line}, column {series.name}: {found} {why}", field=series.name
        )


def find_table(folder: Path, stem: str) -> Table | None:
    """The table `stem` of a folder, as .csv or .tsv, gzipped or not; None where there is none.

    Raises:
        DataError: There are two of them, or the file can't be read as a table with rows.
    """
    there = [path for suffix in SUFFIXES if (path := folder / f"{stem}{suffix}").is_file()]
    if len(there) > 1:
        names = ", ".join(path.name for path in there)
        raise DataError(f"{folder.name}: there are {names}; keep one of them")
    return read_table(there[0]) if there else None


def read_table(path: Path) -> Table:
    """Read one file.

    Raises:
        DataError: It is empty, not a table, not UTF-8, or has no rows.
    """
    separator = "\t" if ".tsv" in path.name else ","
    try:
        frame = pl.read_csv(_content(path), separator=separator, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError, EOFError, zlib.error) as problem:
        reason = str(problem).splitlines()[0]
        raise DataError(f"{path.name}: can't be read as a table: {reason}") from problem
    frame = frame.select(pl.all().str.strip_chars().replace("", None).name.map(str.strip))
    lines = pl.Series(np.arange(2, frame.height + 2))
    filled = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    if not filled.any():
        raise DataError(f"{path.name}: there are no rows")
    return Table(path.name, frame.filter(filled), lines.filter(filled))


def _content(path: Path) -> io.BytesIO:
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return io.BytesIO(raw)


def _missing(file: str, there: list[str], column: Column) -> DataError:
    wanted = " or ".join(column.names)
    return DataError(
        f"{file}: no column {wanted} ({column.meaning}); it has {', '.join(there)}",
        field=column.names[0],
    )
