"""Whatever is sent, the answer is 4xx and says what is wrong; good rows are kept."""

import gzip
import json

import pytest
from tests.school import ITEM, JSON, NOW, answer, check_problem

INTERACTIONS = "/api/interactions"
PROFILE = "/api/users/ada/profile"


def n_stored(school):
    with school.engine.store.begin(write=False) as tx:
        return tx.interactions.count()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"   ", "Expecting value"),
        (b"{", "Expecting property name"),
        (b'{"a": 1,}', "Expecting property name"),
        (b"[1, 2", "delimiter"),
        (b"{} {}", "Extra data"),
        (b'{"score": NaN}', "NaN is not a JSON number"),
        (b'{"score": Infinity}', "Infinity is not a JSON number"),
        (b'{"score": -Infinity}', "-Infinity is not a JSON number"),
        (b'{"item_id": "x", "item_id": "y"}', "'item_id' is there twice"),
        (b'{"a": {"b": 1, "b": 1}}', "'b' is there twice"),
        (b'{"learner_id": "\xff\xfe"}', "is not UTF-8"),
        (b'\xef\xbb\xbf{"a": 1}', "Expecting value"),
        (b'{"learner_id": "a\x00b"}', "Invalid control character"),
        (b'{"learner_id": "\\ud800"}', "surrogate"),
        (b"[" * 100_000, "nested deeper"),
        (b"[" * 100_000 + b"]" * 100_000, "nested deeper"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "nested deeper than 64"),
        (b'{"sequence": ' + b"1" * 5000 + b"}", "5000 digits"),
        (gzip.compress(b"{}", mtime=0), "is not UTF-8"),
    ],
)
@pytest.mark.parametrize("route", [("POST", INTERACTIONS), ("PUT", PROFILE)])
def test_what_is_not_plain_json_is_refused(school, route, body, why):
    reply = school.ask(*route, content=body, headers=JSON)
    problem = check_problem(reply, 400, "not_json")
    assert why in problem["detail"]
    assert len(problem["detail"]) < 400


def test_an_empty_body_is_refused(school):
    check_problem(school.ask("POST", INTERACTIONS, content=b"", headers=JSON), 400)
    check_problem(school.ask("PUT", PROFILE, content=b"", headers=JSON), 422)


@pytest.mark.parametrize("body", [b'{"learner_id": "a\\u0000b"}', b'{"a\\u0000b": 1}'])
def test_a_nul_is_refused(school, body):
    for method, path in (("POST", INTERACTIONS), ("PUT", PROFILE)):
        check_problem(school.ask(method, path, content=body, headers=JSON), 422)
    full = answer(interaction_id="a\0b")
    assert check_problem(school.ask("POST", INTERACTIONS, json=full), 422)["field"] == (
        "interaction_id"
    )


def test_texts_that_only_look_like_escapes_are_taken(school):
    body = json.dumps(answer(interaction_id="\\u0000 is how NUL is written"))
    assert school.ask("POST", INTERACTIONS, content=body, headers=JSON).json()["accepted"] == 1
    emoji = json.dumps(answer(2, interaction_id="\U0001f600"))
    assert "\\ud83d" in emoji
    assert school.ask("POST", INTERACTIONS, content=emoji, headers=JSON).json()["accepted"] == 1


@pytest.mark.parametrize("number", ["2", "2.0", "2e0", "20E-1", "0.2e+1"])
def test_a_whole_number_may_be_written_like_a_fraction(school, number):
    body = json.dumps(answer())[:-1] + f', "hints": {number}' + "}"
    assert school.ask("POST", INTERACTIONS, content=body, headers=JSON).json()["accepted"] == 1
    with school.engine.store.begin(write=False) as tx:
        assert tx.interactions.latest("ada", 1)[0].hints == 2
    style = f'{{"learningStyle": {{"optimal_session_length": {number}}}}}'
    reply = school.ask("PUT", PROFILE, content=style, headers=JSON)
    assert reply.json()["learningStyle"]["optimal_session_length"] == 2


def test_wide_json_is_not_deep_json(school):
    many = [answer(i) for i in range(100)]
    assert school.ask("POST", INTERACTIONS, json=many).json()["accepted"] == 100


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"occurred_at": "2026-01-05T08:00:00"}, "occurred_at"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "1969-12-31T23:59:59Z"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": 1767600000}, "occurred_at"),
        ({"occurred_at": ...}, "occurred_at"),
        ({"interaction_id": ...}, "interaction_id"),
        ({"interaction_id": ""}, "interaction_id"),
        ({"interaction_id": "x" * 201}, "interaction_id"),
        ({"interaction_id": "a\nb"}, "interaction_id"),
        ({"interaction_id": 7}, "interaction_id"),
        ({"learner_id": None}, "learner_id"),
        ({"item_id": ["x"]}, "item_id"),
        ({"correct": "yes"}, "correct"),
        ({"correct": 1}, "correct"),
        ({"correct": ...}, "correct"),
        ({"correct": ..., "score": 1.5}, "score"),
        ({"correct": ..., "score": -0.1}, "score"),
        ({"correct": ..., "score": "0.5"}, "score"),
        ({"response_time_ms": -1}, "response_time_ms"),
        ({"response_time_ms": 10**12}, "response_time_ms"),
        ({"response_time_ms": 1.5}, "response_time_ms"),
        ({"hints": "2"}, "hints"),
        ({"hints": 2**70}, "hints"),
        ({"sequence": -1}, "sequence"),
        ({"kind": "dreamt"}, "kind"),
        ({"kind": "viewed"}, "correct"),
        ({"decision_id": ""}, "decision_id"),
        ({"mastery": 1.0}, "mastery"),
        ({"correct": ..., "answer": "x" * 1001}, "answer"),
        ({"correct": ..., "answer": "x" * 201}, "answer"),
    ],
)
def test_a_wrong_field_is_named(school, changes, field):
    reply = school.ask("POST", INTERACTIONS, json=answer(**changes))
    problem = check_problem(reply, 422)
    assert problem["field"] == field
    assert problem["detail"].startswith(field)
    assert n_stored(school) == 0


def test_an_infinite_score_is_refused(school):
    body = json.dumps(answer(correct=...))[:-1] + ', "score": 1e999}'
    problem = check_problem(school.ask("POST", INTERACTIONS, content=body, headers=JSON), 422)
    assert "score" in problem["detail"] or "out of range" in problem["detail"]
    assert n_stored(school) == 0


def test_an_unknown_item_is_404(school):
    problem = check_problem(school.ask("POST", INTERACTIONS, json=answer(item_id="nothing")), 404)
    assert (problem["code"], problem["field"]) == ("unknown_item", "item_id")


@pytest.mark.parametrize(
    ("method", "path", "wrap", "field"),
    [
        ("PUT", PROFILE, lambda ids: {"goals": {"priority_areas": ids}}, "goals.priority_areas[1]"),
        ("POST", "/api/users/ada/goals", lambda ids: {"priority_areas": ids}, "priority_areas[1]"),
        (
            "PUT",
            "/api/users/ada/learning-path/update",
            lambda ids: {"priority_areas": ids},
            "priority_areas[1]",
        ),
    ],
)
def test_an_unknown_skill_is_404(school, method, path, wrap, field):
    reply = school.ask(method, path, json=wrap(["divide", "nothing"]))
    assert check_problem(reply, 404)["field"] == field


def test_an_unknown_learner_is_404(school):
    problem = check_problem(school.ask("POST", INTERACTIONS, json=answer(learner="nobody")), 404)
    assert problem["code"] == "unknown_learner"
    assert problem["field"] == "learner_id"
    wrong = answer(learner="nobody", item_id="nothing", kind="viewed")
    again = check_problem(school.ask("POST", INTERACTIONS, json=wrong), 404)
    assert again == problem


def test_a_known_id_with_other_content_is_409(school):
    school.ask("POST", INTERACTIONS, json=answer())
    reply = school.ask("POST", INTERACTIONS, json=answer(correct=False))
    assert check_problem(reply, 409)["code"] == "conflicting_duplicate"
    assert school.ask("POST", INTERACTIONS, json=answer()).json()["duplicates"] == 1


@pytest.mark.parametrize("body", [b"1", b"null", b'"text"', b"true", b"3.5"])
def test_a_body_that_is_no_object_is_refused(school, body):
    for method, path in (("POST", INTERACTIONS), ("PUT", PROFILE), ("PUT", PROFILE)):
        check_problem(school.ask(method, path, content=body, headers=JSON), 422)


def test_of_a_batch_the_good_elements_are_kept(school):
    batch = [
        answer(1),
        answer(2, occurred_at="2026-01-05T08:00:00"),
        answer(3, learner="nobody"),
        answer(4, item_id="nothing-like-it"),
        answer(5, learner="ben"),
        {"x": 1},
        7,
        answer(1),
        answer(1, correct=False),
    ]
    receipt = school.ask("POST", INTERACTIONS, json=batch)
    assert receipt.status_code == 200
    found = receipt.json()
    assert found["accepted"] == 2
    assert found["duplicates"] == 1
    assert [(r["index"], r["code"]) for r in found["rejected"]] == [
        (1, "naive_time"),
        (2, "unknown_learner"),
        (3, "unknown_item"),
        (5, "invalid_input"),
        (6, "invalid_input"),
        (8, "conflicting_duplicate"),
    ]
    assert n_stored(school) == 2


def test_an_empty_batch_is_fine(school):
    receipt = school.ask("POST", INTERACTIONS, json=[])
    assert receipt.json() == {"accepted": 0, "duplicates": 0, "rejected": []}


def test_a_batch_of_ten_thousand_is_refused_whole(school):
    small = [{"interaction_id": f"{i}"} for i in range(10_000)]
    problem = check_problem(school.ask("POST", INTERACTIONS, json=small), 422)
    assert "10000 interactions; send at most 1000" in problem["detail"]
    full = [answer(i) for i in range(10_000)]
    problem = check_problem(school.ask("POST", INTERACTIONS, json=full), 413)
    assert "several requests" in problem["detail"]
    assert n_stored(school) == 0


def test_ten_megabytes_are_refused(school):
    body = b'"' + b"x" * 10_000_000 + b'"'
    for method, path in (("POST", INTERACTIONS), ("PUT", PROFILE)):
        check_problem(school.ask(method, path, content=body, headers=JSON), 413)


def test_a_large_body_without_a_length_is_refused(school):
    async def chunks():
        for _ in range(40):
            yield b"x" * 65536

    check_problem(school.ask("POST", INTERACTIONS, content=chunks(), headers=JSON), 413)


def test_a_thousand_at_once_are_taken(school):
    receipt = school.ask("POST", INTERACTIONS, json=[answer(i) for i in range(1000)])
    assert receipt.json()["accepted"] == 1000


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/xml"]
)
def test_another_media_type_is_415(school, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = json.dumps(answer()).encode()
    for method, path in (("POST", INTERACTIONS), ("PUT", PROFILE)):
        check_problem(school.ask(method, path, content=body, headers=headers), 415)


def test_a_charset_is_no_other_media_type(school):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    reply = school.ask("POST", INTERACTIONS, content=json.dumps(answer()), headers=headers)
    assert reply.json()["accepted"] == 1


@pytest.mark.parametrize("name", ["'; DROP TABLE interactions; --", "<script>alert(1)</script>"])
def test_sql_and_html_are_only_text(school, name):
    path = f"/api/users/{name.replace('/', '%2F')}/profile"
    if "/" not in name:
        assert school.ask("PUT", path, json={}).status_code == 201
        assert school.ask("GET", path).json()["userId"] == name
        assert school.ask("POST", INTERACTIONS, json=answer(learner=name)).json()["accepted"] == 1
    problem = check_problem(school.ask("POST", INTERACTIONS, json=answer(item_id=name)), 404)
    assert name in problem["detail"]
    assert school.ask("POST", INTERACTIONS, json=answer()).json()["accepted"] == 1


@pytest.mark.parametrize("user", ["a%00b", "a%0Ab", "x" * 201, "%20", "%7F"])
def test_an_id_in_the_path_is_checked(school, user):
    for path in ("profile", "recommendations", "learning-path", "progress-analytics"):
        problem = check_problem(school.ask("GET", f"/api/users/{user}/{path}"), 422)
        assert problem["field"] == "userId"


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=5.0", "limit=", "limit=%2B5",
                                   "limit=5_0", "limit=٣", "type=nonsense", "type=",
                                   "limt=5", "limit=5&x="])  # fmt: skip
def test_queries_are_checked(school, query):
    reply = school.ask("GET", f"/api/users/ada/recommendations?{query}")
    wrong = query.rpartition("&")[2].partition("=")[0]
    assert check_problem(reply, 422)["field"] == wrong


def test_a_mistyped_query_is_refused(school):
    for path in ("progress-analytics?day=3", "profile?x=1", "skill-predictions?limit=1&curser=x"):
        check_problem(school.ask("GET", f"/api/users/ada/{path}"), 422)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"goals": {"target_skill_level": 1.0}}, "goals.target_skill_level"),
        ({"goals": {"target_skill_level": "0.9"}}, "goals.target_skill_level"),
        ({"goals": {"timeline": "2026-06-01T00:00:00"}}, "goals.timeline"),
        ({"goals": {"timeline": 1767600000}}, "goals.timeline"),
        ({"goals": {"priority_areas": "add"}}, "goals.priority_areas"),
        ({"goals": {"motivation_type": "greed"}}, "goals.motivation_type"),
        ({"learningStyle": {"optimal_session_length": 0}}, "learningStyle.optimal_session_length"),
        ({"learningStyle": {"optimal_session_length": 20.5}},
         "learningStyle.optimal_session_length"),
        ({"learningStyle": {"preferred_content_type": "smell"}},
         "learningStyle.preferred_content_type"),
        ({"behavioralMetrics": {"optimal_study_times": [
            {"day": 7, "start_hour": 1, "end_hour": 2}]}},
         "behavioralMetrics.optimal_study_times[0].day"),
        ({"behavioralMetrics": {"preferred_characters": ["\u0007"]}},
         "behavioralMetrics.preferred_characters[0]"),
        ({"personalized": "no"}, "personalized"),
        ({"role": "admin"}, "role"),
        ({"skillProfile": {}}, "skillProfile"),
        ({"version": 7}, "version"),
    ],
)  # fmt: skip
def test_a_profile_takes_only_what_is_the_learners_to_say(school, change, field):
    before = school.ask("GET", PROFILE).json()
    assert check_problem(school.ask("PUT", PROFILE, json=change), 422)["field"] == field
    assert school.ask("GET", PROFILE).json() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"action": None, "rating": 5}, "action"),
        ({"action": "accepted", "rating": None}, "rating"),
        ({"action": "rating"}, "action"),
        ({"action": "correct"}, "action"),
        ({"rating": 0}, "rating"),
        ({"rating": 6}, "rating"),
        ({"rating": "5"}, "rating"),
        ({"rating": True}, "rating"),
        ({"rating": 3, "value": 1}, "value"),
    ],
)
def test_feedback_is_checked(school, body, field):
    given = school.ask("GET", "/api/users/ada/recommendations?limit=1").json()
    name = given["recommendations"][0]["recommendation_id"]
    reply = school.ask("POST", f"/api/users/ada/recommendations/{name}/feedback", json=body)
    assert check_problem(reply, 422)["field"] == field


@pytest.mark.parametrize("name", ["nothing", "nothing.0", ".", "0", "x.y.z", "%00", "a.99999999"])
def test_feedback_needs_a_recommendation_of_this_learner(school, name):
    path = f"/api/users/ada/recommendations/{name}/feedback"
    check_problem(school.ask("POST", path, json={"rating": 5}), 404)


def test_another_learners_recommendation_is_404(school):
    given = school.ask("GET", "/api/users/ben/recommendations?limit=1").json()
    name = given["recommendations"][0]["recommendation_id"]
    path = f"/api/users/ada/recommendations/{name}/feedback"
    check_problem(school.ask("POST", path, json={"rating": 5}), 404)


def test_paths_and_methods_that_are_not_there(school):
    check_problem(school.ask("GET", "/api/nothing"), 404)
    check_problem(school.ask("GET", "/api/users//profile"), 404)
    reply = school.ask("DELETE", PROFILE)
    check_problem(reply, 405)
    for method, path in (("GET", INTERACTIONS), ("PATCH", PROFILE), ("PUT", INTERACTIONS)):
        reply = school.ask(method, path)
        check_problem(reply, 405)
    assert school.ask("PATCH", PROFILE).headers["allow"] == "GET, PUT"
    assert school.ask("GET", INTERACTIONS).headers["allow"] == "POST"
    assert school.ask("HEAD", "/api/users/ada/recommendations").status_code == 405


def test_updates_of_the_back_end_are_of_one_learner(school):
    path = "/api/ml/profile/update"
    others = {"userId": "ada", "interactions": [answer(1, learner="ben"), answer(2)]}
    receipt = school.ask("POST", path, json=others).json()["receipt"]
    assert receipt["accepted"] == 1
    assert [(r["index"], r["field"]) for r in receipt["rejected"]] == [(0, "learner_id")]
    reply = school.ask("POST", path, json={"userId": "ada", "interactions": [answer(hints=-1)]})
    assert check_problem(reply, 422)["field"] == "interactions[0].hints"
    mixed = {"userId": "ada", "interactions": [answer(3), answer(4, item_id="nothing-like-it")]}
    receipt = school.ask("POST", path, json=mixed).json()["receipt"]
    assert receipt["accepted"] == 1
    assert receipt["rejected"][0]["code"] == "unknown_item"


def test_an_answer_is_graded_here(school):
    right = next(x for x in seeded() if x.item_id == ITEM).answer
    for number, text, correct in ((1, right, True), (2, "wrong", False)):
        given = answer(number, correct=..., answer=text)
        assert school.ask("POST", INTERACTIONS, json=given).json()["accepted"] == 1
        with school.engine.store.begin(write=False) as tx:
            stored = tx.interactions.latest("ada", 1)[0]
        assert stored.correct is correct
    reading = answer(3, item_id="add-subtract-read", correct=..., answer="5")
    problem = check_problem(school.ask("POST", INTERACTIONS, json=reading), 422)
    assert "no answer key" in problem["detail"]
    assert problem["field"] == "answer"
    studied = reading | {"interaction_id": "s", "kind": "studied"}
    assert school.ask("POST", INTERACTIONS, json=studied).json()["accepted"] == 1


def seeded():
    from learnloop.catalog.course import seeded_course

    return seeded_course().items


def test_the_clock_decides_what_is_the_future(school):
    at = NOW.replace(hour=10).isoformat()
    check_problem(school.ask("POST", INTERACTIONS, json=answer(occurred_at=at)), 422, "future_time")
    school.clock.advance(hours=1)
    reply = school.ask("POST", INTERACTIONS, json=answer(occurred_at=at))
    assert reply.json()["accepted"] == 1
