import json
from datetime import timedelta

import pytest
from tests.school import answer, check_problem

from learnloop.api.idempotency import KEPT_FOR

INTERACTIONS = "/api/interactions"
GOALS = "/api/users/ada/goals"
GENERATE = "/api/ml/recommendations/generate"


def sent(key="k1"):
    return {"Idempotency-Key": key}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (INTERACTIONS, answer()),
        (GOALS, {"target_skill_level": 0.9}),
        (GENERATE, {"userId": "ada", "limit": 2}),
        ("/api/ml/profile/update", {"userId": "ada", "interactions": [answer()]}),
        ("/api/users/ada/profile/analyze", None),
    ],
)
def test_the_first_reply_is_given_again(school, path, body):
    kwargs = {} if body is None else {"json": body}
    first = school.ask("POST", path, headers=sent(), **kwargs)
    school.clock.advance(minutes=5)
    again = school.ask("POST", path, headers=sent(), **kwargs)
    assert first.status_code == again.status_code == 200
    assert again.content == first.content


def test_nothing_is_done_twice(school):
    body = {"userId": "ada"}
    first = school.ask("POST", GENERATE, json=body, headers=sent())
    school.ask("POST", GENERATE, json=body, headers=sent())
    with school.engine.store.begin(write=False) as tx:
        logged = tx.decisions.latest("ada", 10)
    assert [d.decision_id for d in logged] == [first.json()["decision_id"]]


def test_feedback_too(school):
    made = school.ask("POST", GENERATE, json={"userId": "ada", "limit": 1}).json()
    name = made["recommendations"][0]["recommendation_id"]
    path = f"/api/users/ada/recommendations/{name}/feedback"
    first = school.ask("POST", path, json={"rating": 4}, headers=sent())
    school.clock.advance(minutes=5)
    again = school.ask("POST", path, json={"rating": 4}, headers=sent())
    assert again.content == first.content
    check_problem(school.ask("POST", path, json={"rating": 5}, headers=sent()), 422)


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        (INTERACTIONS, answer(), answer(2)),
        (GOALS, {"target_skill_level": 0.9}, {"target_skill_level": 0.8}),
    ],
)
def test_another_body_under_the_same_key_is_refused(school, path, body, other):
    school.ask("POST", path, json=body, headers=sent())
    problem = check_problem(school.ask("POST", path, json=other, headers=sent()), 422)
    assert problem["field"] == "Idempotency-Key"
    with school.engine.store.begin(write=False) as tx:
        assert tx.interactions.count() == (1 if path == INTERACTIONS else 0)


def test_another_caller_or_route_has_keys_of_its_own(school):
    school.ask("POST", GOALS, json={"target_skill_level": 0.9}, headers=sent())
    reply = school.ask("POST", GOALS, json={"target_skill_level": 0.8}, headers=sent(), key="admin")
    assert reply.json()["target_skill_level"] == 0.8
    reply = school.ask("POST", INTERACTIONS, json=answer(), headers=sent())
    assert reply.json()["accepted"] == 1


def test_a_refused_request_may_be_corrected(school):
    check_problem(school.ask("POST", INTERACTIONS, json=answer(item_id="no"), headers=sent()), 404)
    assert school.ask("POST", INTERACTIONS, json=answer(), headers=sent()).json()["accepted"] == 1


def test_a_key_is_forgotten_after_a_day(school):
    school.ask("POST", GOALS, json={"target_skill_level": 0.9}, headers=sent())
    school.clock.advance(seconds=(KEPT_FOR + timedelta(seconds=1)).total_seconds())
    reply = school.ask("POST", GOALS, json={"target_skill_level": 0.8}, headers=sent())
    assert reply.json()["target_skill_level"] == 0.8


def test_old_replies_are_dropped(school):
    school.ask("POST", GOALS, json={}, headers=sent("old"))
    school.clock.advance(days=3)
    school.ask("POST", GOALS, json={}, headers=sent("new"))
    drop = school.app.state.services.drop_old_replies
    assert [school.run(drop()), school.run(drop())] == [1, 0]


@pytest.mark.parametrize("key", ["", "x" * 201, "é", "a b"])
@pytest.mark.parametrize("path", [INTERACTIONS, GOALS])
def test_a_strange_key_is_refused(school, key, path):
    body = json.dumps(answer() if path == INTERACTIONS else {})
    headers = {
        "Idempotency-Key": key.encode(),
        "Content-Type": "application/json",
    }
    check_problem(school.ask("POST", path, content=body, headers=headers), 422)


def test_with_and_without_a_key_an_interaction_counts_once(school):
    assert school.ask("POST", INTERACTIONS, json=answer()).json()["accepted"] == 1
    assert school.ask("POST", INTERACTIONS, json=answer(), headers=sent()).json()["duplicates"] == 1
    with school.engine.store.begin(write=False) as tx:
        assert tx.interactions.count() == 1


def test_a_key_that_is_used_again_after_a_day_is_kept_again(school):
    body = {"userId": "ada"}
    school.ask("POST", GENERATE, json=body, headers=sent())
    school.clock.advance(seconds=(KEPT_FOR + timedelta(seconds=1)).total_seconds())
    second = school.ask("POST", GENERATE, json=body, headers=sent())
    assert school.ask("POST", GENERATE, json=body, headers=sent()).content == second.content
