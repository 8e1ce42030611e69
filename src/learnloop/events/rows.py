"""How does one row of a foreign log become an interaction, by its map?

The id of the interaction is made from the row alone, so a second import of the same file finds
every row known already:

    BLAKE2b-128(map name, learner, item, the row's own id)      where the map names `row_id`
    BLAKE2b-128(map name, learner, item, time)                  else, where the log has times
    BLAKE2b-128(map name, learner, item, n-th row of learner)   else: the order must stay the same

A log without times happens at 1970-01-01 as a whole, ordered by `sequence` alone.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple
from zoneinfo import ZoneInfo

from learnloop.core.errors import DataError, InvalidInput, LearnloopError, NaiveTime, Rejection
from learnloop.core.ids import MAX_ID_LENGTH, InteractionId, ItemId, LearnerId, SkillId, id_problem
from learnloop.core.time import EPOCH, from_us, to_us
from learnloop.core.types import Interaction, InteractionKind
from learnloop.events.ingest import MAX_RESPONSE_TIME_MS
from learnloop.events.logmap import FILE_NAME, Column, Duration, LogMap, Times, Verdict, position

US = {"s": 1_000_000, "ms": 1_000, "us": 1}
_NO_NUMBER = frozenset({"", ".", "NA", "nan"})

Cells = Sequence[str]
Judged = tuple[InteractionKind, bool | None, float | None]


class Parsed(NamedTuple):
    """A row that is well-formed.

    Attributes:
        line: 1-based line of the file.
        row: What it was read from: the text, or the columns' names and the cells.
    """

    line: int
    interaction: Interaction
    row: "str | tuple[Sequence[str], Cells]" = ""

    def refused(self, rejection: Rejection) -> Rejection:
        """The rejection of its interaction, with its line and what stood there."""
        return replace(rejection, line=self.line, row=written(self.row))


class RowReader:
    """Reads the rows of one file.

    Attributes:
        skipped: How many rows `where` left out.
    """

    def __init__(
        self, logmap: LogMap, header: Sequence[str], answers: Mapping[str, str], stem: str
    ) -> None:
        self.skipped = 0
        self._map = logmap
        self._header = header
        self._learner = None if logmap.learner == FILE_NAME else position(logmap.learner, header)
        self._stem = stem
        self._items = [_at(column, header) for column in logmap.item]
        self._where = [(_at(c, header), frozenset(cells)) for c, cells in logmap.where.items()]
        self._row_id = [_at(column, header) for column in logmap.row_id]
        self._judge = _judge(logmap.correct, _at(logmap.correct.column, header), answers)
        self._when = _clock(logmap.time, header) if logmap.time else None
        self._duration = _stopwatch(logmap.response_time, header, logmap.time)
        self._hints = position(logmap.hints, header) if logmap.hints else None
        self._sequence = position(logmap.sequence, header) if logmap.sequence else None
        skills = logmap.skills
        self._skills = position(skills.column, header) if skills else None
        self._counts: dict[str, int] = {}

    def taken(self, cells: Cells) -> bool:
        """Whether `where` lets the row in."""
        return all(cells[i].strip() in allowed for i, allowed in self._where)

    def read(self, line: int, cells: Cells) -> Parsed | Rejection | None:
        """The interaction of a row; None where the map leaves the row out."""
        if self._where and not self.taken(cells):
            self.skipped += 1
            return None
        try:
            return Parsed(line, self._interaction(cells), (self._header, cells))
        except LearnloopError as error:
            row = written((self._header, cells))
            return Rejection(line, error.code, error.message, error.field, row)

    def item_name(self, cells: Cells) -> str:
        """What the log calls the item of the row."""
        if len(self._items) == 1:
            return cells[self._items[0]].strip()
        return " / ".join(cells[i].strip() for i in self._items)

    def skill_names(self, cells: Cells) -> list[str]:
        """What the log calls the skills of the row."""
        if self._skills is None or self._map.skills is None:
            return []
        return split(cells[self._skills], self._map.skills.separator, self._map.skills.missing)

    def _interaction(self, cells: Cells) -> Interaction:
        learner = (self._stem if self._learner is None else cells[self._learner]).strip()
        item = self.item_name(cells)
        n = self._counts[learner] = self._counts.get(learner, 0) + 1
        at = EPOCH if self._when is None else self._when(cells)
        kind, correct, score = self._judge(cells, item)
        return Interaction(
            self._identity(cells, learner, item, at, n),
            LearnerId(_checked("learner", self._map.prefix + learner, learner)),
            item_id(self._map, item),
            kind,
            at,
            self._order(cells, n),
            correct,
            score,
            None if self._duration is None else self._duration(cells, at),
            0 if self._hints is None else _whole(cells[self._hints], self._map.hints),
        )

    def _identity(
        self, cells: Cells, learner: str, item: str, at: datetime, n: int
    ) -> InteractionId:
        if self._row_id:
            own = "\x1e".join([cells[i].strip() for i in self._row_id])
        elif self._when is not None:
            own = f"{to_us(at)}"
        else:
            own = f"{n}"
        text = f"{self._map.name}\x1f{learner}\x1f{item}\x1f{own}"
        return InteractionId(blake2b(text.encode(), digest_size=16).hexdigest())

    def _order(self, cells: Cells, n: int) -> int:
        if self._sequence is not None:
            return _whole(cells[self._sequence], self._map.sequence)
        return n if self._when is None else 0


def written(row: str | tuple[Sequence[str], Cells]) -> Mapping[str, str] | str:
    """What stood in a row, as it is kept with its rejection."""
    return row if isinstance(row, str) else dict(zip(*row, strict=False))


def item_id(logmap: LogMap, name: str) -> ItemId:
    """The id of the item that the log calls `name`."""
    return ItemId(_checked("item", fitted(logmap.prefix + name), name))


def skill_id(logmap: LogMap, name: str) -> SkillId:
    """The id of the skill that the log calls `name`."""
    return SkillId(_checked("skill", fitted(logmap.prefix + name), name))


def fitted(name: str) -> str:
    """The name, or its beginning and a hash where it is too long for an id."""
    if len(name) <= MAX_ID_LENGTH:
        return name
    return f"{name[:160]}~{blake2b(name.encode(), digest_size=16).hexdigest()}"


def split(cell: str, separator: str | None, missing: Sequence[str]) -> list[str]:
    """The different names in a cell, in their order."""
    parts = cell.split(separator) if separator else [cell]
    names = dict.fromkeys(part.strip() for part in parts)
    return [name for name in names if name and name not in missing]


def _checked(what: str, full: str, name: str) -> str:
    problem = "is empty" if not name else id_problem(full)
    if problem:
        raise InvalidInput(f"{what}: {problem}", field=what)
    return full


def _at(column: Column, header: Sequence[str]) -> int:
    found = position(column, header)
    if found is None:
        raise DataError(f"the column {_label(column)} is missing", field="map")
    return found


def _label(column: Column | None) -> str:
    return column if isinstance(column, str) else " or ".join(column or [])


def _whole(cell: str, column: Column | None) -> int:
    try:
        return int(cell)
    except ValueError:
        value = _number(cell, column)
        return 0 if value is None else int(value)


def _number(cell: str, column: Column | None) -> float | None:
    """The number in a cell; None where the cell is empty."""
    if cell.strip() in _NO_NUMBER:
        return None
    name = _label(column)
    try:
        value = float(cell)
    except ValueError as error:
        raise InvalidInput(f"{name}: {cell[:40]!r} is not a number", field=name) from error
    if not math.isfinite(value):
        raise InvalidInput(f"{name}: {cell[:40]!r} is not a finite number", field=name)
    return value


# --- right or wrong -------------------------------------------------------------------------------


def _judge(verdict: Verdict, at: int, answers: Mapping[str, str]) -> Callable[[Cells, str], Judged]:
    answered = InteractionKind.ANSWERED
    known: dict[str, Judged] = {
        **dict.fromkeys(verdict.right, (answered, True, None)),
        **dict.fromkeys(verdict.wrong, (answered, False, None)),
        **dict.fromkeys(verdict.studied, (InteractionKind.STUDIED, None, None)),
        **dict.fromkeys(verdict.skipped, (InteractionKind.SKIPPED, None, None)),
    }
    name = _label(verdict.column)

    def by_cell(cells: Cells, item: str) -> Judged:
        judged = known.get(cells[at])
        return judged or known.get(_plain(cells[at])) or _scored(cells[at], verdict, name)

    def by_key(cells: Cells, item: str) -> Judged:
        given = cells[at].strip()
        if given in verdict.skipped:
            return InteractionKind.SKIPPED, None, None
        if item not in answers:
            message = f"{name}: the items file has no answer for item {item!r}; the row needs one"
            raise InvalidInput(message, field=name)
        return answered, given.casefold() == answers[item].casefold(), None

    return by_key if verdict.key else by_cell


def _plain(cell: str) -> str:
    return cell.strip().removesuffix(".0")


def _scored(cell: str, verdict: Verdict, name: str) -> Judged:
    expected = ", ".join([*verdict.right, *verdict.wrong, *verdict.studied, *verdict.skipped])
    if verdict.partial:
        expected += " or a number from 0 to 1"
        score = _number(cell, verdict.column)
        if score is not None and 0.0 <= score <= 1.0:
            whole = score in (0.0, 1.0)
            return (
                InteractionKind.ANSWERED,
                bool(score) if whole else None,
                None if whole else score,
            )
    raise InvalidInput(f"{name}: {cell[:40]!r} is not one of {expected}", field=name)


# --- times ----------------------------------------------------------------------------------------


def _clock(times: Times, header: Sequence[str]) -> Callable[[Cells], datetime]:
    at = _at(times.column, header)
    fallback = position(times.fallback, header) if times.fallback else None
    parse = _instant(times, _label(times.column))

    def when(cells: Cells) -> datetime:
        cell = cells[at]
        if fallback is not None and cell.strip() in _NO_NUMBER:
            cell = cells[fallback]
        return parse(cell)

    return when


def _instant(times: Times, name: str) -> Callable[[str], datetime]:
    zone = ZoneInfo(times.zone) if times.zone else None
    zone = UTC if times.zone == "UTC" else zone  # type: ignore[assignment]
    origin_us = to_us(times.origin)
    scale = US.get(times.unit, 1)

    def from_text(cell: str) -> datetime:
        instant = datetime.fromisoformat(cell.strip())
        if instant.tzinfo is None:
            if zone is None:
                message = f"{name}: {cell[:40]!r} has no time zone; give time.zone in the map"
                raise NaiveTime(message, field=name)
            instant = instant.replace(tzinfo=zone)
        return instant.astimezone(UTC)

    def from_number(cell: str) -> datetime:
        try:
            return from_us(origin_us + int(cell) * scale)
        except ValueError:
            value = _number(cell, name)
            if value is None:
                raise
            return from_us(origin_us + round(value * scale))

    read = from_text if times.unit == "text" else from_number

    def parse(cell: str) -> datetime:
        try:
            return read(cell)
        except (ValueError, OverflowError) as error:
            expected = "a date and time" if times.unit == "text" else f"a number of {times.unit}"
            raise InvalidInput(f"{name}: {cell[:40]!r} is not {expected}", field=name) from error

    return parse


def _stopwatch(
    duration: Duration | None, header: Sequence[str], times: Times | None
) -> Callable[[Cells, datetime], int | None] | None:
    """Milliseconds from showing to answer; what can't be true (negative, over a day) is None."""
    column = None if duration is None else duration.column or duration.until
    at = None if column is None else position(column, header)
    if duration is None or at is None:
        return None
    if duration.until is None:
        scale = US[duration.unit] / US["ms"]
        return lambda cells, _: _possible(_number(cells[at], column), scale)
    if times is None:
        raise DataError("response_time.until: needs time", field="map")
    parse = _instant(times, _label(duration.until))

    def until(cells: Cells, shown: datetime) -> int | None:
        if cells[at].strip() in _NO_NUMBER:
            return None
        return _possible((to_us(parse(cells[at])) - to_us(shown)) / US["ms"], 1.0)

    return until


def _possible(value: float | None, scale: float) -> int | None:
    if value is None or not 0 <= value * scale <= MAX_RESPONSE_TIME_MS:
        return None
    return round(value * scale)
