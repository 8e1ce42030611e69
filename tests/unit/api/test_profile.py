"""Every field of the platform's profile is there, conditional requests work, lists have pages."""

import json

import pytest
from tests.school import answer, check_problem

PROFILE = "/api/users/ada/profile"
FULL = {
    "learningStyle": {
        "preferred_content_type": "visual",
        "optimal_session_length": 20,
        "difficulty_progression_rate": "slow",
        "motivation_factors": ["progress", "games"],
    },
    "behavioralMetrics": {
        "preferred_characters": ["Count Count"],
        "optimal_study_times": [{"day": 0, "start_hour": 16, "end_hour": 18}],
    },
    "goals": {
        "target_skill_level": 0.9,
        "timeline": "2026-06-01T00:00:00Z",
        "priority_areas": ["divide"],
        "motivation_type": "mastery",
    },
    "personalized": False,
}


def test_every_field_of_the_requirements_is_there(school):
    profile = school.ask("GET", PROFILE).json()
    assert profile["userId"] == "ada"
    assert profile["skillProfile"].keys() == {
        "current_levels",
        "improvement_trajectory",
        "weak_areas",
        "mastered_concepts",
        "learning_velocity",
    }
    assert profile["learningStyle"].keys() == FULL["learningStyle"].keys()
    assert profile["behavioralMetrics"].keys() == {
        "engagement_patterns",
        "completion_rates",
        "preferred_characters",
        "optimal_study_times",
    }
    assert profile["goals"].keys() == FULL["goals"].keys()


def test_what_the_learner_says_is_kept(school):
    reply = school.ask("PUT", PROFILE, json=FULL)
    assert reply.status_code == 200
    for stored in (reply.json(), school.ask("GET", PROFILE).json()):
        assert stored["learningStyle"] == FULL["learningStyle"]
        assert stored["goals"] == FULL["goals"]
        assert stored["personalized"] is False
        said = FULL["behavioralMetrics"]
        assert {key: stored["behavioralMetrics"][key] for key in said} == said


def test_a_slot_over_midnight_is_kept_as_two(school):
    sent = [{"day": 6, "start_hour": 22, "end_hour": 2}, {"day": 1, "start_hour": 5, "end_hour": 5}]
    body = {"behavioralMetrics": {"optimal_study_times": sent}}
    kept = school.ask("PUT", PROFILE, json=body).json()["behavioralMetrics"]["optimal_study_times"]
    assert [(s["day"], s["start_hour"], s["end_hour"]) for s in kept] == [
        (6, 22, 24),
        (0, 0, 2),
        (1, 5, 24),
        (2, 0, 5),
    ]


def test_a_part_that_is_left_out_stays(school):
    school.ask("PUT", PROFILE, json=FULL)
    before = school.ask("GET", PROFILE).json()
    for part in ({}, {"behavioralMetrics": {}}, {"personalized": False}):
        assert school.ask("PUT", PROFILE, json=part).json() == before
    changed = school.ask("PUT", PROFILE, json={"goals": {"target_skill_level": 0.7}}).json()
    assert changed["goals"]["priority_areas"] == []  # goals are one part
    assert changed["learningStyle"] == before["learningStyle"]


def test_a_new_learner_is_201_and_then_200(school):
    path = "/api/users/cleo/profile"
    assert school.ask("PUT", path, json={}).status_code == 201
    assert school.ask("PUT", path, json={}).status_code == 200
    assert school.ask("GET", path).json()["n_interactions"] == 0


def test_the_etag_changes_with_the_profile(school):
    seen = [school.ask("GET", PROFILE).headers["etag"]]
    school.ask("POST", "/api/interactions", json=answer())
    seen.append(school.ask("GET", PROFILE).headers["etag"])
    school.ask("PUT", PROFILE, json={"personalized": False})
    seen.append(school.ask("GET", PROFILE).headers["etag"])
    school.clock.advance(days=1)
    seen.append(school.ask("GET", PROFILE).headers["etag"])
    assert len(set(seen)) == 4
    assert school.ask("GET", PROFILE).headers["etag"] == seen[-1]
    assert seen[-1] == f'"{school.ask("GET", PROFILE).json()["etag"]}"'


@pytest.mark.parametrize("wrap", ["{}", "W/{}", '"other", {}'])
def test_what_has_not_changed_is_304(school, wrap):
    etag = school.ask("GET", PROFILE).headers["etag"]
    reply = school.ask("GET", PROFILE, headers={"If-None-Match": wrap.format(etag)})
    assert (reply.status_code, reply.content, reply.headers["etag"]) == (304, b"", etag)
    school.ask("POST", "/api/interactions", json=answer())
    reply = school.ask("GET", PROFILE, headers={"If-None-Match": wrap.format(etag)})
    assert reply.status_code == 200


def test_a_lost_update_is_refused(school):
    etag = school.ask("GET", PROFILE).headers["etag"]
    mine = school.ask("PUT", PROFILE, json={"personalized": False}, headers={"If-Match": etag})
    assert mine.status_code == 200
    late = school.ask("PUT", PROFILE, json={"personalized": True}, headers={"If-Match": etag})
    check_problem(late, 412, "version_conflict")
    assert school.ask("GET", PROFILE).json()["personalized"] is False
    again = {"If-Match": mine.headers["etag"]}
    assert school.ask("PUT", PROFILE, json={"personalized": True}, headers=again).status_code == 200


def test_an_answer_meanwhile_is_no_conflict(school):
    etag = school.ask("GET", PROFILE).headers["etag"]
    school.ask("POST", "/api/interactions", json=answer())
    reply = school.ask("PUT", PROFILE, json={"personalized": False}, headers={"If-Match": etag})
    assert reply.status_code == 200


@pytest.mark.parametrize(
    ("user", "header", "tag", "status"),
    [
        ("ada", "If-Match", "*", 200),
        ("cleo", "If-Match", "*", 412),
        ("ada", "If-None-Match", "*", 412),
        ("cleo", "If-None-Match", "*", 201),
        ("ada", "If-Match", '"nonsense"', 412),
        ("ada", "If-Match", "", 412),
    ],
)
def test_conditions(school, user, header, tag, status):
    reply = school.ask("PUT", f"/api/users/{user}/profile", json={}, headers={header: tag})
    assert reply.status_code == status


def test_an_answer_changes_the_profile_and_the_recommendation(school):
    def look():
        profile = school.ask("GET", PROFILE).json()
        made = school.ask("GET", "/api/users/ada/recommendations?limit=3").json()
        return profile, made["recommendations"]

    profile, recommended = look()
    item = recommended[0]["item"]["item_id"]
    for number in range(6):
        school.ask("POST", "/api/interactions", json=answer(number, item_id=item))
    after, changed = look()
    level = {s["skill_id"]: s for s in profile["skillProfile"]["current_levels"]}["add-subtract"]
    now = {s["skill_id"]: s for s in after["skillProfile"]["current_levels"]}["add-subtract"]
    assert (level["sure"], now["sure"]) == (False, True)
    assert now["level"] > level["level"]
    assert now["n_answers"] == 6
    assert changed[0]["item"]["item_id"] != item
    assert changed[0]["reasons"] != recommended[0]["reasons"]
    for one in changed:
        assert one["reasons"]
        for reason in one["reasons"]:
            assert reason["sentence"].endswith(".")
            assert "{" not in reason["sentence"]


def test_recommendations_can_be_of_one_kind(school):
    made = school.ask("GET", "/api/users/ada/recommendations?type=reading&limit=3").json()
    assert {r["item"]["kind"] for r in made["recommendations"]} == {"reading"}


def test_a_dismissed_item_is_not_recommended(school):
    path = "/api/users/ada/recommendations"
    first = school.ask("GET", path).json()["recommendations"]
    dropped = first[0]
    feedback = f"{path}/{dropped['recommendation_id']}/feedback"
    school.ask("POST", feedback, json={"action": "dismissed"})
    after = school.ask("GET", f"{path}?limit=100").json()["recommendations"]
    assert dropped["item"]["item_id"] not in {r["item"]["item_id"] for r in after}
    assert school.ask("GET", PROFILE).json()["dismissed"] == [dropped["item"]["item_id"]]


def pages(school, path, key, limit):
    found, cursor = [], None
    while True:
        query = f"limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        reply = school.ask("GET", f"{path}?{query}").json()
        assert 0 < len(reply[key]) <= limit
        found += reply[key]
        cursor = reply["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 5, 13, 14])
def test_a_list_is_read_page_by_page(school, limit):
    path = "/api/users/ada/skill-predictions"
    whole = school.ask("GET", path).json()
    assert whole["next_cursor"] is None
    assert pages(school, path, "skills", limit) == whole["skills"]
    assert len(whole["skills"]) == 13


@pytest.mark.parametrize("cursor", ["nonsense", "bm90aGluZw", "%00", "é", "AAAA====", " "])
@pytest.mark.parametrize("path", ["/api/users/ada/skill-predictions", "/api/ml/models/performance"])
def test_a_strange_cursor_is_refused(school, cursor, path):
    problem = check_problem(school.ask("GET", f"{path}?cursor={cursor}"), 404)
    assert problem["field"] == "cursor"


@pytest.mark.parametrize("query", ["days=0", "days=366", "days=x", "in_days=0", "in_days=nan"])
def test_windows_are_checked(school, query):
    path = "skill-predictions" if query.startswith("in_") else "progress-analytics"
    problem = check_problem(school.ask("GET", f"/api/users/ada/{path}?{query}"), 422)
    assert problem["field"] == query.partition("=")[0]


def test_a_path_follows_the_goals(school):
    path = "/api/users/ada/learning-path"
    first = school.ask("GET", path).json()
    update = {"reason": "a test is coming", "priority_areas": ["divide"]}
    changed = school.ask("PUT", f"{path}/update", json=update).json()
    assert {s["skill_id"] for s in changed["steps"]} == {"add-subtract", "multiply", "divide"}
    assert len(first["steps"]) == 13
    assert changed["adaptation_history"][-1]["reason"] == "a test is coming"
    assert changed["version"] == first["version"] + 1
    assert school.ask("GET", PROFILE).json()["goals"]["priority_areas"] == ["divide"]


def test_health(school):
    assert school.ask("GET", "/health/live", key="none").json() == {"status": "alive"}
    assert school.ask("GET", "/health/ready", key="none").json() == {
        "status": "ready",
        "failed_models": [],
    }


def test_not_ready_without_a_database(school):
    from contextlib import contextmanager

    from learnloop.core.errors import StoreUnavailable

    @contextmanager
    def away(*, write=True):
        raise StoreUnavailable("the database is away")
        yield

    school.engine.store.begin = away
    check_problem(school.ask("GET", "/health/ready", key="none"), 503)
    assert school.ask("GET", "/health/live", key="none").status_code == 200


def test_times_in_replies_have_a_zone(school):
    school.ask("POST", "/api/interactions", json=answer())
    for path in ("profile", "recommendations", "learning-path", "progress-analytics"):
        text = school.ask("GET", f"/api/users/ada/{path}").text
        for key, value in flat(json.loads(text)):
            if key.endswith("_at") and value is not None:
                assert value.endswith("Z"), key


def flat(value, key=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from flat(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from flat(inner, key)
    else:
        yield key, value
