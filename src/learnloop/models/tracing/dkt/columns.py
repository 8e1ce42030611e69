"""How does a log become what the network is trained on? As windows, column by column."""

from typing import Final

import numpy as np

from learnloop.core.answers import AnswerLog
from learnloop.models.tracing.dkt.encoding import times, trace_log
from learnloop.models.tracing.sequences import Floats32, Vocabulary, shares, windows
from learnloop.models.train.batches import Array, Dataset, Ragged

SCORED: Final = "scored"
"""The column that says which places are learnt from and judged."""


class Columns:
    """A log with all that the network is told of each row, computed once.

    Args:
        log: Of training learners.
        vocabulary: Gives the codes.
        facts: (n, N_FACTS) of each row's item.
    """

    def __init__(self, log: AnswerLog, vocabulary: Vocabulary, facts: Floats32) -> None:
        self._log, self._vocabulary, self._facts = log, vocabulary, facts
        self._traces = np.stack(trace_log(log), axis=1)  # (n, 3, N_TRACES)

    @property
    def longest(self) -> int:
        """Rows of the longest history."""
        return int(np.diff(self._log.starts).max(initial=1))

    def cut(self, length: int, overlap: int) -> Dataset:
        """As windows of at most `length` rows.

        `row` is the row of the log; `models.train.batches` says what else a data set is.
        """
        seen = windows(self._log, self._vocabulary, length, overlap)
        there = seen.row >= 0
        offsets = np.concatenate(([0], np.cumsum(there.sum(1)))).astype(np.int64)
        row = seen.row[there]
        sign = np.where(seen.answered, 2 * seen.correct - 1, 0)[there]
        columns: dict[str, Array] = {
            "item": seen.item[there],
            "skills": seen.skills[there],
            "share": shares(seen.skills[there]).astype(np.float32),
            "sign": sign.astype(np.float32),
            "facts": self._facts[row],
            "gap": times(seen.gap[there].astype(np.float64)).astype(np.float32),
            "wait": times(seen.wait[there].astype(np.float64)).astype(np.float32),
            "traces": self._traces[row],
            "before": seen.before[there],
            "target": seen.correct[there],
            "row": row,
            SCORED: seen.target[there],
        }
        return {name: Ragged(values, offsets) for name, values in columns.items()}
