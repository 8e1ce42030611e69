"""Can what came in be trusted? The whole log of a store, or a file before it is imported."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice

import polars as pl

from learnloop.core.errors import Rejection
from learnloop.core.protocols import Transaction
from learnloop.core.types import Interaction
from learnloop.features.log import as_they_come
from learnloop.features.quality.look import look, rejected
from learnloop.features.quality.report import N_EXAMPLES, Report
from learnloop.journeys.importing import Log
from learnloop.journeys.live import every_interaction

CHUNK = 20_000


def of_store(tx: Transaction, now: datetime, *, max_age_h: float) -> Report:
    """The whole log."""
    return look(_frame(every_interaction(tx)), now, max_age_h=max_age_h)


def of_log(
    log: Log,
    now: datetime,
    *,
    max_age_h: float,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """A file; what can't be read is a check of its own, the rest is looked at.

    Args:
        on_progress: Told the bytes read.

    Raises:
        DataError: The log can't be read at all.
    """
    refused: Counter[str] = Counter()
    examples: list[str] = []

    def readable() -> Iterator[Interaction]:
        for n, row in enumerate(log):
            if n % CHUNK == 0:
                on_progress(log.bytes_read)
            if not isinstance(row, Rejection):
                yield row.interaction
                continue
            refused[row.code] += 1
            if len(examples) < N_EXAMPLES:
                examples.append(f"line {row.line}: {row.message}")

    frame = _frame(readable())
    n_read = frame.height + refused.total()
    report = look(frame, now, max_age_h=max_age_h)
    return report.adding(rejected(refused, tuple(examples), n_read))


def _frame(interactions: Iterable[Interaction]) -> pl.DataFrame:
    """Chunk by chunk, for a million objects are far larger than their columns."""
    rest = iter(interactions)
    chunks = [as_they_come(())]
    while chunk := list(islice(rest, CHUNK)):
        chunks.append(as_they_come(chunk))
    return pl.concat(chunks)
