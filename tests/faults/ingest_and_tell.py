"""A process to be killed: appends batch after batch, and prints each batch once it is committed.

python -m tests.faults.ingest_and_tell URL FIRST_BATCH
"""

import sys

from learnloop.core.types import Interaction
from learnloop.storage import open_store
from learnloop.testing import builders as make

BATCH = 7


def batch_of(n: int) -> list[Interaction]:
    """The n-th batch: answers of several learners."""
    return [make.an_answer(n * BATCH + k, f"learner-{k % 3}") for k in range(BATCH)]


def main(url: str, first: int) -> None:
    """Ingest until killed."""
    store = open_store(url)
    n = first
    while True:
        with store.begin() as tx:
            tx.interactions.append(batch_of(n))
        print(n, flush=True)
        n += 1


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
