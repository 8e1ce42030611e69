"""Whatever a client may make of the OpenAPI document, the server answers as the document says."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.schemas import APIOperation

from tests.live_server import running
from tests.school import School
from tests.unit.api.test_openapi import PATHS

N_EXAMPLES = 15
OPERATIONS = sorted(f"{method} {path}" for method, path in PATHS)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[dict[str, APIOperation], dict[str, str]]]:
    school = School()
    with running(school.app) as url:
        schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
        found = [result.ok() for result in schema.get_all_operations()]
        named = {f"{x.method.upper()} {x.path}": x for x in found}
        yield named, {"Authorization": f"Bearer {school.keys['admin']}"}


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=str)
@pytest.mark.parametrize("name", OPERATIONS)
def test_it_runs_clean(served, name, mode):
    operations, headers = served
    if mode.is_negative and name.startswith("GET /health"):
        pytest.skip("there is nothing to send that could be wrong")

    @settings(
        max_examples=N_EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operations[name].as_strategy(generation_mode=mode))
    def check(case: Case) -> None:
        case.call_and_validate(headers=headers)

    check()
