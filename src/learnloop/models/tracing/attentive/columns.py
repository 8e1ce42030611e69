"""How does a log become what the network is trained on? As windows of rows, column by column."""

from typing import Final

import numpy as np

from learnloop.core.answers import AnswerLog
from learnloop.core.types import Bools
from learnloop.models.tracing.attentive.config import Config
from learnloop.models.tracing.attentive.direction import Held
from learnloop.models.tracing.attentive.record import US_PER_MINUTE
from learnloop.models.tracing.attentive.replay import Rows
from learnloop.models.tracing.attentive.state import RIGHT
from learnloop.models.tracing.sequences import Vocabulary, windows
from learnloop.models.train.batches import Array, Dataset, Ragged

SCORED: Final = "scored"
"""The column that says which places are learnt from and judged."""

HELD: Final = "held"
"""The column that says whose result is held to its direction."""


def columns_of(log: AnswerLog, rows: Rows, learners: Bools, held: Held, config: Config) -> Dataset:
    """The windows of some learners; `train.Attentive.forward` says what the columns are.

    Args:
        log: Of training learners.
        rows: Its replay.
        learners: (n_learners,) whose rows are taken.
        held: Which results are held to their direction. A row that was asked together with others
            is not: their answers move more than their own item.
    """
    cut = windows(log.take_learners(learners), Vocabulary((), ()), config.length, config.overlap)
    there = cut.row >= 0
    offsets = np.concatenate(([0], np.cumsum(there.sum(1)))).astype(np.int64)
    row = np.flatnonzero(learners[log.learner])[cut.row[there]]
    event = rows.event[row]
    began = np.repeat(event["at_us"][offsets[:-1]], np.diff(offsets))
    columns: dict[str, Array] = {
        "skills": event["skills"].astype(np.int64),
        "key": event["key"].astype(np.int64),
        "set_key": event["set_key"].astype(np.int64),
        "easiness": event["easiness"].astype(np.float32),
        "reliability": event["reliability"].astype(np.float32),
        "result": event["result"].astype(np.int64),
        "minute": ((event["at_us"] - began) / US_PER_MINUTE).astype(np.float32),
        "before": cut.before[there],
        "features": rows.before[row],
        "features_after": rows.after[row],
        "target": (event["result"] == RIGHT).astype(np.int64),
        HELD: held.rows(log)[row] & (cut.before == np.arange(there.shape[1]) - 1)[there],
        SCORED: cut.target[there],
    }
    return {name: Ragged(values, offsets) for name, values in columns.items()}
