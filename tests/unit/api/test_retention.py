"""Over HTTP: what is remembered now and later, and what may not be asked."""

from datetime import timedelta

import pytest
from tests.school import NOW, World, answer, check_problem

PATH = "/api/ml/retention/predict"


def ask(school: World, **body: object) -> dict[str, object]:
    reply = school.ask("POST", PATH, json={"userId": "ada", **body})
    assert reply.status_code == 200, reply.text
    found: dict[str, object] = reply.json()
    return found


def test_recall_falls_with_the_days(school: World) -> None:
    with school.engine.store.begin(write=False) as tx:
        item = school.engine.live(tx).items.items[0]
    given = answer(1, learner="ada", item_id=item.item_id)
    assert school.ask("POST", "/api/interactions", json=given).json()["accepted"] == 1
    skill = item.skills[0]
    now = ask(school, skills=[skill], items=[item.item_id])
    later = ask(school, skills=[skill], items=[item.item_id], in_days=30)
    assert (now["userId"], now["desired_retention"]) == ("ada", 0.9)
    for kind in ("skills", "items"):
        (fresh,), (old,) = now[kind], later[kind]
        assert fresh["recall"] > old["recall"]
        assert fresh["low"] < fresh["recall"] < fresh["high"]
        assert (fresh["n_reviews"], fresh["sure"]) == (1, False)
        assert fresh["below_at"] == old["below_at"]
    assert [one["id"] for one in ask(school)["skills"]] == list(item.skills)
    assert ask(school)["items"] == []


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"skills": ["no-such-skill"]}, 404, "skills[0]"),
        ({"items": ["no-such-item"]}, 404, "items[0]"),
        ({"at": (NOW - timedelta(days=1)).isoformat()}, 422, "at"),
        ({"at": (NOW + timedelta(days=1)).isoformat(), "in_days": 1}, 422, "at"),
        ({"in_days": -1}, 422, "in_days"),
        ({"desired_retention": 0.2}, 422, "desired_retention"),
        ({"userId": "nobody"}, 404, None),
    ],
)
def test_what_cannot_be_asked_is_refused(
    school: World, body: dict[str, object], status: int, field: str | None
) -> None:
    reply = school.ask("POST", PATH, json={"userId": "ada", **body})
    problem = check_problem(reply, status)
    if field is not None:
        assert problem["field"] == field
