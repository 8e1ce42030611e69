"""How are features computed for a whole log at once? Column by column, in blocks of learners.

The same trees as in `online.py`, evaluated on arrays: a scan is computed over the events that its
condition lets through (`scans.py`), and read at a moment by looking up the last such event before
it. Blocks of whole learners bound the memory and stay in the processor's cache; within a block each
column is forgotten after its last use.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from math import log, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learnloop.core.types import Floats, Ints
from learnloop.features.fields import EVENT_FIELDS
from learnloop.features.language import TRUE, By, Const, Expr, Field, Op, Scan, t
from learnloop.features.layout import HORIZON, first
from learnloop.features.ops import OPS
from learnloop.features.scans import Chosen, after_each

BLOCK = 16_384
"""Events in a block, at least one learner."""

Columns = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class EventLog:
    """Events of many learners, in order.

    Attributes:
        learner: (n,) codes, ascending; a learner's events are in their total order.
        us: (n,) when, microseconds since 1970; 0 where the log has no times.
        columns: (n,) each, by field name; flags are 0 and 1, ids are codes.
        skill_starts: (n + 1,) event i's skills are `skill_of[skill_starts[i]:skill_starts[i + 1]]`.
        skill_of: Skill codes.
    """

    learner: Ints
    us: Ints
    columns: Columns
    skill_starts: Ints
    skill_of: Ints

    def __len__(self) -> int:
        return len(self.learner)


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked of whom, and when: like events, without what comes of them.

    Attributes:
        before: (m,) how many events of the log go before the question; they include all of the
            learner's own that are known then, and none that is not.
        learner: (m,) codes, ascending.
    """

    learner: Ints
    before: Ints
    columns: Columns
    skill_starts: Ints
    skill_of: Ints

    def take(self, rows: Ints) -> "Questions":
        """Some of them, or all in another order."""
        widths = np.diff(self.skill_starts)[rows]
        starts = np.concatenate(([0], np.cumsum(widths)))
        offset = np.repeat(self.skill_starts[rows] - starts[:-1], widths)
        columns = {name: column[rows] for name, column in self.columns.items()}
        of = self.skill_of[np.arange(starts[-1]) + offset]
        return Questions(self.learner[rows], self.before[rows], columns, starts, of)


def each_event(events: EventLog) -> Questions:
    """A question before every event: of its item, at its time, knowing what came before that."""
    us, n = events.us, len(events)
    new = np.ones(n, dtype=bool)
    new[1:] = (np.diff(events.learner) != 0) | (np.diff(us) != 0) | (us[1:] == 0)
    before = np.maximum.accumulate(np.where(new, np.arange(n), 0)) if n else np.arange(0)
    return Questions(events.learner, before, events.columns, events.skill_starts, events.skill_of)


def compute(
    values: Sequence[Expr], events: EventLog, questions: Questions, *, block: int = BLOCK
) -> Iterator[Floats]:
    """(m_block, n_values) of the questions in their order, block by block of learners."""
    starts = np.flatnonzero(np.diff(events.learner, prepend=-1)).tolist()
    bounds = [0]
    for start in starts:
        if start - bounds[-1] >= block:
            bounds.append(start)
    # Questions of learners without events go with the block before them.
    asked = [np.searchsorted(questions.learner, events.learner[i], "left") for i in bounds[1:]]
    m = len(questions.learner)
    # What one block read how often, the next ones forget after that many times.
    uses: Counter[Hashable] = Counter()
    for low, high, a, b in zip(
        bounds, [*bounds[1:], len(events)], [0, *asked], [*asked, m], strict=True
    ):
        now = _Block(events, low, high, questions, int(a), int(b), uses)
        yield now.values(values)
        uses = uses or now.memo.n_used


class _Memo:
    """What was computed, for as long as somebody will ask for it again.

    Attributes:
        n_used: How often each key was asked for.
    """

    def __init__(self, uses: Counter[Hashable]) -> None:
        self._uses = uses
        self._kept: dict[Hashable, Any] = {}
        self.n_used: Counter[Hashable] = Counter()

    def __call__(self, key: Hashable, make: Callable[..., Any], *args: object) -> Any:
        """`make(*args)`, once per key."""
        found = self._kept[key] if key in self._kept else make(*args)
        self.n_used[key] += 1
        if self.n_used[key] == self._uses[key]:
            self._kept.pop(key, None)
        else:
            self._kept[key] = found
        return found


class _Block:
    """Some learners' events and questions, and what is computed of them."""

    def __init__(
        self,
        events: EventLog,
        low: int,
        high: int,
        questions: Questions,
        a: int,
        b: int,
        uses: Counter[Hashable],
    ) -> None:
        self.n, self.m = high - low, b - a
        self.at_event = _fields(events.columns, low, high)
        self.asked = _fields(questions.columns, a, b)
        self.learner = events.learner[low:high]
        new = np.diff(self.learner, prepend=-1) != 0
        self.own_start = np.maximum.accumulate(np.where(new, np.arange(self.n), 0))
        self.asked_learner = questions.learner[a:b]
        self.asked_start = np.searchsorted(self.learner, self.asked_learner, "left")
        # How many of the block's events go before; those of earlier learners never count.
        self.asked_before = np.clip(questions.before[a:b] - low, self.asked_start, self.n)
        self.event_before = np.arange(self.n)
        self._skills_at = _slices(events.skill_starts, events.skill_of, low, high)
        self._skills_asked = _slices(questions.skill_starts, questions.skill_of, a, b)
        self.memo = _Memo(uses)
        self._keyed: dict[By, _Keyed] = {}

    def values(self, values: Sequence[Expr]) -> Floats:
        out = np.empty((len(values), self.m))
        with np.errstate(all="ignore"):
            for row, value in zip(out, values, strict=True):
                row[:] = self.of(value, asked=True)
        return out.T

    def of(self, x: Expr, *, asked: bool) -> NDArray[np.float64]:
        """An expression at every event, or at every question."""
        if isinstance(x, Const):
            return np.asarray(bool(x.value) if x.truth else x.value)
        if isinstance(x, Field):
            return (self.asked if asked else self.at_event)[x.name]
        made: NDArray[np.float64] = self.memo(
            (x, asked), self._read if isinstance(x, Scan) else self._op, x, asked
        )
        return made

    def _op(self, x: Op, asked: bool) -> NDArray[np.float64]:
        rule = OPS[x.name]
        args = [self.of(a, asked=asked) for a in x.args]
        if "{edges}" in rule.python:
            scan = x.args[0]
            assert isinstance(scan, Scan)
            return np.asarray(rule.columns(*args, scan.edges))
        return np.asarray(rule.columns(*args))

    def _read(self, scan: Scan, asked: bool) -> NDArray[np.float64]:
        chosen: Chosen = self.memo((scan.by, scan.when), self._choose, scan.by, scan.when)
        values: NDArray[np.float64] = self.memo(scan, self._run, scan, chosen)
        at = chosen.places.get(asked)
        if at is None:
            at = chosen.places[asked] = self._place(scan.by, chosen, asked)
        out = values.take(at, axis=0, mode="clip")
        if scan.kind == "fading":
            then = np.append(self.at_event["t"][chosen.rows], nan)[at]
            rate = -log(2.0) / scan.parameter
            gone = np.maximum(self.of(t, asked=asked) - then, 0.0)
            out = np.where(out == 0.0, 0.0, out * np.exp(rate * gone))
        if scan.by == "skill":
            out = self.keyed("skill").mean(out, first(scan), asked)
        return out

    def _place(self, by: By, chosen: Chosen, asked: bool) -> Ints:
        if by != "learner":
            return chosen.latest(*self.keyed(by).place(asked))
        if asked:
            return chosen.latest(self.asked_start, self.asked_before)
        return chosen.latest(self.own_start, self.event_before)

    def keyed(self, by: By) -> "_Keyed":
        found = self._keyed.get(by)
        if found is None:
            found = self._keyed[by] = _Keyed(self, by)
        return found

    def skills(self, asked: bool) -> tuple[Ints, Ints]:
        return self._skills_asked if asked else self._skills_at

    def _run(self, scan: Scan, chosen: Chosen) -> NDArray[np.float64]:
        if isinstance(scan.x, Const) and scan.kind == "sum":
            return after_each(scan, np.asarray(scan.x.value), chosen, None)
        x = chosen.taken.get(scan.x)
        if x is None:
            x = np.broadcast_to(self.of(scan.x, asked=False), self.n).take(chosen.rows)
            chosen.taken[scan.x] = x
        time = self.at_event["t"].take(chosen.rows) if scan.kind == "fading" else None
        return after_each(scan, x, chosen, time)

    def _choose(self, by: By, when: Expr) -> Chosen:
        if by == "learner":
            rows, starts = self.event_before, self.own_start
        else:
            rows, starts = self.keyed(by).rows, self.keyed(by).starts
        if when is TRUE:
            return Chosen(rows, np.arange(len(rows) + 1), starts)
        counts = np.broadcast_to(self.of(when, asked=False), self.n).take(rows)
        n_before = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(counts, out=n_before[1:])
        kept = np.flatnonzero(counts)
        return Chosen(rows.take(kept), n_before, n_before.take(starts.take(kept)))


class _Keyed:
    """The block's events by skill or by item.

    Attributes:
        rows: (r,) events, sorted by (learner and key, event); one row per skill of an event.
        starts: (r,) where in `rows` the group of the row begins.
    """

    def __init__(self, block: _Block, by: By) -> None:
        self.block = block
        self.by = by
        event, key = self._pairs(asked=False)
        self._n_keys = int(max(key.max(initial=0), self._pairs(asked=True)[1].max(initial=0))) + 1
        code = block.learner[event] * self._n_keys + key
        order = np.lexsort((event, code))
        self.rows, self._codes = event[order], code[order]
        new = np.diff(self._codes, prepend=-1) != 0
        if by == "item":
            # Forgotten after HORIZON events of the learner without this item.
            gap = np.diff(self.rows, prepend=0) - 1
            new |= gap > HORIZON
        index = np.arange(len(self.rows))
        self.starts = np.maximum.accumulate(np.where(new, index, 0))
        self._places: dict[bool, tuple[Ints, Ints]] = {}
        self._several: dict[bool, _Several] = {}

    def _pairs(self, *, asked: bool) -> tuple[Ints, Ints]:
        block = self.block
        if self.by == "skill":
            starts, skills = block.skills(asked)
            return np.repeat(np.arange(len(starts) - 1), np.diff(starts)), skills
        codes = (block.asked if asked else block.at_event)["item"].astype(np.int64)
        return np.arange(len(codes)), codes

    def place(self, asked: bool) -> tuple[Ints, Ints]:
        """For each pair of a moment and a key: rows [start, end) of its group before the moment."""
        found = self._places.get(asked)
        if found is None:
            found = self._places[asked] = self._find(asked)
        return found

    def _find(self, asked: bool) -> tuple[Ints, Ints]:
        block = self.block
        moment, key = self._pairs(asked=asked)
        if asked:
            learner, before = block.asked_learner[moment], block.asked_before[moment]
        else:
            learner, before = block.learner[moment], block.event_before[moment]
        code = learner * self._n_keys + key
        joint = self._codes * (block.n + 1) + self.rows
        end = np.searchsorted(joint, code * (block.n + 1) + before, "left")
        start = end.copy()
        some = np.flatnonzero(end)
        last = end[some] - 1
        here = self._codes[last] == code[some]
        if self.by == "item":
            here &= before[some] - self.rows[last] - 1 <= HORIZON
        start[some[here]] = self.starts[last[here]]
        return start, end

    def mean(self, values: Floats, first: float, asked: bool) -> Floats:
        """Over the known skills of each moment."""
        found = self._several.get(asked)
        if found is None:
            found = self._several[asked] = _Several(self.block.skills(asked)[0])
        return found.mean(values, first)


class _Several:
    """Moments of none, one, or several skills each."""

    def __init__(self, starts: Ints) -> None:
        widths = np.diff(starts)
        self.all_one = bool((widths == 1).all())
        self.first = starts[:-1]
        self.none = np.flatnonzero(widths == 0)
        self.many = np.flatnonzero(widths > 1)
        counts = widths[self.many]
        self.n = len(self.many)
        self.of = np.repeat(np.arange(self.n), counts)
        offset = np.repeat(starts[self.many] - (np.cumsum(counts) - counts), counts)
        self.pairs = np.arange(len(self.of)) + offset

    def mean(self, values: Floats, first: float) -> Floats:
        """Of each moment's values, as far as they are known; `first` where there are none."""
        if self.all_one:
            return values
        out = np.append(values, first).take(self.first)
        out[self.none] = first
        some = values.take(self.pairs)
        known = ~np.isnan(some)
        counts = np.bincount(self.of, known, self.n)
        out[self.many] = np.bincount(self.of, np.where(known, some, 0.0), self.n) / counts
        return out


_FLAGS = frozenset(x.name for x in EVENT_FIELDS if x.truth)


def _fields(columns: Columns, low: int, high: int) -> dict[str, NDArray[Any]]:
    return {
        name: column[low:high].astype(bool) if name in _FLAGS else column[low:high]
        for name, column in columns.items()
    }


def _slices(starts: Ints, of: Ints, a: int, b: int) -> tuple[Ints, Ints]:
    return starts[a : b + 1] - starts[a], of[starts[a] : starts[b]]
