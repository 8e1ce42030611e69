"""The OpenAPI document is the contract: its snapshot, and that the routes are what it says.

`LEARNLOOP_UPDATE_GOLDEN=1 pytest tests/unit/api/test_openapi.py` writes the snapshot again; read
the difference before you commit it.
"""

import json
import os
import re
from pathlib import Path

from tests.school import answer

from learnloop.api.hot_docs import router as documented

GOLDEN = Path(__file__).parents[2] / "golden" / "openapi.json"
PATHS = {
    ("POST", "/api/interactions"),
    ("GET", "/api/users/{userId}/profile"),
    ("PUT", "/api/users/{userId}/profile"),
    ("POST", "/api/users/{userId}/profile/analyze"),
    ("GET", "/api/users/{userId}/recommendations"),
    ("POST", "/api/users/{userId}/recommendations/{recommendationId}/feedback"),
    ("GET", "/api/users/{userId}/learning-path"),
    ("PUT", "/api/users/{userId}/learning-path/update"),
    ("POST", "/api/users/{userId}/placement"),
    ("GET", "/api/users/{userId}/placement"),
    ("DELETE", "/api/users/{userId}/placement"),
    ("GET", "/api/users/{userId}/informative-items"),
    ("GET", "/api/users/{userId}/progress-analytics"),
    ("GET", "/api/users/{userId}/skill-predictions"),
    ("GET", "/api/users/{userId}/features"),
    ("POST", "/api/users/{userId}/goals"),
    ("POST", "/api/ml/profile/update"),
    ("POST", "/api/ml/recommendations/generate"),
    ("POST", "/api/ml/models/{name}/predict"),
    ("POST", "/api/ml/retention/predict"),
    ("GET", "/api/ml/models/performance"),
    ("POST", "/api/ml/jobs"),
    ("GET", "/api/ml/jobs"),
    ("GET", "/api/ml/jobs/{jobId}"),
    ("GET", "/api/ml/alerts"),
    ("GET", "/metrics"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
}


def test_the_document_is_the_golden_one(school):
    document = school.ask("GET", "/openapi.json", key="none").json()
    if os.environ.get("LEARNLOOP_UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
    assert document == json.loads(GOLDEN.read_text())


def test_the_paths_are_exactly_those_of_the_contract(school):
    document = school.app.openapi()
    assert document["openapi"].startswith("3.1")
    found = {(m.upper(), path) for path, item in document["paths"].items() for m in item}
    assert found == PATHS


def test_every_reference_leads_somewhere(school):
    document = school.app.openapi()
    for name in set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document))):
        assert name in document["components"]["schemas"]


def test_every_error_is_a_problem(school):
    for path, item in school.app.openapi()["paths"].items():
        for method, operation in item.items():
            for status, reply in operation["responses"].items():
                if status >= "400":
                    assert list(reply["content"]) == ["application/problem+json"], (path, method)


def test_every_path_but_health_needs_a_scope(school):
    for path, item in school.app.openapi()["paths"].items():
        for operation in item.values():
            needed = [scope for s in operation.get("security", []) for scope in s["HTTPBearer"]]
            assert bool(needed) != path.startswith("/health"), path


def test_the_hot_routes_are_the_documented_ones(school):
    served = school.app.hot_routes
    assert {(r.path, *r.methods) for r in served} == {
        (r.path, *r.methods) for r in documented.routes
    }
    needs = {r.path: r.app.needs for r in served}
    for path, scope in needs.items():
        for operation in school.app.openapi()["paths"][path].values():
            assert operation["security"] == [{"HTTPBearer": [scope.value]}]


def test_the_hot_routes_are_served_without_fastapi(school):
    served = {(r.path, *r.methods): r.app for r in school.app.hot_routes}
    assert served.keys() == {(r.path, *r.methods) for r in documented.routes}
    school.app.build_middleware_stack = None  # FastAPI itself can't answer any more
    school.app.middleware_stack = None
    made = school.ask("GET", "/api/users/ada/recommendations").json()
    name = made["recommendations"][0]["recommendation_id"]
    path = f"/api/users/ada/recommendations/{name}/feedback"
    assert school.ask("POST", path, json={"rating": 5}).status_code == 200
    assert school.ask("POST", "/api/interactions", json=answer()).status_code == 200
    assert school.ask("GET", "/health/live").status_code == 500
