"""Every path of the OpenAPI document x every kind of key x own and other learners."""

import json

import pytest
from tests.school import answer, check_problem, world
from tests.toy_models import TOY, on_features, put

from learnloop.accounts import SCOPES, Scope
from learnloop.core.records import Role

# A body that each route takes; the others have none.
BODIES = {
    ("POST", "/api/interactions"): lambda who: answer(learner=who, answer="36"),
    ("PUT", "/api/users/{userId}/profile"): lambda who: {},
    ("POST", "/api/users/{userId}/recommendations/{recommendationId}/feedback"): lambda who: {
        "rating": 5
    },
    ("PUT", "/api/users/{userId}/learning-path/update"): lambda who: {},
    ("POST", "/api/users/{userId}/placement"): lambda who: {},
    ("POST", "/api/users/{userId}/goals"): lambda who: {},
    ("POST", "/api/ml/profile/update"): lambda who: {"userId": who},
    ("POST", "/api/ml/recommendations/generate"): lambda who: {"userId": who},
    ("POST", "/api/ml/models/{name}/predict"): lambda who: {"userId": who},
    ("POST", "/api/ml/retention/predict"): lambda who: {"userId": who},
    ("POST", "/api/ml/jobs"): lambda who: {"kind": "tidy"},
}
ROLES = {
    "learner": Role.LEARNER,
    "other learner": Role.LEARNER,
    "teacher": Role.TEACHER,
    "other teacher": Role.TEACHER,
    "service": Role.SERVICE,
    "admin": Role.ADMIN,
}
STRANGERS = ("none", "unknown", "revoked", "expired")
# Whom each key sees; a path without a learner concerns nobody's.
SEES = {
    "learner": {"ada"},
    "other learner": {"ben"},
    "teacher": {"ada"},
    "other teacher": {"ben"},
    "service": {"ada", "ben"},
    "admin": {"ada", "ben"},
}
LEARNERS = ("ada", "ben", "nobody")
CREATES = ("PUT", "/api/users/{userId}/profile")
FOR_LATER = ("POST", "/api/ml/jobs")


@pytest.fixture(scope="module")
def matrix_school():
    with world() as made:
        serve_toy(made)
        yield made


def serve_toy(school):
    put(school.engine, on_features(school.engine, "1"))
    school.app.state.services.serving.refresh()


def operations(school):
    found = []
    for path, item in sorted(school.app.openapi()["paths"].items()):
        for method, operation in item.items():
            scopes = [s for need in operation.get("security", []) for s in need["HTTPBearer"]]
            found.append((method.upper(), path, Scope(scopes[0]) if scopes else None))
    # What creates a learner goes last, so that nobody is nobody until then.
    return sorted(found, key=lambda operation: operation[:2] == CREATES)


def concerns(method, path):
    return (
        "{userId}" in path
        or "userId" in json.dumps(BODIES.get((method, path), str)("x"))
        or (path == "/api/interactions")
    )


def expected(method, path, scope, key, learner):
    """The status that the access rules ask for; computed apart from the code."""
    if scope is None:
        return 200
    if key in STRANGERS:
        return 401
    if key == "powerless" or scope not in SCOPES[ROLES[key]]:
        return 403
    if not concerns(method, path):
        return 202 if (method, path) == FOR_LATER else 200
    everyone = key in ("service", "admin")
    if learner == "nobody" and everyone and (method, path) == CREATES:
        return 201
    return 200 if learner in SEES[key] else 404


def ask(school, method, path, key, learner):
    made = school.ask("GET", f"/api/users/{learner}/recommendations?limit=1").json()
    one = made.get("recommendations", [{"recommendation_id": "none.0"}])[0]["recommendation_id"]
    job = school.ask(*FOR_LATER, json={"kind": "tidy"}).json()["job_id"]
    url = path.replace("{userId}", learner).replace("{recommendationId}", one)
    url = url.replace("{jobId}", job).replace("{name}", TOY)
    body = BODIES.get((method, path))
    kwargs = {} if body is None else {"json": body(learner)}
    return school.ask(method, url, key=key, **kwargs)


@pytest.mark.parametrize("key", [*ROLES, *STRANGERS, "powerless"])
def test_the_matrix(key):
    with world() as school:
        serve_toy(school)
        for method, path, scope in operations(school):
            for learner in LEARNERS:
                reply = ask(school, method, path, key, learner)
                wanted = expected(method, path, scope, key, learner)
                assert reply.status_code == wanted, (method, path, key, learner, reply.text)
                if wanted >= 400:
                    check_problem(reply, wanted)


def test_the_matrix_knows_every_path(matrix_school):
    found = {(method, path) for method, path, _ in operations(matrix_school)}
    assert set(BODIES) <= found
    assert len(found) == 28


def test_another_learner_looks_like_one_who_does_not_exist(matrix_school):
    for path in ("profile", "recommendations", "learning-path", "progress-analytics", "features"):
        other = matrix_school.ask("GET", f"/api/users/ben/{path}", key="learner")
        nobody = matrix_school.ask("GET", f"/api/users/nobody/{path}", key="learner")
        assert other.text == nobody.text.replace("nobody", "ben")
    other = matrix_school.ask(
        "POST", "/api/interactions", json=answer(learner="ben"), key="learner"
    )
    nobody = matrix_school.ask(
        "POST", "/api/interactions", json=answer(learner="nobody"), key="service"
    )
    assert other.text == nobody.text.replace("nobody", "ben")


def test_in_a_batch_others_are_rejected_one_by_one(matrix_school):
    batch = [answer(n, who, answer="36") for n, who in ((70, "ada"), (71, "ben"), (72, "ada"))]
    receipt = matrix_school.ask("POST", "/api/interactions", json=batch, key="learner").json()
    assert receipt["accepted"] == 2
    assert [(r["index"], r["code"]) for r in receipt["rejected"]] == [(1, "unknown_learner")]


@pytest.mark.parametrize(
    "claim",
    [{"correct": True}, {"score": 1.0, "correct": ...}, {"correct": True, "kind": "completed"}],
)
def test_a_learners_key_can_not_say_that_an_answer_was_right(matrix_school, claim):
    own = {"json": answer(80, **claim), "key": "learner"}
    problem = check_problem(matrix_school.ask("POST", "/api/interactions", **own), 422)
    assert problem["field"] == "answer"
    assert "graded here" in problem["detail"]
    batch = [answer(80, **claim), answer(81, answer="36")]
    receipt = matrix_school.ask("POST", "/api/interactions", json=batch, key="learner").json()
    assert receipt["accepted"] + receipt["duplicates"] == 1
    assert [(r["index"], r["field"]) for r in receipt["rejected"]] == [(0, "answer")]


@pytest.mark.parametrize(
    ("given", "key", "correct", "score"),
    [
        ({"correct": True, "answer": "35"}, "learner", False, None),
        ({"correct": False, "answer": "36"}, "learner", True, None),
        ({"correct": ..., "score": 1.0, "answer": "35"}, "learner", False, None),
        ({"correct": ..., "answer": "36"}, "learner", True, None),
        ({"correct": True, "item_id": "add-subtract-read"}, "learner", True, None),
        ({"correct": True, "answer": "35"}, "service", True, None),
        ({"correct": ..., "score": 0.5, "answer": "35"}, "service", None, 0.5),
    ],
)
def test_whose_word_counts(given, key, correct, score):
    with world() as school:
        reply = school.ask("POST", "/api/interactions", json=answer(1, **given), key=key)
        assert reply.json()["accepted"] == 1
        with school.engine.store.begin(write=False) as tx:
            (stored,) = tx.interactions.history("ada")
    assert (stored.correct, stored.score) == (correct, score)


def test_a_401_says_how_to_sign_in(matrix_school):
    reply = matrix_school.ask("GET", "/api/users/ada/profile", key="none")
    assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "ll_", "Bearer ll_\xff"])
def test_strange_credentials_are_refused(matrix_school, header):
    for path in ("/api/users/ada/profile", "/api/users/ada/recommendations"):
        sent = {"Authorization": header.encode("latin-1")}
        check_problem(matrix_school.ask("GET", path, key="none", headers=sent), 401)


def test_the_api_takes_no_cookie(matrix_school):
    sent = {"Cookie": f"learnloop_key={matrix_school.keys['admin']}"}
    for path in ("/api/users/ada/profile", "/api/users/ada/recommendations"):
        check_problem(matrix_school.ask("GET", path, key="none", headers=sent), 401)


def test_a_revoked_key_is_refused_once_it_is_looked_up_again(matrix_school):
    school = matrix_school
    assert school.ask("GET", "/api/users/ben/profile", key="other teacher").status_code == 200
    with school.engine.store.begin() as tx:
        stored = tx.accounts.keys()
        key = next(k for k in stored if k.class_id == "8a")
        tx.accounts.revoke_key(key.key_id, school.clock.now())
    school.app.state.services.callers.forget()
    check_problem(school.ask("GET", "/api/users/ben/profile", key="other teacher"), 401)


def test_no_payload_has_an_answer_key_or_the_workings_of_the_policy(matrix_school):
    for method, path, _ in operations(matrix_school):
        if path == "/api/ml/models/performance" or path.startswith("/health"):
            continue
        reply = ask(matrix_school, method, path, "service", "ada")
        for word in ("propensity", '"answer"', '"hints"', "assignment", "difficulty_logit"):
            assert word not in reply.text, (path, word)
