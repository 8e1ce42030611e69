"""How is a catalog kept as tables? One CSV file for each kind, one line for each entry.

    skills.csv    skill_id,name,prerequisites,description
    items.csv     item_id,skills,kind,course_id,title,text,difficulty_logit,expected_seconds,
                  choices,answer,hints,visible
    courses.csv   course_id,name,description

Only the id column is needed. Cells that hold several values separate them with `|`; an empty cell
means the default. Spreadsheets' byte-order marks and line ends are all understood.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from learnloop.catalog.check import Placed
from learnloop.catalog.wire import CourseIn, EntryIn, ItemIn, SkillIn, bare_entry, from_cells
from learnloop.core.errors import CatalogError, InvalidInput, Rejection

ENTRIES: dict[str, type[CourseIn] | type[SkillIn] | type[ItemIn]] = {
    "items.csv": ItemIn,
    "skills.csv": SkillIn,
    "courses.csv": CourseIn,
}
SEPARATOR = "|"
_LISTS = frozenset({"prerequisites", "skills", "choices", "hints"})
_FLAGS = {"yes": "true", "no": "false"}


def load(
    text: bytes, source: str, entry: type[EntryIn], rejections: list[Rejection]
) -> list[Placed[EntryIn]]:
    """The entries of one table.

    Args:
        text: UTF-8, with or without a byte-order mark.
        source: The file's name, for the messages.
        entry: Which kind of entry the table has.
        rejections: What is wrong is added here.

    Raises:
        CatalogError: The file is no such table: not UTF-8, empty, or without the id column.
    """
    placed = []
    for line, cells in _rows(text, source, entry):
        try:
            placed.append(Placed(from_cells(cells, entry), line, "", source))
        except InvalidInput as error:
            place = Placed(None, line, "", source)
            rejections.append(place.reject(error.field or "", error.message))
            bare = bare_entry(cells, entry)
            if bare is not None:
                placed.append(Placed(bare, line, "", source))
    return placed


def kind_of(header: Sequence[str]) -> str | None:
    """Which of the tables a header belongs to; items may name courses, so they are asked first."""
    for name, entry in ENTRIES.items():
        if entry.__struct_fields__[0] in header:
            return name
    return None


def header_of(text: bytes, source: str) -> list[str]:
    """The column names in the first line."""
    return next((cells for _, cells in _lines(text, source)), [])


def _rows(
    text: bytes, source: str, entry: type[EntryIn]
) -> Iterator[tuple[int, dict[str, object]]]:
    lines = _lines(text, source)
    _, header = next(lines, (1, []))
    names = [name.strip().lower() for name in header]
    needed = entry.__struct_fields__[0]
    if needed not in names:
        found = ", ".join(names[:10]) or "nothing"
        raise CatalogError(f"{source}: the first line must have the column {needed}; found {found}")
    for line, row in lines:
        cells = dict(zip(names, row, strict=False))
        surplus = next((i for i, x in enumerate(row[len(names) :]) if x.strip()), None)
        if surplus is not None:
            cells[f"column {len(names) + surplus + 1}"] = row[len(names) + surplus]
        yield line, {k: _cell(k, v) for k, v in cells.items() if v.strip()}


def _cell(name: str, text: str) -> object:
    if name in _LISTS:
        return [part.strip() for part in text.split(SEPARATOR) if part.strip()]
    text = text.strip()
    return _FLAGS.get(text.lower(), text) if name == "visible" else text


def _lines(text: bytes, source: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the line it begins at."""
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{source}: not UTF-8 (byte {error.start}); save the file as UTF-8"
        raise CatalogError(message) from error
    reader = csv.reader(io.StringIO(decoded, newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise CatalogError(f"{source} line {line}: not readable as CSV ({error})") from error
