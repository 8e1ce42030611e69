"""What happened, in another system's log? Rows of CSV, TSV or a matrix, read by a map.

`open_log` gives a `Log`: `log.nouns()` reads it once for its items and skills, iterating over it
reads it again for its interactions. Neither pass keeps the file in memory.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from learnloop.core.errors import DataError, Rejection
from learnloop.core.types import Item, Skill
from learnloop.events import logmap as maps
from learnloop.events.items import ItemsRead, read_items
from learnloop.events.logmap import FILE_NAME, LogMap
from learnloop.events.rows import Parsed, RowReader
from learnloop.events.source import Source
from learnloop.events.table import Row, header_of, numbered, rows_of

AUTO = "auto"


def open_log(path: Path, map_name: str = AUTO, items: Path | None = None) -> "Log":
    """A log of another system, ready to be read.

    Args:
        path: The file, or a folder that has it.
        map_name: A ready map, the path of one's own, or `auto` to guess.
        items: The file that describes the items, where it does not lie beside the log.

    Raises:
        DataError: No such file, no such map, or the file does not fit the map.
    """
    if map_name == AUTO:
        logmap = _guess(path)
        note = f"map {logmap.name}: {logmap.about}"
        return Log(logmap, _files(path, logmap), items, [note])
    logmap = maps.load(map_name)
    return Log(logmap, _files(path, logmap), items, [])


class Log:
    """The interactions, items and skills of one or several files.

    Attributes:
        logmap: The map that reads it.
        notes: What was guessed or assumed; for people. Complete after a pass.
        total_bytes: Size on disk of all files.
        skipped: Rows that the map's `where` left out in the last pass over the interactions.
    """

    def __init__(
        self, logmap: LogMap, files: Sequence[Path], items: Path | None, notes: list[str]
    ) -> None:
        self.logmap = logmap
        self.notes = notes
        self.skipped = 0
        self._files = files
        self._items_path = items or self._beside()
        self._done_bytes = 0
        self._source: Source | None = None
        self._read_items: ItemsRead | None = None
        self.total_bytes = sum(Source(file).total_bytes for file in files)

    @property
    def bytes_read(self) -> int:
        """How far the pass that runs now has come, in bytes on disk."""
        return self._done_bytes + (self._source.bytes_read if self._source else 0)

    def nouns(self) -> tuple[tuple[Skill, ...], tuple[Item, ...]]:
        """The skills and items that the log and its items file name; one pass over the file.

        Raises:
            DataError: A file can't be read, or lacks a column.
        """
        found = self._items().copy()
        for reader, _, rows in self._passes():
            for _, cells in rows:
                if not isinstance(cells, Rejection) and reader.taken(cells):
                    found.add(reader.item_name(cells), reader.skill_names(cells))
        return found.nouns(self.logmap)

    def __iter__(self) -> Iterator[Parsed | Rejection]:
        """Each row in the order of the file: what happened, or why it can't be taken.

        Raises:
            DataError: A file can't be read, or lacks a column.
        """
        self.skipped = 0
        for reader, prefix, rows in self._passes():
            for line, cells in rows:
                row = cells if isinstance(cells, Rejection) else reader.read(line, cells)
                if row is None:
                    continue
                if prefix and isinstance(row, Rejection):
                    row = Rejection(row.line, row.code, prefix + row.message, row.field)
                yield row
            self.skipped += reader.skipped

    def _items(self) -> ItemsRead:
        if self._read_items is None:
            self._read_items = read_items(self.logmap, self._items_path, self.notes)
        return self._read_items

    def _passes(self) -> Iterator[tuple[RowReader, str, Iterator[Row]]]:
        answers = self._items().answers
        self._done_bytes, self._source = 0, None
        for file in self._files:
            self._source = source = Source(file)
            header, rows = rows_of(source, self.logmap)
            prefix = f"{file.name} " if len(self._files) > 1 else ""
            yield RowReader(self.logmap, header, answers, file.name.split(".")[0]), prefix, rows
            self._done_bytes += source.total_bytes
            self._source = None
            self.notes += [note for note in source.notes if note not in self.notes]

    def _beside(self) -> Path | None:
        spec = self.logmap.items
        if spec is None:
            return None
        folders = (self._files[0].parent, self._files[0].parent.parent)
        found = [folder / spec.file for folder in folders if (folder / spec.file).is_file()]
        return found[0] if found else None


def _guess(path: Path) -> LogMap:
    known = [m for m in maps.ready().values() if m.folder == path.resolve().name]
    if path.is_dir() and known:
        return known[0]
    if path.is_dir():
        raise DataError(f"{path}: a folder; give the file, or a map with --map", field="map")
    source = Source(path)
    return maps.guess(header_of(numbered(source), source), path)


def _files(path: Path, logmap: LogMap) -> list[Path]:
    if not path.is_dir():
        return [path]
    if logmap.learner == FILE_NAME:
        items = logmap.items.file if logmap.items else None
        files = [f for f in sorted(path.glob("*.csv*")) if f.name != items]
    else:
        files = [path / logmap.file] if logmap.file else []
    if not files or not files[0].is_file():
        raise DataError(f"{path}: the folder has no log for the map {logmap.name}")
    return files
