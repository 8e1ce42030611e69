"""What did the models say? Noted where they answer, in microseconds, and stored later in batches.

Noting appends to a list in memory; building records, checking and storing them is for whoever
empties it, ten times a second. The list is bounded, and so is what is taken in one second: what has
no room is counted, and nobody waits. A killed process loses what was not yet stored, a tenth of a
second at most.
"""

import os
import random
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from itertools import count, islice
from typing import Final, NamedTuple

import numpy as np

from learnloop.core.arrays import Arrays
from learnloop.core.ids import ItemId, LearnerId, PredictionId
from learnloop.core.predictions import PredictionRecord
from learnloop.core.protocols import Clock, Transaction
from learnloop.core.time import to_us
from learnloop.journeys.request import request_id
from learnloop.serving.served import Served

PER_S: Final = 200
"""Answers that are kept of one second; a busy server would fill its disk otherwise."""
CAPACITY: Final = 10_000
MOST_ROWS: Final = 20
"""Rows that are kept of one answer: an answer to a slate has one for each item."""
FEATURES_SHARE: Final = 0.1
"""Of the answers that are kept, those whose features are kept too."""


class Noted(NamedTuple):
    """An answer that waits to be stored."""

    served: Served
    inputs: Arrays | None
    at: datetime
    number: int
    request_id: str | None


class PredictionLog:
    """The predictions of one process that are not stored yet; safe to share between threads.

    Args:
        share: Of the answers that are noted, [0, 1].
        seed: Of the choice among them.

    Attributes:
        n_left_out: Answers for which there was no room.
    """

    def __init__(
        self,
        clock: Clock,
        share: float = 1.0,
        *,
        seed: int = 0,
        per_s: int = PER_S,
        capacity: int = CAPACITY,
    ) -> None:
        self.n_left_out = 0
        self._clock = clock
        self._share = share
        self._chance = random.Random(seed).random
        self._per_s = per_s
        self._room = per_s
        self._capacity = capacity
        self._waiting: deque[Noted] = deque()
        self._number = count()
        self._process = os.urandom(6).hex()

    def __len__(self) -> int:
        return len(self._waiting)

    def observe(self, served: Served, inputs: Arrays) -> None:
        """Note an answer."""
        if self._chance() >= self._share:
            return
        if self._room <= 0:
            self.n_left_out += 1
            return
        self._room -= 1
        kept = inputs if self._chance() < FEATURES_SHARE else None
        now = self._clock.now()
        self._waiting.append(Noted(served, kept, now, next(self._number), request_id()))

    def take(self) -> list[Noted]:
        """The answers that wait; there is room for another second's."""
        self._room = self._per_s
        waiting = self._waiting
        return [waiting.popleft() for _ in range(len(waiting))]

    def give_back(self, taken: Sequence[Noted]) -> None:
        """They could not be stored now; the newest are kept, as many as there is room for."""
        room = max(0, self._capacity - len(self._waiting))
        self.n_left_out += max(0, len(taken) - room)
        self._waiting.extendleft(islice(reversed(taken), room))

    def store(self, tx: Transaction, taken: Sequence[Noted]) -> int:
        """Store answers; returns how many predictions they were."""
        return tx.predictions.append([one for noted in taken for one in self._records(noted)])

    def _records(self, noted: Noted) -> list[PredictionRecord]:
        served = noted.served
        chances = _chances(served)
        rows = _rows(noted.inputs)
        why = served.reasons[-1].detail.get("why") if served.reasons else None
        return [
            PredictionRecord(
                PredictionId(f"{self._id(noted)}.{row}"),
                noted.at,
                served.slot,
                served.ref,
                served.role.value,
                chances[row] if row < len(chances) else None,
                round(served.latency_us),
                None if why is None else str(why),
                LearnerId(served.key) if served.key else None,
                ItemId(served.items[row]) if served.items else None,
                rows[row].tobytes() if rows is not None and row < len(rows) else None,
                noted.request_id,
            )
            for row in range(min(max(len(served.items), 1), MOST_ROWS))
        ]

    def _id(self, noted: Noted) -> str:
        return f"{to_us(noted.at) // 1000:012x}{self._process}{noted.number:08x}"


def _chances(served: Served) -> list[float | None]:
    """What was said of each row, where it is one number in [0, 1]."""
    n = max(len(served.items), 1)
    if len(served.outputs) != 1:
        return []
    values = np.asarray(next(iter(served.outputs.values())))
    if values.size != n or values.dtype.kind != "f":
        return []
    return [p if 0.0 <= p <= 1.0 else None for p in values.ravel().astype(np.float64).tolist()]


def _rows(inputs: Arrays | None) -> np.ndarray[tuple[int, int], np.dtype[np.float32]] | None:
    """The features of each row: the one input of a model of features."""
    if inputs is None or len(inputs) != 1:
        return None
    values = np.asarray(next(iter(inputs.values())))
    return values.astype(np.float32) if values.ndim == 2 and values.dtype.kind == "f" else None
