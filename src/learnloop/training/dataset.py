"""How does a folder of answers become learners to fit on and learners to judge by?

A folder holds `interactions` (.csv or .tsv, gzipped or not) and perhaps a `q_matrix` that names the
single skills of each item. `columns.py` says which columns are taken, `split.py` who is held out.

Rows are sorted by learner and time; rows of one instant, and all rows of a file without times, stay
in the order of the file. So a file whose times step backwards (the public EdNet part does, 37
times) is put in order, and a file in order is left as it is.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.errors import DataError
from learnloop.core.types import Bools, Floats, Ints
from learnloop.training.split import held_out
from learnloop.training.tables import Table, find_table

FIRST_MS = 1e11  # in seconds it is the year 5138, in milliseconds 1973
TOO_LATE_MS = 1e14  # the year 5138 again


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Answers of many learners, some of whom are held out.

    Attributes:
        name: The folder's name.
        log: All rows of all learners.
        is_test: (n_learners,) who is held out, by learner code of `log`.
        row_skill: (n,) code of the row's own skill field, -1 where empty; None without the
            column. Only the leakage audit reads it.
        knows_items: False where skills stand in for items.
        n_partial: How many partial scores were counted as wrong.
    """

    name: str
    log: AnswerLog
    is_test: Bools
    row_skill: Ints | None = None
    knows_items: bool = True
    n_partial: int = 0

    @property
    def train(self) -> AnswerLog:
        """The rows to fit on."""
        return self.log.take_learners(~self.is_test)

    @property
    def test(self) -> AnswerLog:
        """The rows of the held-out learners."""
        return self.log.take_learners(self.is_test)


def read_dataset(folder: Path) -> Dataset:
    """Read a folder of answers.

    Raises:
        DataError: Something is missing or wrong; the message names file, line and column.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder")
    table = find_table(folder, "interactions")
    if table is None:
        raise DataError(f"{folder.name}: there is no interactions.csv, .csv.gz, .tsv or .tsv.gz")
    learner_ids, learner = _coded(table.ids("learner"))
    skill = table.ids("skill", may_be_empty=True) if table.has("skill") else None
    item_ids, item = _coded(_items(table, skill))
    skill_ids, starts, skill_of = _skills(folder, item_ids, item, skill)
    correct, n_partial = _answers(table)
    log = AnswerLog.ordered(
        learner_ids=learner_ids,
        item_ids=item_ids,
        skill_ids=skill_ids,
        learner=learner,
        item=item,
        correct=correct,
        occurred_us=_microseconds(table),
        skill_starts=starts,
        skill_of=skill_of,
        seconds=_seconds(table),
    )
    return Dataset(
        folder.name,
        log,
        held_out(table, learner, learner_ids),
        row_skill=None if skill is None else _coded(skill)[1][log.sequence],
        knows_items=table.has("item"),
        n_partial=n_partial,
    )


def _items(table: Table, skill: pl.Series | None) -> pl.Series:
    if table.has("item"):
        return table.ids("item")
    if skill is None:
        return pl.Series(["any"] * len(table))
    return skill.fill_null("none")


def _answers(table: Table) -> tuple[NDArray[np.int8], int]:
    score = table.numbers("correct")
    wrong = (score != STUDY) & ((score < 0) | (score > 1))
    table.refuse("correct", wrong, "is not 1, 0, -1 (studied) or a score between 0 and 1")
    n_partial = int(((score > 0) & (score < 1)).sum())
    return np.floor(score).astype(np.int8), n_partial


def _microseconds(table: Table) -> Ints | None:
    if table.has("time_ms"):
        role, in_ms = "time_ms", True
    elif table.has("time"):
        role, in_ms = "time", bool(table.numbers("time").max() >= FIRST_MS)
    else:
        return None
    ms = table.numbers(role) * (1 if in_ms else 1000)
    table.refuse(role, (ms < 0) | (ms >= TOO_LATE_MS), "is no time in seconds or milliseconds")
    return np.rint(ms * 1000).astype(np.int64)


def _seconds(table: Table) -> Floats | None:
    if not table.has("latency"):
        return None
    ms = table.numbers("latency", may_be_empty=True)
    return np.where(ms > 0, ms / 1000.0, np.nan)


def _skills(
    folder: Path, item_ids: tuple[str, ...], item: Ints, row_skill: pl.Series | None
) -> tuple[tuple[str, ...], Ints, Ints]:
    """The skill ids, and each item's skills as (starts, codes)."""
    q_matrix = find_table(folder, "q_matrix")
    if q_matrix is not None:
        pairs = _pairs(q_matrix, item_ids)
    elif row_skill is not None:
        pairs = pl.DataFrame({"item": item, "skill": row_skill})
    else:
        pairs = pl.DataFrame(schema={"item": pl.Int64, "skill": pl.String})
    pairs = pairs.drop_nulls().unique(maintain_order=True).sort("item", maintain_order=True)
    skill_ids, skill_of = _coded(pairs["skill"])
    starts = np.searchsorted(pairs["item"].to_numpy(), np.arange(len(item_ids) + 1))
    return skill_ids, starts, skill_of


def _pairs(q_matrix: Table, item_ids: tuple[str, ...]) -> pl.DataFrame:
    """Which items of the log have which skills, by the q-matrix."""
    items, skills = q_matrix.ids("item"), q_matrix.ids("skill")
    codes = pl.DataFrame({"name": item_ids, "item": np.arange(len(item_ids))})
    named = pl.DataFrame({"name": items, "skill": skills})
    pairs = named.join(codes, on="name", how="inner", maintain_order="left")
    if pairs.is_empty():
        raise DataError(f"{q_matrix.name}: it names none of the items of the interactions")
    return pairs.select("item", "skill")


def _coded(names: pl.Series) -> tuple[tuple[str, ...], Ints]:
    """The distinct names in order of appearance, and the code of each row; -1 where empty."""
    distinct = names.unique(maintain_order=True).drop_nulls()
    codes = names.cast(pl.Enum(distinct)).to_physical().cast(pl.Int64).fill_null(-1)
    return tuple(distinct.to_list()), codes.to_numpy()
