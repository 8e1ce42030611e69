"""Over HTTP: a placement from its first question to what it found, and who may see it."""

from datetime import timedelta

import pytest
from tests.school import NOW, World, check_problem

PLACEMENT = "/api/users/ada/placement"


def begin(school: World, key: str = "learner", **body: object) -> dict[str, object]:
    reply = school.ask("POST", PLACEMENT, key=key, json=body)
    assert reply.status_code == 200, reply.text
    found: dict[str, object] = reply.json()
    return found


def answered(school: World, question: dict[str, object], text: str) -> None:
    """The learner sends what they wrote; the grade is given there."""
    reply = school.ask(
        "POST",
        "/api/interactions",
        key="learner",
        json={
            "interaction_id": f"mine-{question['decision_id']}",
            "learner_id": "ada",
            "item_id": question["item"]["item_id"],
            "occurred_at": (NOW - timedelta(minutes=1)).isoformat(),
            "decision_id": question["decision_id"],
            "answer": text,
        },
    )
    assert reply.json()["accepted"] == 1, reply.text


def test_a_learner_places_themselves(school: World) -> None:
    first = begin(school)
    assert (first["status"], first["ability"], first["n_asked"]) == ("open", None, 1)
    with school.engine.store.begin(write=False) as tx:
        keys = {x.item_id: x.answer for x in school.engine.live(tx).items.items}
    found, n = first, 0
    while found["question"]:
        question = found["question"]
        right = keys[question["item"]["item_id"]] or ""
        answered(school, question, right if n % 3 else "nonsense")
        found, n = begin(school), n + 1
    assert (found["status"], found["n_answers"]) == ("finished", 30)
    assert found["low"] < found["ability"] < found["high"]
    assert school.ask("GET", PLACEMENT, key="learner").json() == found
    assert school.ask("GET", PLACEMENT, key="teacher").json() == found


def test_no_answer_key_and_no_propensity_leave(school: World) -> None:
    text = school.ask("POST", PLACEMENT, json={}).text
    for secret in ('"answer"', "difficulty_logit", '"hints"', "propensity"):
        assert secret not in text
    assert "that find out where you stand" in text


def test_a_repeated_request_gets_the_same_question(school: World) -> None:
    headers = {"Idempotency-Key": "once"}
    one, two = (school.ask("POST", PLACEMENT, json={}, headers=headers) for _ in range(2))
    assert one.text == two.text
    assert begin(school)["question"] == one.json()["question"]


def test_two_tabs_get_the_same_question(school: World) -> None:
    asked = {"method": "POST", "url": PLACEMENT, "json": {}}
    one, two = school.ask_at_once(asked, asked)
    assert one.status_code == 200
    assert one.text == two.text


def test_a_scope_is_checked(school: World) -> None:
    skills = ["add-subtract"]
    assert begin(school, skills=skills)["scope_skills"] == skills
    reply = school.ask("POST", PLACEMENT.replace("ada", "ben"), json={"skills": ["nonsense"]})
    assert check_problem(reply, 404)["field"] == "skills[0]"
    reply = school.ask("POST", PLACEMENT.replace("ada", "ben"), json={"course_id": "none"})
    check_problem(reply, 422, "invalid_input")


def test_it_can_be_skipped(school: World) -> None:
    one, two = (school.ask("DELETE", PLACEMENT, key="learner") for _ in range(2))
    assert one.json()["status"] == "skipped"
    assert one.text == two.text
    assert begin(school)["status"] == "skipped"
    assert begin(school, again=True)["status"] == "open"


@pytest.mark.parametrize(("method", "status"), [("POST", 403), ("DELETE", 403), ("GET", 200)])
def test_a_teacher_looks_and_changes_nothing(school: World, method: str, status: int) -> None:
    body = {"json": {}} if method == "POST" else {}
    assert school.ask(method, PLACEMENT, key="teacher", **body).status_code == status


def test_informative_items_are_the_most_telling_first(school: World) -> None:
    reply = school.ask("GET", "/api/users/ada/informative-items?limit=3", key="teacher").json()
    worth = [x["information"] for x in reply["items"]]
    assert len(worth) == 3
    assert worth == sorted(worth, reverse=True)
    assert all(x["reasons"][0]["code"] == "informative" for x in reply["items"])
    check_problem(school.ask("GET", "/api/users/ada/informative-items?limit=0"), 422)
