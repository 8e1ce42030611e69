"""Do the online fold and the batch give the same features on real logs? Before every event.

Learners are taken in the order of their codes until there are 20,000 answers; videos all.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from learnloop.core.answers import AnswerLog
from learnloop.core.errors import Rejection
from learnloop.core.ids import LearnerId
from learnloop.core.time import EPOCH
from learnloop.core.types import Floats, Interaction, Item
from learnloop.events.xapi.reader import open_xapi
from learnloop.features.batch import EventLog, compute, each_event
from learnloop.features.definitions import FEATURES
from learnloop.features.fold import FeatureFold
from learnloop.features.log import ItemBook, frame_of, of_answers, of_frame
from learnloop.features.statistics import NOTHING
from learnloop.models.ability.item_statistics import item_statistics
from learnloop.training.dataset import read_dataset

pytestmark = pytest.mark.accuracy

N_EVENTS = 20_000
SETS = ["ednet_part", "mofacts_stats_cloze", "assistments09"]


@pytest.mark.parametrize("name", SETS)
def test_batch_equals_the_fold_before_every_answer(kt: Path, name: str) -> None:
    data = read_dataset(kt / name)
    first = data.log.starts.searchsorted(N_EVENTS)
    chosen = np.arange(len(data.log.learner_ids)) < first
    log = data.log.take_learners(chosen)
    given = np.full(len(log), np.nan) if log.seconds is None else log.seconds
    ms = np.floor(given * 1000.0 + 1e-6)
    assert len(log) >= N_EVENTS
    fold = FeatureFold(item_statistics(data.train))
    events = of_answers(replace(log, seconds=ms / 1000.0), fold.statistics)
    histories = (history(log, who, ms) for who in range(len(log.learner_ids)))
    assert differences(fold, events, histories, log.items()) == {}


def test_batch_equals_the_fold_before_every_video_event(kt: Path) -> None:
    source = open_xapi(kt.parent / "xapi" / "ralph_funmooc" / "statements.json.gz")
    _, items = source.nouns()
    found: dict[str, list[Interaction]] = {}
    for row in source:
        assert not isinstance(row, Rejection)
        found.setdefault(row.interaction.learner_id, []).append(row.interaction)
    for log in found.values():
        log.sort(key=lambda x: (x.occurred_at, x.sequence, x.interaction_id))
    frame = frame_of(x for log in found.values() for x in log)
    assert len(frame) == 18_400  # all that tell of an interaction
    events = of_frame(frame, ItemBook(items, NOTHING))
    histories = (found[who] for who in sorted(found))
    assert differences(FeatureFold(NOTHING), events, histories, items) == {}


def history(log: AnswerLog, who: int, ms: Floats) -> list[Interaction]:
    """A learner's answers with their response times."""
    rows = log.interactions(who)
    times = ms[log.starts[who] : log.starts[who + 1]].tolist()
    return [
        replace(x, response_time_ms=None if time != time else int(time))
        for x, time in zip(rows, times, strict=True)
    ]


def differences(
    fold: FeatureFold,
    events: EventLog,
    histories: Iterator[list[Interaction]],
    items: tuple[Item, ...],
) -> dict[str, int]:
    """How many values of each feature differ by more than 1e-9 of the larger of 1 and the value."""
    blocks = compute([x.value for x in FEATURES], events, each_event(events))
    batch = (row for block in blocks for row in block)
    by_id = {x.item_id: x for x in items}
    wrong = np.zeros(len(FEATURES), dtype=np.int64)
    for log in histories:
        for online in online_vectors(fold, log, by_id.__getitem__):
            row = next(batch)
            close = np.abs(online - row) <= 1e-9 * np.maximum(1.0, np.abs(row))
            wrong += ~(close | (np.isnan(online) & np.isnan(row)))
    assert next(batch, None) is None
    return {x.name: int(n) for x, n in zip(FEATURES, wrong, strict=True) if n}


def online_vectors(
    fold: FeatureFold, log: list[Interaction], item_of: Callable[[str], Item]
) -> Iterator[Floats]:
    """What the fold knows before each event; events of one instant don't know of each other."""
    state = known = fold.start(LearnerId("any"))
    before = None
    for x in log:
        if x.occurred_at != before or x.occurred_at == EPOCH:
            known = state
        before = x.occurred_at
        yield fold.vector(known, x.occurred_at, item_of(x.item_id))
        state = fold.update(state, x, item_of(x.item_id))
