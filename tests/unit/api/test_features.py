"""A learner's features over HTTP: values, what is unknown, how fresh, and names that are none."""

from tests.school import ITEM, answer, check_problem

PATH = "/api/users/ada/features"


def test_a_vector_says_what_is_known_and_how_fresh_it_is(school):
    school.ask("POST", "/api/interactions", json=[answer(n, answer="36") for n in range(3)])
    found = school.ask("GET", f"{PATH}?item_id={ITEM}").json()
    assert (found["userId"], found["item_id"], found["n_interactions"]) == ("ada", ITEM, 3)
    assert found["age_seconds"] >= 0.0
    assert found["as_of"] <= found["at"]
    assert found["ref"].startswith("features@")
    assert found["values"]["user_activity_count"] == 3.0
    assert found["values"]["gap_days_mean"] is None
    assert "gap_days_mean" in found["unknown"]
    assert len(found["values"]) >= 120


def test_of_a_learner_without_a_log_the_counts_are_nought(school):
    found = school.ask("GET", PATH).json()
    assert (found["n_interactions"], found["as_of"], found["age_seconds"]) == (0, None, None)
    assert found["values"]["user_activity_count"] == 0.0


def test_names_choose_and_order(school):
    found = school.ask("GET", f"{PATH}?names=n_sessions&names=user_activity_count").json()
    assert list(found["values"]) == ["n_sessions", "user_activity_count"]


def test_names_that_are_none_are_named(school):
    reply = school.ask("GET", f"{PATH}?names=n_sessions&names=charm&names=luck")
    problem = check_problem(reply, 422)
    assert problem["field"] == "names"
    assert "'charm', 'luck'" in problem["detail"]


def test_an_unknown_item_is_not_found(school):
    assert check_problem(school.ask("GET", f"{PATH}?item_id=dance"), 404)["field"] == "item_id"
