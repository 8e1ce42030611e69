"""Which store is under test? The one that the subclass makes, new and empty for every test."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from learnloop.core.protocols import Store

odd = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,  # examples may share one store: each brings its ids
        HealthCheck.differing_executors,
        HealthCheck.too_slow,
    ],
)
"""Few examples, because each one is a transaction."""


class OnAStore:
    """Gives each test a `store`."""

    def make_store(self) -> Store:
        """A new, empty store."""
        raise NotImplementedError("subclass the suite and make the store to test")

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """The store, closed when the test is over."""
        store = self.make_store()
        yield store
        store.close()
