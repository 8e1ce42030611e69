"""How are features computed for a whole log at once? Column by column, in blocks of learners.

The same trees as in `online.py`, evaluated on arrays: a scan is computed over the events that its
condition lets through (cumulative sums, running counts, linear recurrences by doubling), and read
at a moment by looking up the last such event before it. Blocks of whole learners bound the memory.

Reference: Blelloch (1990), Prefix sums and their applications (linear recurrences as scans).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log, nan

import numpy as np
from numpy.typing import NDArray

from learnloop.core.types import Floats, Ints
from learnloop.features.language import TRUE, By, Const, Expr, Field, Op, Scan, t
from learnloop.features.online import HORIZON
from learnloop.features.ops import OPS

BLOCK = 65_536
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
    for low, high, a, b in zip(
        bounds, [*bounds[1:], len(events)], [0, *asked], [*asked, m], strict=True
    ):
        yield _Block(events, low, high, questions, int(a), int(b)).values(values)


class _Block:
    """Some learners' events and questions, and everything already computed of them."""

    def __init__(
        self, events: EventLog, low: int, high: int, questions: Questions, a: int, b: int
    ) -> None:
        self.n, self.m = high - low, b - a
        self.at_event = {k: v[low:high] for k, v in events.columns.items()}
        self.asked = {k: v[a:b] for k, v in questions.columns.items()}
        self.learner = events.learner[low:high]
        new = np.diff(self.learner, prepend=-1) != 0
        own_start = np.maximum.accumulate(np.where(new, np.arange(self.n), 0))
        self.own_start = own_start
        asked_start = np.searchsorted(self.learner, questions.learner[a:b], "left")
        self.asked_start = asked_start
        self.asked_learner = questions.learner[a:b]
        # How many of the block's events go before; those of earlier learners never count.
        self.asked_before = np.clip(questions.before[a:b] - low, asked_start, self.n)
        self.event_before = np.arange(self.n)
        self._skills_at = _slices(events.skill_starts, events.skill_of, low, high)
        self._skills_asked = _slices(questions.skill_starts, questions.skill_of, a, b)
        self._scans: dict[Scan, _Scanned] = {}
        self._memo: dict[tuple[Expr, bool], NDArray[np.float64]] = {}
        self._keyed: dict[str, _Keyed] = {}
        self._chosen: dict[tuple[By, Expr], _Chosen] = {}

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
            column = (self.asked if asked else self.at_event)[x.name]
            return column.astype(bool) if x.truth else column
        found = self._memo.get((x, asked))
        if found is None:
            found = self._read(x, asked) if isinstance(x, Scan) else self._op(x, asked)
            self._memo[x, asked] = found
        return found

    def _op(self, x: Expr, asked: bool) -> NDArray[np.float64]:
        assert isinstance(x, Op)
        rule = OPS[x.name]
        args = [self.of(a, asked=asked) for a in x.args]
        if "{edges}" in rule.python:
            scan = x.args[0]
            assert isinstance(scan, Scan)
            return np.asarray(rule.columns(*args, scan.edges))
        return np.asarray(rule.columns(*args))

    def _read(self, scan: Scan, asked: bool) -> NDArray[np.float64]:
        done = self._scans.get(scan)
        if done is None:
            done = self._scans[scan] = self._run(scan)
        if scan.by == "learner":
            before = self.asked_before if asked else self.event_before
            start = self.asked_start if asked else self.own_start
            at = done.latest(before, start)
        else:
            at = self._keyed_of(scan.by).latest(done, asked)
        out = done.at(at)
        if scan.kind == "fading":
            now = self.of(t, asked=asked)
            rate = -log(2.0) / scan.parameter
            out = np.where(out == 0.0, 0.0, out * np.exp(rate * (now - done.time_at(at))))
        if scan.by == "skill":
            out = self._keyed_of("skill").mean(out, _initial(scan), asked)
        return out

    def _keyed_of(self, by: str) -> "_Keyed":
        found = self._keyed.get(by)
        if found is None:
            found = self._keyed[by] = _Keyed(self, by)
        return found

    def skills(self, asked: bool) -> tuple[Ints, Ints]:
        return self._skills_asked if asked else self._skills_at

    def _run(self, scan: Scan) -> "_Scanned":
        chosen = self._chosen.get((scan.by, scan.when))
        if chosen is None:
            chosen = self._chosen[scan.by, scan.when] = self._choose(scan.by, scan.when)
        x = self.of(scan.x, asked=False)
        x = np.broadcast_to(x, self.n)[chosen.rows]
        time = self.at_event["t"][chosen.rows] if scan.kind == "fading" else None
        return _Scanned(scan, chosen.n_before, _scan(scan, x, chosen, time), time)

    def _choose(self, by: By, when: Expr) -> "_Chosen":
        if by == "learner":
            rows, starts = self.event_before, self.own_start
        else:
            keyed = self._keyed_of(by)
            rows, starts = keyed.rows, keyed.starts
        if when is TRUE:
            return _Chosen(rows, np.arange(len(rows) + 1), starts)
        kept = np.broadcast_to(self.of(when, asked=False), self.n)[rows]
        n_before = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(kept, out=n_before[1:])
        return _Chosen(rows[kept], n_before, n_before[starts[kept]])


class _Chosen:
    """The events that a condition lets through.

    Attributes:
        rows: (k,) their numbers.
        n_before: (r + 1,) how many of them go before each row.
        begin: (k,) where each one's group begins, counted in them.
    """

    def __init__(self, rows: Ints, n_before: Ints, begin: Ints) -> None:
        self.rows, self.n_before, self.begin = rows, n_before, begin
        self.index = np.arange(len(rows))
        self.is_first = self.index == begin
        self.longest = int((self.index - begin).max(initial=0)) + 1


class _Scanned:
    """A scan's value after each event that counts."""

    def __init__(
        self, scan: Scan, n_kept: Ints, values: NDArray[np.float64], time: Floats | None
    ) -> None:
        first = np.full((1, *values.shape[1:]), _initial(scan))
        self.values = np.concatenate((values, first))  # -1: before the first
        self.times = None if time is None else np.concatenate((time, [nan]))
        self.n_kept = n_kept

    def latest(self, before: Ints, start: Ints) -> Ints:
        """The last kept row among rows [start, before), -1 where there is none."""
        n = self.n_kept[before]
        return np.where(n > self.n_kept[start], n - 1, -1)

    def at(self, rows: Ints) -> NDArray[np.float64]:
        return self.values[rows]

    def time_at(self, rows: Ints) -> Floats:
        assert self.times is not None
        return self.times[rows]


class _Keyed:
    """The block's events by skill or by item.

    Attributes:
        rows: (r,) events, sorted by (learner and key, event); one row per skill of an event.
        starts: (r,) where in `rows` the group of the row begins.
    """

    def __init__(self, block: _Block, by: str) -> None:
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

    def _pairs(self, *, asked: bool) -> tuple[Ints, Ints]:
        block = self.block
        if self.by == "skill":
            starts, skills = block.skills(asked)
            return np.repeat(np.arange(len(starts) - 1), np.diff(starts)), skills
        codes = (block.asked if asked else block.at_event)["item"].astype(np.int64)
        return np.arange(len(codes)), codes

    def _place(self, asked: bool) -> tuple[Ints, Ints]:
        """For each pair of a moment and a key: rows [start, end) of its group before the moment."""
        found = self._places.get(asked)
        if found is None:
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
            found = self._places[asked] = (start, end)
        return found

    def latest(self, done: _Scanned, asked: bool) -> Ints:
        start, end = self._place(asked)
        return done.latest(end, start)

    def mean(self, values: Floats, first: float, asked: bool) -> Floats:
        """Over the known skills of each moment."""
        starts = self.block.skills(asked)[0]
        widths = np.diff(starts)
        if (widths == 1).all():
            return values
        n = len(widths)
        moment = np.repeat(np.arange(n), widths)
        known = ~np.isnan(values)
        sums = np.bincount(moment[known], values[known], n)
        counts = np.bincount(moment[known], minlength=n)
        out = np.where(counts > 0, sums / np.maximum(counts, 1), nan)
        return np.where(widths == 0, first, out)


def _slices(starts: Ints, of: Ints, a: int, b: int) -> tuple[Ints, Ints]:
    return starts[a : b + 1] - starts[a], of[starts[a] : starts[b]]


def _initial(scan: Scan) -> float:
    return nan if scan.kind in ("last", "ewm") else 0.0


def _scan(scan: Scan, x: Floats, chosen: _Chosen, time: Floats | None) -> NDArray[np.float64]:
    """(k,), or (k, bins) of a tally: the value after each chosen event."""
    n, index, begin, is_first = len(x), chosen.index, chosen.begin, chosen.is_first
    out = x
    match scan.kind:
        case "sum":
            out = _segment_sum(x, begin)
        case "run":
            broken = np.maximum.accumulate(np.where(x.astype(bool), -1, index)) if n else index
            out = (index - np.maximum(broken, begin - 1)).astype(np.float64)
        case "window":
            sums = np.concatenate(([0.0], np.cumsum(x)))
            out = sums[1:] - sums[np.maximum(index + 1 - int(scan.parameter), begin)]
        case "tally":
            ones = np.zeros((n, len(scan.edges) + 1))
            ones[index, np.searchsorted(np.array(scan.edges), x, "right")] = 1.0
            out = _segment_sum(ones, begin)
        case "ewm":
            keep = np.where(is_first, 0.0, 1.0 - scan.parameter)
            out = _recurrence(keep, np.where(is_first, x, scan.parameter * x), chosen.longest)
        case "fading":
            assert time is not None
            gap = np.maximum(np.diff(time, prepend=0.0), 0.0)
            keep = np.where(is_first, 0.0, np.exp(-log(2.0) / scan.parameter * gap))
            out = _recurrence(keep, x, chosen.longest)
    return out


def _segment_sum(x: NDArray[np.float64], begin: Ints) -> NDArray[np.float64]:
    sums = np.zeros((len(x) + 1, *x.shape[1:]))
    np.cumsum(x, axis=0, out=sums[1:])
    return sums[1:] - sums[begin]


def _recurrence(keep: Floats, add: Floats, longest: int) -> Floats:
    """s_i = keep_i s_(i-1) + add_i, by doubling: each pass joins twice as many steps."""
    keep, add = keep.copy(), add.copy()
    step = 1
    while step < longest:
        joined = add[step:] + keep[step:] * add[:-step]
        keep[step:] *= keep[:-step]
        add[step:] = joined
        step *= 2
    return add
