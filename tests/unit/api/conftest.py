from collections.abc import Iterator

import pytest

from tests.unit.api.world import World, world


@pytest.fixture
def school() -> Iterator[World]:
    with world() as made:
        yield made
