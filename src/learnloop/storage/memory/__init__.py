"""What is the smallest store that keeps every promise? This one: it forgets when the process ends.

One writer at a time, readers on a snapshot beside it, real rollback and savepoints. For tests,
simulations and the three-line use of the engine. Start with `versions.py`.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from learnloop.core.errors import StoreUnavailable
from learnloop.core.jobs import Jobs, Schedules
from learnloop.core.protocols import (
    Accounts,
    Audit,
    CatalogStore,
    Decisions,
    Files,
    Interactions,
    Learners,
    Models,
    Outcomes,
    Paths,
    Predictions,
    Replies,
    States,
    Watch,
)
from learnloop.storage.memory.choices import (
    MemoryDecisions,
    MemoryOutcomes,
    MemoryPaths,
)
from learnloop.storage.memory.jobs import MemoryJobs, MemorySchedules
from learnloop.storage.memory.log import MemoryInteractions, MemoryStates
from learnloop.storage.memory.people import MemoryAccounts, MemoryCatalog, MemoryLearners
from learnloop.storage.memory.predictions import MemoryPredictions, MemoryWatch
from learnloop.storage.memory.registry import MemoryAudit, MemoryFiles, MemoryModels, MemoryReplies
from learnloop.storage.memory.versions import Versions, View


class MemoryTransaction:
    """A `learnloop.core.protocols.Transaction`."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.learners: Learners = MemoryLearners(view)
        self.catalog: CatalogStore = MemoryCatalog(view)
        self.accounts: Accounts = MemoryAccounts(view)
        self.interactions: Interactions = MemoryInteractions(view)
        self.states: States = MemoryStates(view)
        self.decisions: Decisions = MemoryDecisions(view)
        self.outcomes: Outcomes = MemoryOutcomes(view)
        self.paths: Paths = MemoryPaths(view)
        self.models: Models = MemoryModels(view)
        self.files: Files = MemoryFiles(view)
        self.replies: Replies = MemoryReplies(view)
        self.audit: Audit = MemoryAudit(view)
        self.jobs: Jobs = MemoryJobs(view)
        self.schedules: Schedules = MemorySchedules(view)
        self.predictions: Predictions = MemoryPredictions(view)
        self.watch: Watch = MemoryWatch(view)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that is undone alone when it raises; the rest of the transaction goes on."""
        mark = self._view.mark
        try:
            yield
        except BaseException:
            self._view.undo(mark)
            raise


class MemoryStore:
    """A `learnloop.core.protocols.Store` in this process's memory; safe to share among threads.

    Args:
        wait_seconds: How long a writer waits for its turn.
    """

    def __init__(self, *, wait_seconds: float = 5.0) -> None:
        self._wait_seconds = wait_seconds
        self._versions = Versions()
        self._writer = threading.Lock()
        self._closed = False

    @contextmanager
    def begin(self, *, write: bool = True) -> Iterator[MemoryTransaction]:
        """One transaction: committed when the block ends, undone when it raises.

        Raises:
            StoreUnavailable: The store was closed, or another writer took too long.
        """
        if self._closed:
            raise StoreUnavailable("this store was closed; open another one")
        if write and not self._writer.acquire(timeout=self._wait_seconds):
            raise StoreUnavailable(f"no turn to write within {self._wait_seconds:g} s")
        snapshot = self._versions.enter()
        view = View(self._versions, snapshot, write=write)
        try:
            yield MemoryTransaction(view)
            if write:
                self._versions.committed = snapshot + 1
        except BaseException:
            view.undo()
            raise
        finally:
            self._versions.leave(snapshot)
            if write:
                self._writer.release()

    def close(self) -> None:
        """The store can't be used again."""
        self._closed = True
