"""Does the memory store keep the promises?"""

from learnloop.core.protocols import Store
from learnloop.storage import open_store
from learnloop.testing.store import StoreSuite


class TestMemoryStore(StoreSuite):
    def make_store(self) -> Store:
        return open_store("memory://")
