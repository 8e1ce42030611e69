"""One fitted and one unfitted ability model for all tests of a session."""

import numpy as np
import pytest
from tests.unit.models.ability_worlds import answers, table

from learnloop.core.items import ItemTable
from learnloop.models import ability
from learnloop.models.ability import AbilityModel


@pytest.fixture(scope="session")
def items() -> ItemTable:
    return table()


@pytest.fixture(scope="session")
def fitted() -> AbilityModel:
    return ability.fit(answers(1), version="test", rng=np.random.default_rng(0))


@pytest.fixture(scope="session", params=["fitted", "cold"])
def model(request: pytest.FixtureRequest, fitted: AbilityModel, items: ItemTable) -> AbilityModel:
    return fitted if request.param == "fitted" else ability.from_catalog(items)
