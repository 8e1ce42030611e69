"""What stood in every learner's windows before each answer? All rows of a log at once.

The twin of `windows` and `record` for a fit: counts by cumulative sums, windows in lock-step, the
k-th answer of every group at a time. Rows of one instant all see what was before it.
"""

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.ids import ItemId
from learnloop.core.types import Bools, Floats, Ints
from learnloop.models.tracing.logistic.record import (
    NEVER_MET,
    NEW,
    RECORD,
    RECORD_WINDOWS,
    US_PER_MINUTE,
    Record,
    met,
    record_features,
    remembered,
)
from learnloop.models.tracing.logistic.windows import Windows


def history(log: AnswerLog, row: Ints, key: Ints, windows: Windows) -> Floats:
    """(m, width) `windows.features` of the row's learner and key before the row's instant.

    Args:
        row: (m,) rows of the log, ascending.
        key: (m,) what is counted apart, such as a skill.
    """
    group = log.learner[row] * (int(key.max(initial=0)) + 1) + key
    order = np.argsort(group, kind="stable")
    place = _Places(log, row[order], group[order])
    out = np.empty((len(row), windows.width))
    hits, counts = _counts(log, row[order], place)
    out[order, :2] = np.log1p(counts)
    if windows.width > 2:
        scanned = _windows(log, row[order], hits, place, windows)
        out[order, 2:] = np.log1p(scanned[place.first])
    return out


def counts_before(log: AnswerLog, row: Ints, key: Ints) -> tuple[Ints, Ints]:
    """(m,) right and (m,) wrong answers of the row's learner and key before the row's instant.

    Args:
        row: (m,) rows of the log, ascending.
        key: (m,) what is counted apart, such as a skill.
    """
    group = log.learner[row] * (int(key.max(initial=0)) + 1) + key
    order = np.argsort(group, kind="stable")
    place = _Places(log, row[order], group[order])
    out = np.empty((len(row), 2), dtype=np.int64)
    out[order] = _counts(log, row[order], place)[1]
    return out[:, 0], out[:, 1]


class _Places:
    """Where groups and instants begin among sorted entries.

    Attributes:
        starts: (groups,) first entry of each group.
        begin: (m,) first entry of the own group.
        first: (m,) first entry of the own group and instant.
    """

    def __init__(self, log: AnswerLog, row: Ints, group: Ints) -> None:
        index = np.arange(len(row))
        new_group = np.diff(group, prepend=-1) != 0
        new_instant = new_group | (np.diff(log.instant[row], prepend=-1) != 0)
        self.starts = np.flatnonzero(new_group)
        self.begin: Ints = np.maximum.accumulate(np.where(new_group, index, 0))
        self.first: Ints = np.maximum.accumulate(np.where(new_instant, index, 0))


def _counts(log: AnswerLog, row: Ints, place: _Places) -> tuple[Bools, Ints]:
    """(m, 2) whether each sorted entry is right, wrong, and how many were before its instant."""
    answer = log.correct[row]
    hits = np.stack((answer == 1, answer == 0), axis=1)
    sums = np.concatenate((np.zeros((1, 2), np.int64), np.cumsum(hits, axis=0)))
    return hits, sums[place.first] - sums[place.begin]


def _windows(log: AnswerLog, row: Ints, hits: Bools, place: _Places, windows: Windows) -> Floats:
    """(m, 2 windows) right and wrong in each window just before each sorted entry."""
    n_timed, m = len(windows.rates), len(row)
    times = log.times[row]
    elapsed = np.diff(times, prepend=0)
    elapsed[place.starts] = 0
    elapsed[np.concatenate(([0], times[:-1])) == 0] = 0
    # Kept at reading (by time), and when an answer comes in (by answers); a study row is neither.
    read = np.ones((m, 2 * (n_timed + len(windows.keeps))))
    read[:, : 2 * n_timed] = np.repeat(np.exp(-np.outer(elapsed, windows.rates)), 2, axis=1)
    kept = np.repeat(np.concatenate((np.ones(n_timed), windows.keeps)), 2)
    answered: Bools = np.logical_or(*hits.T)
    add = np.tile(hits.astype(np.float64), n_timed + len(windows.keeps))
    lengths = np.diff(np.append(place.starts, m))
    longest = np.argsort(-lengths, kind="stable")
    starts, lengths = place.starts[longest], lengths[longest]
    out = np.empty_like(read)
    state = np.zeros((len(starts), read.shape[1]))
    for k in range(int(lengths[0]) if m else 0):
        active = int(np.searchsorted(-lengths, -k, side="left"))
        at = starts[:active] + k
        now = state[:active]
        now *= read[at]
        out[at] = now
        now *= np.where(answered[at, None], kept, 1.0)
        now += add[at]
    return out


def records(log: AnswerLog, memory: int) -> Floats:
    """(n, len(RECORD)) `record.features` of the row's item before the row's instant."""
    row = np.arange(len(log))
    group = log.learner * len(log.item_ids) + log.item
    order = np.argsort(group, kind="stable")
    place = _Places(log, order, group[order])
    known = place.first > place.begin
    last = order[np.maximum(place.first - 1, 0)]
    studied = np.concatenate(([0], np.cumsum(log.correct[order] == STUDY)))
    then, now = log.times[last], log.times[order]
    gap = np.where(then != 0, np.maximum(now - then, 0), 0)
    of_all = _Places(log, row, log.learner)
    lag = of_all.first[order] - last - 1
    out = np.empty((len(log), len(RECORD)))
    out[:, : RECORD_WINDOWS.width] = history(log, row, log.item, RECORD_WINDOWS)
    rest = (
        known,
        np.log1p(studied[place.first] - studied[place.begin]),
        np.where(known, np.log1p(gap / US_PER_MINUTE), 0.0),
        np.where(known, np.log1p(np.maximum(lag, 0)), 0.0),
    )
    out[order, RECORD_WINDOWS.width :] = np.stack(rest, axis=1)
    n_met = np.bincount(log.learner[order[place.begin == row]], minlength=len(log.learner_ids))
    for learner in np.flatnonzero(n_met > memory).tolist():
        _fold_records(log, learner, memory, out)
    return out


def _fold_records(log: AnswerLog, learner: int, memory: int, out: Floats) -> None:
    """Write one learner's rows of `records` as the fold has them, with what is forgotten."""
    begin, end = log.starts[learner : learner + 2].tolist()
    items: dict[ItemId, Record] = {}
    before, step_before, instant = items, 0, -1
    columns = (log.item, log.correct, log.times, log.instant)
    rows = zip(*(column[begin:end].tolist() for column in columns), strict=True)
    for n, (item, answer, at_us, its_instant) in enumerate(rows):
        if its_instant != instant:
            instant, before, step_before = its_instant, items, n
        name = ItemId(log.item_ids[item])
        known = before.get(name)
        out[begin + n] = record_features(known, step_before, at_us) if known else NEVER_MET
        correct = None if answer == STUDY else answer == 1
        record = met(items.get(name, NEW), correct, n + 1, at_us)
        items = remembered(items, name, record, memory)
