"""How is a design with a hundred thousand columns kept? Sorted, so that every sum is over a run.

    logit_n = item_i(n) + shared . a_n + sum over the row's skills s of own_s . f_ns

Rows go by item, entries (a row's skills, one each) by skill and inside it by row. So the sum over
an item or a skill adds neighbours, and spreading a weight over its rows repeats it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from learnloop.core.types import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Neighbours that belong together.

    Attributes:
        codes: (k,) what each run is of.
        starts: (k,) where it begins.
        lengths: (k,) how long it is, > 0.
    """

    codes: Ints
    starts: Ints
    lengths: Ints

    @classmethod
    def of(cls, sorted_codes: Ints) -> "Runs":
        """The runs of equal codes."""
        starts = np.flatnonzero(np.diff(sorted_codes, prepend=-1))
        lengths = np.diff(np.append(starts, len(sorted_codes)))
        return cls(sorted_codes[starts], starts, lengths)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def places(self) -> Ints:
        """(n,) the number of each row's run."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def sums(self, values: Floats) -> Floats:
        """(k, ...) sums of (n, ...) over each run."""
        if not len(self):
            return np.zeros((0, *values.shape[1:]))
        total: Floats = np.add.reduceat(values, self.starts, axis=0)
        return total

    def spread(self, weights: Floats) -> Floats:
        """(n,) each run's weight (k,) beside its rows."""
        return np.repeat(weights, self.lengths)

    def slices(self) -> Iterator[slice]:
        """Where each run is."""
        for start, length in zip(self.starts.tolist(), self.lengths.tolist(), strict=True):
            yield slice(start, start + length)


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A sparse matrix; weights (d,) are the items', then the shared ones, then each skill's.

    Attributes:
        shared: (n, a) columns of all rows.
        own: (m, f) columns of each entry's skill.
        row: (m,) the entries' rows; None where entry e is row e.
        item: The rows' items.
        skill: The entries' skills.
        shared_penalty: (a,).
        own_penalty: (f,).
        item_penalty: Infinite where items have no weights.
        penalty: (d,) of all weights.
        n_skills: (n,) how many skills each row has.
    """

    shared: Floats
    own: Floats
    row: Ints | None
    item: Runs
    skill: Runs
    shared_penalty: Floats
    own_penalty: Floats
    item_penalty: float
    penalty: Floats = field(init=False)
    n_skills: Ints = field(init=False)
    _columns: list[Floats] = field(init=False)

    def __post_init__(self) -> None:
        of_items = np.full(len(self.item), self.item_penalty)
        parts = (of_items, self.shared_penalty, np.tile(self.own_penalty, len(self.skill)))
        object.__setattr__(self, "penalty", np.concatenate(parts))
        n = len(self.shared)
        n_skills = np.ones(n, np.int64) if self.row is None else np.bincount(self.row, minlength=n)
        object.__setattr__(self, "n_skills", n_skills)
        columns = [np.ascontiguousarray(column) for column in self.own.T]
        object.__setattr__(self, "_columns", columns)

    @property
    def n(self) -> int:
        """How many rows."""
        return len(self.shared)

    def split(self, weights: Floats) -> tuple[Floats, Floats, Floats]:
        """Those of items (k,), the shared ones (a,), those of skills (s, f)."""
        k, a = len(self.item), self.shared.shape[1]
        of_items, shared, own = np.split(weights, (k, k + a))
        return of_items, shared, own.reshape(len(self.skill), -1)

    def times(self, weights: Floats) -> Floats:
        """(n,) the rows' sums of (d,) weights."""
        of_items, shared, own = self.split(weights)
        return self.item.spread(of_items) + self.times_rest(shared, own)

    def back(self, rows: Floats) -> Floats:
        """(d,) the columns' sums of (n,) values of rows."""
        shared, own = self.back_rest(rows)
        return np.concatenate((self.item.sums(rows), shared, own.ravel()))

    def times_rest(self, shared: Floats, own: Floats) -> Floats:
        """`times` without the items."""
        each = np.zeros(len(self.own))
        for column, weights in zip(self._columns, own.T, strict=True):
            each += column * self.skill.spread(weights)
        total: Floats = self.shared @ shared
        return total + (each if self.row is None else np.bincount(self.row, each, self.n))

    def back_rest(self, rows: Floats) -> tuple[Floats, Floats]:
        """`back` without the items: (a,) and (s, f)."""
        each = self.per_entry(rows)
        own = [self.skill.sums(column * each) for column in self._columns]
        return rows @ self.shared, np.stack(own, axis=1)

    def per_entry(self, rows: Floats) -> Floats:
        """(m,) the values (n,) of the entries' rows."""
        return rows if self.row is None else rows.take(self.row)
