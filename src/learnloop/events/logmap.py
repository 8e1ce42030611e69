"""What do the columns of another system's log mean? A map says so; it is one JSON object.

    {"name": "mine", "learner": "student", "item": ["exercise"],
     "correct": {"column": "ok", "right": ["yes"], "wrong": ["no"]},
     "time": {"column": "when", "zone": "Europe/Zurich"},
     "skills": {"column": "topics", "separator": ","}}

Where a column is asked for, a list of names means the first of them that the header has. The ready
maps are the JSON files in `maps/`; docs/guides/importing.md explains every field.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from learnloop.core.errors import DataError

Column = str | list[str]
FILE_NAME = "@file"


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a map."""


class Verdict(_Part, frozen=True):
    """Where it stands whether the answer was right.

    Attributes:
        right: Cells that mean right; likewise `wrong`, `studied` and `skipped`.
        partial: Other cells are a score from 0 to 1.
        key: The cell is the answer itself, right where it equals the item's answer in the items
            file.
    """

    column: Column
    right: tuple[str, ...] = ("1",)
    wrong: tuple[str, ...] = ("0",)
    studied: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    partial: bool = False
    key: bool = False


class Times(_Part, frozen=True):
    """When the item was shown.

    Attributes:
        fallback: Read where `column` is empty.
        unit: `text` for dates, else what the numbers count.
        zone: The zone of texts without one; without it they are refused.
        origin: The instant that numbers count from.
    """

    column: Column
    fallback: Column | None = None
    unit: Literal["text", "s", "ms", "us"] = "text"
    zone: str | None = None
    origin: datetime = datetime.fromisoformat("1970-01-01T00:00:00Z")


class Duration(_Part, frozen=True):
    """How long the answer took: a column of numbers, or the time until another time column."""

    column: Column | None = None
    unit: Literal["s", "ms"] = "ms"
    until: Column | None = None


class Skills(_Part, frozen=True):
    """Which skills the row's item has.

    Attributes:
        separator: Between several skills in one cell.
        missing: Cells that mean none.
    """

    column: Column
    separator: str | None = None
    missing: tuple[str, ...] = ("", "NA", "nan")


class ItemsFile(_Part, frozen=True):
    """The file that describes the items: one row per item, or one per item and skill.

    Attributes:
        file: Its name beside the log.
        layout: `matrix` for rows of 0 and 1 without a header, item by skill; `names` is then the
            file with the skills' names.
        key: The column with the right answer.
    """

    file: str
    layout: Literal["rows", "matrix"] = "rows"
    item: str = "item_id"
    skills: str | None = None
    skill_name: str | None = None
    separator: str | None = None
    missing: tuple[str, ...] = ("", "-1")
    text: str | None = None
    key: str | None = None
    names: str | None = None


class LogMap(_Part, frozen=True):
    """A map.

    Attributes:
        name: Part of every interaction's id, so keep it once rows were imported by it.
        about: One line for people.
        folder: Name of the data folder that the map belongs to; helps to guess.
        file: Name of the log inside that folder.
        layout: `matrix` for rows of cells without a header, learner by item; its columns are
            called learner, item and cell.
        delimiter: Between the cells; found out from the header where it is not given.
        quotes: Whether cells may stand in double quotes.
        prefix: Put before the ids of learners, items and skills.
        learner: The column, or `@file` for the name of the file.
        item: The columns that name the item together.
        where: Only rows whose cells are among these are taken.
        row_id: Columns that identify a row of the log, where it has any.
        sequence: A column of whole numbers that orders rows of the same time.
    """

    name: str
    learner: Column
    item: list[Column]
    correct: Verdict
    about: str = ""
    folder: str | None = None
    file: str | None = None
    layout: Literal["rows", "matrix"] = "rows"
    delimiter: str | None = None
    quotes: bool = True
    prefix: str = ""
    where: dict[str, list[str]] = {}
    time: Times | None = None
    response_time: Duration | None = None
    hints: Column | None = None
    sequence: Column | None = None
    row_id: list[Column] = []
    skills: Skills | None = None
    items: ItemsFile | None = None

    def columns(self) -> Iterator[Column]:
        """The columns without which no row can be read."""
        if self.learner != FILE_NAME:
            yield self.learner
        yield from self.item
        yield self.correct.column
        yield from self.where
        yield from self.row_id
        if self.time is not None:
            yield self.time.column
        if self.sequence is not None:
            yield self.sequence


MATRIX_HEADER = ["learner", "item", "cell"]


def position(column: Column, header: Sequence[str]) -> int | None:
    """Where the column stands in the header; None where it is not there."""
    for name in [column] if isinstance(column, str) else column:
        if name in header:
            return header.index(name)
    return None


def fits(logmap: LogMap, header: Sequence[str]) -> bool:
    """Whether the header has every column that the map needs."""
    return all(position(column, header) is not None for column in logmap.columns())


@cache
def ready() -> dict[str, LogMap]:
    """The maps that come with learnloop, by name."""
    folder = resources.files("learnloop.events") / "maps"
    files = sorted(x.name for x in folder.iterdir() if x.name.endswith(".json"))
    maps = [parse((folder / name).read_bytes(), name) for name in files]
    return {logmap.name: logmap for logmap in maps}


def load(name_or_path: str) -> LogMap:
    """A ready map by its name, or one's own by the path of its JSON file.

    Raises:
        DataError: There is no such map, or it is wrong: which field.
    """
    if name_or_path in ready():
        return ready()[name_or_path]
    path = Path(name_or_path)
    try:
        return parse(path.read_bytes(), path.name)
    except OSError as error:
        known = ", ".join(ready())
        message = f"map {name_or_path!r}: neither a file nor one of {known}"
        raise DataError(message, field="map") from error


def parse(text: bytes, source: str) -> LogMap:
    """The map written as JSON.

    Raises:
        DataError: Which field is wrong.
    """
    try:
        logmap = msgspec.json.decode(text.removeprefix(b"\xef\xbb\xbf"), type=LogMap)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise DataError(f"map {source}: {error}", field="map") from error
    problem = _problem(logmap)
    if problem:
        raise DataError(f"map {source}: {problem}", field="map")
    return logmap


def _problem(logmap: LogMap) -> str | None:
    if not logmap.name.strip() or not logmap.item or not all(logmap.columns()):
        return "name, learner, item and correct.column can't be empty"
    delimiter = logmap.delimiter
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        return "delimiter: must be one character, and no quote or line end"
    if logmap.correct.key and (logmap.items is None or logmap.items.key is None):
        return "correct.key: needs items.key, the column with the right answers"
    duration = logmap.response_time
    if duration is not None and (duration.column is None) == (duration.until is None):
        return "response_time: needs either column or until"
    if duration is not None and duration.until is not None and logmap.time is None:
        return "response_time.until: needs time, from which it is counted"
    return None if logmap.time is None else _time_problem(logmap.time)


def _time_problem(times: Times) -> str | None:
    if times.origin.tzinfo is None:
        return "time.origin: has no time zone"
    try:
        ZoneInfo(times.zone or "UTC")
    except (ValueError, OSError, LookupError):
        return f"time.zone: {times.zone!r} is not known; write it like Europe/Zurich"
    return None


def guess(header: Sequence[str], path: Path) -> LogMap:
    """The ready map that a log fits, by its folder's name, else by its header.

    Raises:
        DataError: None fits.
    """
    here = [m for m in ready().values() if m.folder == path.resolve().parent.name]
    if len(here) == 1:
        return here[0]
    # A map that names its file belongs to one data folder; the others are layouts of exports.
    fitting = [m for m in ready().values() if m.file is None and fits(m, header)]
    if len(fitting) == 1:
        return fitting[0]
    found = ", ".join(header[:12])
    message = f"{path.name}: no ready map fits the columns {found}; write a map of your own"
    raise DataError(message, field="map")
