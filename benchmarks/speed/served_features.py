"""What do features cost in service? One answer recorded with and without them; one vector read.

Answers come one by one, in order, of 50 learners in turn, with 40 answers each before; SQLite. With
features every 8th answer of a learner stores their state, so the mean counts beside the median.
A vector is read of a learner and an item, all names, between two answers of that learner.
"""

from functools import partial
from pathlib import Path

import numpy as np
from durable import N_LEARNERS, N_SINGLE, Writer
from report import Report
from timing import Samples, Timing, timed

from learnloop.core.ids import LearnerId
from learnloop.journeys.engine import PersonalizationEngine, Settings


def measure(report: Report, folder: Path, n_rounds: int) -> None:
    """Add the table of features in service."""
    table = report.table("Features in service (SQLite)")
    on, off = Writer(f"sqlite:///{folder}/on.db"), Writer(f"sqlite:///{folder}/off.db")
    off.engine = PersonalizationEngine(
        off.engine.store, settings=Settings(features=False), clock=off.engine.clock
    )
    with on.engine, off.engine:
        for writer in (on, off):
            writer.engine.record(writer.take(40 * N_LEARNERS))
        jobs = {
            "record, without features": partial(off.record, N_SINGLE, 1),
            "record, with features": partial(on.record, N_SINGLE, 1),
            "read one vector": partial(_read, on),
        }
        samples = {what: Samples() for what in jobs}
        for _ in range(n_rounds):
            for what, job in jobs.items():
                samples[what].add(job())
        size = _state_bytes(on.engine)
    for what, sample in samples.items():
        mean = np.mean(np.concatenate([cpu for _, cpu in sample.rounds])) / 1e3
        stored = size if what == "record, with features" else None
        table.add(what=what, **sample.summary("us"), cpu_mean_us=float(mean), state_bytes=stored)


def _read(writer: Writer) -> Timing:
    """Vectors of learners who have just answered."""
    new = writer.take(N_SINGLE)
    writer.engine.record(new)
    return timed(writer.engine.features, [(x.learner_id, x.item_id) for x in new])


def _state_bytes(engine: PersonalizationEngine) -> int:
    """Median size of a stored state of the features."""
    with engine.store.begin(write=False) as tx:
        ref = engine.live(tx).features.ref
        found = [tx.states.get(LearnerId(f"learner-{n}"), [ref]) for n in range(N_LEARNERS)]
    return int(np.median([len(x[ref].blob) for x in found if x]))
