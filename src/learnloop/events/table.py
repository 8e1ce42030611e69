"""Which rows of cells are in this file, and at which lines? CSV, TSV, or a matrix without header.

The delimiter is the one of `, tab ; |` that the first line has most of. A row is named by the line
it begins at, also where cells in quotes go over several lines.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from learnloop.core.errors import DataError, Rejection
from learnloop.events.logmap import MATRIX_HEADER, Column, LogMap, position
from learnloop.events.source import Source

Row = tuple[int, list[str] | Rejection]
DELIMITERS = (",", "\t", ";", "|")


def rows_of(source: Source, logmap: LogMap) -> tuple[list[str], Iterator[Row]]:
    """The header of a file, and its rows with the line each begins at.

    Raises:
        DataError: The file is empty or its header lacks a column of the map.
    """
    rows = numbered(source, logmap.delimiter, quotes=logmap.quotes)
    if logmap.layout == "matrix":
        require(list(logmap.columns()), MATRIX_HEADER, f"the matrix map {logmap.name}")
        return MATRIX_HEADER, _cells_of_matrix(rows)
    header = header_of(rows, source)
    require(list(logmap.columns()), header, f"{source.path.name}: the map {logmap.name}")
    return header, full(rows, len(header))


def require(columns: Sequence[Column], header: Sequence[str], who: str) -> None:
    """Raise DataError where the header lacks a column, saying what it has instead."""
    missing = [c for c in columns if position(c, header) is None]
    if missing:
        names = ", ".join(c if isinstance(c, str) else " or ".join(c) for c in missing)
        found = ", ".join(header[:12]) + (", ..." if len(header) > 12 else "")
        message = f"{who} needs the column {names}; found {len(header)}: {found}"
        raise DataError(message, field="map")


def numbered(source: Source, delimiter: str | None = None, *, quotes: bool = True) -> Iterator[Row]:
    """Each row that is not blank, with the 1-based line it begins at."""
    lines = source.lines()
    first = next(lines)
    found = delimiter or max(DELIMITERS, key=first.count)

    latest = [first]  # what the reader took last, for a row that it can't read

    def all_lines() -> Iterator[str]:
        yield first
        for text in lines:
            latest[0] = text
            yield text

    if quotes:
        reader = csv.reader(all_lines(), delimiter=found)
    else:
        reader = csv.reader(all_lines(), delimiter=found, quoting=csv.QUOTE_NONE)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, _refused(line, f"not readable as a row ({error})", latest[0])
            continue
        if len(cells) > 1 or (cells and cells[0].strip()):
            yield line, cells


def header_of(rows: Iterator[Row], source: Source) -> list[str]:
    """The column names that stand in the first row."""
    _, header = next(rows, (1, []))
    if isinstance(header, Rejection) or not header:
        raise DataError(f"{source.path.name}: the first line is no header of column names")
    return [name.strip() for name in header]


def full(rows: Iterator[Row], width: int) -> Iterator[Row]:
    """The rows; those that have more or fewer cells than the header are rejected."""
    for line, cells in rows:
        if not isinstance(cells, Rejection) and len(cells) != width:
            message = f"has {len(cells)} cells where the header has {width}"
            yield line, _refused(line, message, _joined(cells))
        else:
            yield line, cells


def _cells_of_matrix(
    rows: Iterator[Row],
) -> Iterator[Row]:
    """Learner, item and cell for each cell that is not empty; a line is a learner."""
    width = 0
    for learner, (line, cells) in enumerate(rows, start=1):
        if isinstance(cells, Rejection):
            yield line, cells
            continue
        width = width or len(cells)
        if len(cells) != width:
            message = f"has {len(cells)} cells where the first line has {width}"
            yield line, _refused(line, message, _joined(cells))
            continue
        for item, cell in enumerate(cells, start=1):
            if cell.strip():
                yield line, [f"{learner}", f"{item}", cell]


def _refused(line: int, message: str, text: str) -> Rejection:
    return Rejection(line, "invalid_input", message, row=text.rstrip("\r\n"))


def _joined(cells: Sequence[str]) -> str:
    """The cells as a line of CSV again."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
