"""What happened, in a file of learnloop's own JSON? One interaction per line, or one array of them.

A file of lines is read line by line and may have any size; an array is decoded at once, so its file
must fit into memory.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from learnloop.core.errors import DataError, InvalidInput, Rejection
from learnloop.core.types import Item, Skill
from learnloop.events.native import (
    InteractionIn,
    decode,
    decode_one,
    rejection,
    to_interaction,
    to_interactions,
)
from learnloop.events.rows import Parsed
from learnloop.events.source import Source

MAX_ARRAY_BYTES = 256 * 1024 * 1024


def open_jsonl(path: Path) -> "JsonLines":
    """A file of interactions, ready to be read.

    Raises:
        DataError: The file can't be read, is empty, or is CSV.
    """
    first = next((text for text in Source(path).lines() if not text.isspace()), "{")
    refuse_csv(path, first)
    return JsonLines(Source(path))


def refuse_csv(path: Path, first: str) -> None:
    """Refuse a file whose first line has columns and is no object or array, however broken.

    Raises:
        DataError: It is CSV.
    """
    if first.lstrip()[:1] not in "{[" and any(mark in first for mark in ",;\t"):
        raise DataError(f"{path.name}: looks like CSV, not JSON; read it as CSV")


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
                yield Parsed(line, to_interaction(decode_one(text.encode())), text.rstrip("\r\n"))
            except InvalidInput as error:
                yield replace(rejection(line, error), row=text.rstrip("\r\n"))


def open_json(path: Path) -> "JsonArray":
    """A file with one array of interactions (or a single one), ready to be read.

    Raises:
        DataError: There is no such file.
    """
    return JsonArray(Source(path))


class JsonArray(JsonLines):
    """The interactions of a JSON file; rejections name their 0-based index in the array."""

    def __iter__(self) -> Iterator[Parsed | Rejection]:
        """Each element of the array, those that are wrong last.

        Raises:
            DataError: The file can't be read, is no JSON, or is larger than 256 MiB.
        """
        text = self._source.whole(MAX_ARRAY_BYTES)
        try:
            batch = decode(text, limit=len(text))
        except InvalidInput as error:
            raise DataError(f"{self._source.path.name}: {error.message}") from error
        good, rejected = to_interactions(batch)
        given = dict(zip(batch.indices, batch.given, strict=True))
        for index, interaction in good:
            yield Parsed(index, interaction, _text(given[index]))
        for wrong in rejected:
            known = given.get(wrong.line)
            yield wrong if known is None else replace(wrong, row=_text(known))


def _text(given: InteractionIn) -> str:
    return msgspec.json.encode(given).decode()
