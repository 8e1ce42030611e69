"""Does the store on SQLite keep the promises?"""

from pathlib import Path

import pytest

from learnloop.core.protocols import Store
from learnloop.storage import open_store
from learnloop.testing.store import StoreSuite


class TestSqliteStore(StoreSuite):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make_store(self) -> Store:
        return open_store(f"sqlite:///{self.folder}/store.db")
