"""Which statements are in this file? One per line, one array, or what an LRS answers.

    {"actor": ..., "verb": ..., "object": ...}      per line: a file of any size
    [{...}, {...}]                                  an array, or
    {"statements": [{...}, {...}], "more": ...}     a StatementResult: decoded at once

Left out are statements that another one of the same file voids, and those whose verb is not mapped,
whose actor is a group or whose object is no activity; the notes say how many for each reason.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from learnloop.core.errors import DataError, InvalidInput, Rejection
from learnloop.core.types import Interaction, Item, Skill
from learnloop.events.jsonl import MAX_ARRAY_BYTES, refuse_csv
from learnloop.events.native import rejection
from learnloop.events.rows import Parsed
from learnloop.events.source import Source
from learnloop.events.xapi.activities import Activities
from learnloop.events.xapi.statement import Statement, decode, trace
from learnloop.events.xapi.verbs import LeftOut, interaction_of

MAX_REASONS = 20
_WHOLE = re.compile(r'\s*(\[|\{\s*([\r\n]|$|"(statements|more)"\s*:))')


class _Page(msgspec.Struct):
    """A StatementResult."""

    statements: list[msgspec.Raw] | None = None


_Document = list[msgspec.Raw] | _Page
_document: msgspec.json.Decoder[_Document] = msgspec.json.Decoder(_Document)


def open_xapi(path: Path) -> "Statements":
    """A file of statements, ready to be read.

    Raises:
        DataError: The file can't be read, or is CSV.
    """
    source = Source(path)
    start = source.start()
    refuse_csv(path, start.lstrip().partition("\n")[0])
    return Statements(source, is_whole=_WHOLE.match(start) is not None)


class Statements:
    """The interactions of a file; it has what `csv.Log` has.

    Attributes:
        notes: What was assumed, and what was left out; for people. Complete after a pass.
        total_bytes: Size on disk.
        skipped: Statements that the last pass left out.
    """

    def __init__(self, source: Source, *, is_whole: bool) -> None:
        self._source = source
        self._is_whole = is_whole
        self._voided: set[str] | None = None
        self.notes: list[str] = []
        self.total_bytes = source.total_bytes
        self.skipped = 0

    @property
    def bytes_read(self) -> int:
        """How far the pass that runs now has come, in bytes on disk."""
        return self._source.bytes_read

    def nouns(self) -> tuple[tuple[Skill, ...], tuple[Item, ...]]:
        """No skills, and the activities as items; one pass over the file.

        Raises:
            DataError: The file can't be read, or has no statements.
        """
        activities = Activities()
        voided: set[str] = set()
        for _, piece in self._texts():
            try:
                statement = decode(piece)
                told = interaction_of(statement)
            except InvalidInput:
                continue  # named by the pass over the interactions
            if statement.voids is not None:
                voided.add(statement.voids)
            if isinstance(told, Interaction):
                activities.add(statement, told)
        self._voided = voided
        return (), activities.items()

    def __iter__(self) -> Iterator[Parsed | Rejection]:
        """Each statement that tells of an interaction, or why it can't be taken.

        `line` is the line of a file of lines, else the 0-based index in the array.

        Raises:
            DataError: The file can't be read, or has no statements.
        """
        if self._voided is None:
            self.nouns()
        absent = set(self._voided or ())
        left_out: Counter[str] = Counter()
        self.skipped = 0
        for line, piece in self._texts():
            try:
                statement = decode(piece)
                absent.discard(_id(statement))
                told = self._told(statement)
            except InvalidInput as error:
                yield replace(rejection(line, error), row=trace(piece))
                continue
            if isinstance(told, LeftOut):
                left_out[told.why] += 1
                self.skipped += 1
            else:
                yield Parsed(line, told, trace(piece))
        self.notes = [*self._source.notes, *_said(left_out)]
        if absent:
            stays = "what was imported of them before stays"
            self.notes.append(f"{len(absent):,} voided statements are not in this file; {stays}")

    def _told(self, statement: Statement) -> Interaction | LeftOut:
        if self._voided and _id(statement) in self._voided:
            return LeftOut("voided by another statement")
        return interaction_of(statement)

    def _texts(self) -> Iterator[tuple[int, bytes]]:
        """The JSON of each statement with its line or index."""
        if self._is_whole:
            yield from enumerate(bytes(piece) for piece in self._elements())
            return
        for line, text in enumerate(self._source.lines(), start=1):
            if not text.isspace():
                yield line, text.encode()

    def _elements(self) -> Sequence[msgspec.Raw | bytes]:
        name = self._source.path.name
        text = self._source.whole(MAX_ARRAY_BYTES)
        try:
            found = _document.decode(text)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise DataError(f"{name}: no JSON with xAPI statements ({error})") from error
        if isinstance(found, _Page):
            return [text] if found.statements is None else found.statements
        return found


def _id(statement: Statement) -> str:
    return (statement.id or "").lower()


def _said(left_out: Counter[str]) -> Iterator[str]:
    for why, n in left_out.most_common(MAX_REASONS):
        yield f"{n:,} statements are left out: {why}"
    others = left_out.most_common()[MAX_REASONS:]
    if others:
        yield f"{sum(n for _, n in others):,} are left out for {len(others):,} other reasons"
