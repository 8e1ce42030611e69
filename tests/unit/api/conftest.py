from collections.abc import Iterator

import pytest
from tests.school import World, world


@pytest.fixture
def school() -> Iterator[World]:
    with world() as made:
        yield made
