"""What happened, in learnloop's own JSON, one interaction per line? Read line by line."""

from collections.abc import Iterator
from pathlib import Path

from learnloop.core.errors import InvalidInput, Rejection
from learnloop.core.types import Item, Skill
from learnloop.events.native import decode_one, rejection, to_interaction
from learnloop.events.rows import Parsed
from learnloop.events.source import Source


def open_jsonl(path: Path) -> "JsonLines":
    """A file of interactions, ready to be read.

    Raises:
        DataError: There is no such file.
    """
    return JsonLines(Source(path))


class JsonLines:
    """The interactions of a JSONL file; it has what `csv.Log` has.

    Attributes:
        notes: What was assumed; for people.
        total_bytes: Size on disk.
        skipped: Always 0: no line is left out.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.notes = source.notes
        self.total_bytes = source.total_bytes
        self.skipped = 0

    @property
    def bytes_read(self) -> int:
        """How far it has been read, in bytes on disk."""
        return self._source.bytes_read

    def nouns(self) -> tuple[tuple[Skill, ...], tuple[Item, ...]]:
        """Nothing: the native form names items, it does not describe them."""
        return (), ()

    def __iter__(self) -> Iterator[Parsed | Rejection]:
        """Each line that is not blank.

        Raises:
            DataError: The file can't be read.
        """
        for line, text in enumerate(self._source.lines(), start=1):
            if text.isspace():
                continue
            try:
                yield Parsed(line, to_interaction(decode_one(text.encode())))
            except InvalidInput as error:
                yield rejection(line, error)
