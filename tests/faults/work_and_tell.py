"""A worker to be killed: counts to ten in the store, one transaction and one line for each number.

python -m tests.faults.work_and_tell URL LEASE_S
"""

import sys
import time
from datetime import timedelta

from learnloop.core.jobs import Json
from learnloop.core.types import Interaction
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.job_kinds import JobKind, Nothing, Report
from learnloop.journeys.worker import Worker
from learnloop.testing import builders as make

N_STEPS = 10
STEP_S = 0.01


def step_of(attempt_at_us: int, n: int) -> Interaction:
    """What a job leaves behind at its n-th step."""
    return make.an_answer(n, f"attempt-{attempt_at_us}")


def _count(engine: PersonalizationEngine, _: Nothing, report: Report) -> Json:
    start = time.time_ns()
    for n in range(N_STEPS):
        report(n / N_STEPS, f"step {n}")
        with engine.store.begin() as tx:
            tx.interactions.append([step_of(start, n)])
        print(n, flush=True)
        time.sleep(STEP_S)
    return {"attempt": start}


KINDS = {"count": JobKind("counts", Nothing, _count)}


def main(url: str, lease_s: float) -> None:
    """Work until killed."""
    with PersonalizationEngine.open(url) as engine:
        Worker(engine, kinds=KINDS, lease=timedelta(seconds=lease_s)).run()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
