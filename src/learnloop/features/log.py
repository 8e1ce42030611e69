"""How does a whole log become columns of moments? From a frame of interactions, or from answers.

The rules are those of `moments.py`, which does the same for one event.
"""

from collections.abc import Iterable, Sequence
from math import isnan, nan

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.time import to_us
from learnloop.core.types import Floats, Interaction, Ints, Item
from learnloop.features.batch import EventLog
from learnloop.features.fields import EVENT_FIELDS, ITEM_FIELDS, MAX_SECONDS
from learnloop.features.moments import KINDS, LONGEST_S, MOST_HINTS, NO_ITEM, item_part
from learnloop.features.statistics import ItemFacts, ItemStatistics, authored

COLUMNS: dict[str, type[pl.DataType]] = {
    "learner_id": pl.String,
    "interaction_id": pl.String,
    "occurred_us": pl.Int64,
    "sequence": pl.Int64,
    "item_id": pl.String,
    "kind": pl.String,
    "correct": pl.Boolean,
    "score": pl.Float64,
    "response_time_ms": pl.Int64,
    "hints": pl.Int64,
    "decision_id": pl.String,
    "position_s": pl.Float64,
    "moved_s": pl.Float64,
    "received_us": pl.Int64,
}
"""What a frame of interactions holds; names and units as in `core.types.Interaction`."""

FACTS = tuple(x.name for x in ITEM_FIELDS[2 : 2 + len(ItemFacts._fields)])
"""The fields that hold `ItemFacts`."""

ORDER = ("learner_id", "occurred_us", "sequence", "interaction_id")


def frame_of(interactions: Iterable[Interaction]) -> pl.DataFrame:
    """Interactions as a frame of `COLUMNS`, each learner's in the total order."""
    return as_they_come(interactions).sort(ORDER)


def as_they_come(interactions: Iterable[Interaction]) -> pl.DataFrame:
    """Interactions as a frame of `COLUMNS`, in the order given."""
    rows = [
        (x.learner_id, x.interaction_id, to_us(x.occurred_at), x.sequence, x.item_id, x.kind.value,
         x.correct, x.score, x.response_time_ms, x.hints, x.decision_id, x.position_s, x.moved_s,
         None if x.received_at is None else to_us(x.received_at))
        for x in interactions
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


class ItemBook:
    """What moments need of the items: one row per item, and one for none."""

    def __init__(self, items: Sequence[Item], statistics: ItemStatistics) -> None:
        self._ids = pl.DataFrame({"item_id": [x.item_id for x in items], "row": range(len(items))})
        firsts: dict[object, float] = {"": -1.0}
        rows: list[tuple[float, ...]] = []
        for code, part in enumerate([*(item_part(x, statistics.facts(x)) for x in items), NO_ITEM]):
            _, skill, *rest = part
            first = firsts.setdefault(skill, float(len(firsts)))
            rows.append((float(code), first, *map(float, rest)))
        self._table = np.array(rows, dtype=np.float64)
        skill_ids = {s: i for i, s in enumerate(dict.fromkeys(s for x in items for s in x.skills))}
        widths = np.array([*(len(x.skills) for x in items), 0], dtype=np.int64)
        self._starts = np.concatenate(([0], np.cumsum(widths)))
        self._of = np.array([skill_ids[s] for x in items for s in x.skills], dtype=np.int64)

    def codes(self, item_ids: pl.Series) -> Ints:
        """(n,) rows of the book; a null is no item.

        Raises:
            DataError: The book lacks one.
        """
        given = item_ids.alias("item_id").to_frame()
        found = given.join(self._ids, on="item_id", how="left", maintain_order="left")["row"]
        strange = found.is_null() & item_ids.is_not_null()
        if strange.any():
            name = item_ids.filter(strange)[0]
            raise DataError(f"item_id: no item {name!r} in the catalog", field="item_id")
        return found.fill_null(len(self._table) - 1).to_numpy().astype(np.int64)

    def columns(self, item: Ints, us: Ints) -> dict[str, NDArray[np.float64]]:
        """The fields that a question has."""
        columns = {x.name: c for x, c in zip(ITEM_FIELDS, self._table[item].T, strict=True)}
        columns["t"] = np.where(us != 0, us // 1000, nan)
        return columns

    def skills(self, item: Ints) -> tuple[Ints, Ints]:
        """Each row's skills, as (starts, codes)."""
        return _skills_of_rows(item, self._starts, self._of)


def of_frame(frame: pl.DataFrame, book: ItemBook) -> EventLog:
    """The moments of a frame of `COLUMNS` in the order of `ORDER`; learners are coded as they come.

    Raises:
        DataError: It names an item that the book lacks.
    """
    learner = frame["learner_id"].rle_id().to_numpy().astype(np.int64)
    item = book.codes(frame["item_id"])
    us = frame["occurred_us"].to_numpy()
    columns = book.columns(item, us)
    kind = frame["kind"]
    for name, value in zip(_FLAGS, KINDS, strict=True):
        columns[name] = (kind == value.value).to_numpy().astype(np.float64)
    columns["recommended"] = frame["decision_id"].is_not_null().to_numpy().astype(np.float64)
    answered = columns["answered"] == 1.0
    seconds = _steps(_floats(frame["response_time_ms"]) / 1000.0, 128.0, MAX_SECONDS)
    columns["correct"] = np.where(answered, _floats(frame["correct"]), nan)
    columns["score"] = np.where(answered, _steps(_floats(frame["score"]), 1024.0, 1.0), nan)
    columns["seconds"] = np.where(answered, seconds, nan)
    columns["hints"] = np.where(answered, np.minimum(_floats(frame["hints"]), MOST_HINTS), 0.0)
    columns["position"] = _steps(_floats(frame["position_s"]), 128.0, LONGEST_S)
    columns["moved"] = _steps(_floats(frame["moved_s"]), 128.0, LONGEST_S)
    return EventLog(learner, us, columns, *book.skills(item))


def of_answers(log: AnswerLog, statistics: ItemStatistics) -> EventLog:
    """The moments of a log of answers and study rows."""
    n = len(log)
    columns = {x.name: np.zeros(n) for x in EVENT_FIELDS}
    ms = log.times // 1000
    columns["t"] = np.where(ms != 0, ms, nan)
    answered = log.correct != STUDY
    columns["answered"] = answered.astype(np.float64)
    columns["studied"] = (~answered).astype(np.float64)
    columns["correct"] = np.where(answered, log.correct, nan).astype(np.float64)
    for name in ("score", "position", "moved"):
        columns[name] = np.full(n, nan)
    given = np.full(n, nan) if log.seconds is None else log.seconds
    columns["seconds"] = np.where(answered, _steps(given, 128.0, MAX_SECONDS), nan)
    widths = np.diff(log.skill_starts)
    first = np.full(len(log.item_ids), -1.0)
    first[widths > 0] = log.skill_of[log.skill_starts[:-1][widths > 0]]
    facts = np.array([
        statistics.items.get(name) or authored(None if isnan(d) else d, None)
        for name, d in zip(log.item_ids, log.difficulty_logit.tolist(), strict=True)
    ]).reshape(-1, len(ItemFacts._fields))  # fmt: skip
    columns["item"] = log.item.astype(np.float64)
    columns["skill"] = first[log.item]
    columns.update(zip(FACTS, facts[log.item].T, strict=True))
    columns["n_skills"] = widths[log.item].astype(np.float64)
    columns["is_exercise"] = np.ones(n)
    skills = _skills_of_rows(log.item, log.skill_starts, log.skill_of)
    return EventLog(log.learner, log.times, columns, *skills)


_FLAGS = (
    "answered", "studied", "started", "viewed", "completed", "skipped", "hinted", "played",
    "paused", "seeked",
)  # fmt: skip


def _floats(column: pl.Series) -> Floats:
    """NaN where null."""
    return column.cast(pl.Float64).fill_null(nan).to_numpy()


def _steps(x: Floats, per_one: float, most: float) -> Floats:
    """`moments.in_steps` of many."""
    return np.clip(np.floor_divide(x * per_one + 0.5, 1.0) / per_one, -most, most)


def _skills_of_rows(item: Ints, skill_starts: Ints, skill_of: Ints) -> tuple[Ints, Ints]:
    """Each row's skills, as (starts, codes)."""
    widths = np.diff(skill_starts)[item]
    starts = np.concatenate(([0], np.cumsum(widths)))
    offset = np.repeat(skill_starts[item] - starts[:-1], widths)
    return starts, skill_of[np.arange(starts[-1]) + offset]
