"""Does the store on PostgreSQL keep the promises?"""

from collections.abc import Callable

import pytest

from learnloop.core.protocols import Store
from learnloop.storage import open_store
from learnloop.testing.store import StoreSuite


class TestPostgresStore(StoreSuite):
    @pytest.fixture(autouse=True)
    def _server(self, new_postgres_url: Callable[[], str]) -> None:
        self.new_url = new_postgres_url

    def make_store(self) -> Store:
        return open_store(self.new_url())
