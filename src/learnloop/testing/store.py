"""Does a store keep every promise of `learnloop.core.protocols.Store`? Subclass `StoreSuite`.

    class TestMyStore(StoreSuite):
        def make_store(self) -> Store:
            return MyStore()

pytest then runs the promises about nouns (`store_nouns.py`), about the log (`store_log.py`), about
jobs (`store_jobs.py`), about the watch over models (`store_watch.py`) and about transactions
(`store_transactions.py`).
"""

from learnloop.testing.store_jobs import JobPromises
from learnloop.testing.store_log import LogPromises
from learnloop.testing.store_nouns import NounPromises
from learnloop.testing.store_transactions import TransactionPromises
from learnloop.testing.store_watch import WatchPromises


class StoreSuite(NounPromises, LogPromises, JobPromises, WatchPromises, TransactionPromises):
    """Every promise; `make_store` must give a new, empty store each time it is called.

    Stability: stable.
    """
