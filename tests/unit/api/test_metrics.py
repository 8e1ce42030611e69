"""Does /metrics count what happened, add up the processes, and open to the right keys only?"""

import json
import os
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.school import ITEM, answer, world
from tests.toy_models import on_features, put

from learnloop.api.exposition import text_of
from learnloop.api.gate import GatedProtocol
from learnloop.api.meter import BOUNDS_S, Folder, Meter, added
from learnloop.core.errors import StoreUnavailable
from learnloop.journeys.engine import Settings


def samples(school, key="service"):
    reply = school.ask("GET", "/metrics", key=key)
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    return parsed(reply.text)


def parsed(text):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def requests(found, method, route, status):
    name = "learnloop_http_request_seconds_count"
    labels = (("method", method), ("route", route), ("status", str(status)))
    return found.get((name, *labels), 0)


def test_requests_are_counted_by_route_and_status(school):
    school.ask("GET", "/api/users/ada/profile")
    school.ask("GET", "/api/users/ben/profile")
    school.ask("GET", "/api/users/nobody/profile")
    school.ask("GET", "/api/users/ada/recommendations")
    school.ask("GET", "/no/such/path")
    school.ask("BREW", "/api/interactions")
    found = samples(school)
    profile = "/api/users/{userId}/profile"
    assert requests(found, "GET", profile, 200) == 2
    assert requests(found, "GET", profile, 404) == 1
    assert requests(found, "GET", "/api/users/{userId}/recommendations", 200) == 1
    assert requests(found, "GET", "none", 404) == 1
    assert not [key for key in found if ("method", "BREW") in key]


def test_interactions_and_decisions_are_counted_after_the_commit(school):
    batch = [answer(1, answer="36"), answer(1, answer="36"), answer(2, item_id="nothing")]
    assert school.ask("POST", "/api/interactions", json=batch).status_code == 200
    sent = {"Idempotency-Key": "once"}
    for _ in range(3):
        school.ask("POST", "/api/interactions", json=[answer(3, answer="36")], headers=sent)
    school.ask("GET", "/api/users/ada/recommendations")
    school.ask("POST", "/api/ml/recommendations/generate", json={"userId": "ada"})
    found = samples(school)
    name = "learnloop_interactions_total"
    by_result = {key[1][1]: value for key, value in found.items() if key[0] == name}
    assert by_result == {"accepted": 2, "duplicate": 1, "rejected": 1}
    assert found["learnloop_decisions_total",] == 2


def test_what_the_database_says_is_there(school):
    school.ask("POST", "/api/ml/jobs", json={"kind": "tidy"})
    found = samples(school)
    assert found["learnloop_store_up",] == 1
    assert found["learnloop_jobs", ("status", "queued")] == 1
    assert found["learnloop_jobs", ("status", "failed")] == 0


@pytest.mark.parametrize(("key", "status"), [("none", 401), ("learner", 403), ("teacher", 403)])
def test_it_is_not_for_everybody(school, key, status):
    assert school.ask("GET", "/metrics", key=key).status_code == status


def test_it_can_be_opened_and_then_works_without_a_database(monkeypatch):
    monkeypatch.setenv("LEARNLOOP_METRICS_OPEN", "1")
    assert Settings().metrics_open
    with world() as school:

        def away(*_, **__):
            raise StoreUnavailable("away")

        monkeypatch.setattr(school.engine.store, "begin", away)
        found = samples(school, key="none")
        assert found["learnloop_store_up",] == 0
        assert not [key for key in found if key[0] == "learnloop_jobs"]
        monkeypatch.undo()


def test_refusals_at_the_gate_are_counted_once(school):
    samples(school)
    GatedProtocol.n_refused += 3
    assert samples(school)["learnloop_refused_total",] == 3
    assert samples(school)["learnloop_refused_total",] == 3


# --- several processes ----------------------------------------------------------------------------


def counted(*seconds):
    meter = Meter()
    for took in seconds:
        meter.timed(("http_request", "GET", "/", 200), took)
    return meter


def test_processes_are_added_up(tmp_path):
    one, two = counted(0.0004, 0.002), counted(9.0)
    one.count(("decisions",), 2)
    two.count(("decisions",), 3)
    one.set(("writer_waiting",), 4)
    two.set(("writer_waiting",), 1)
    first, second = Folder(tmp_path), Folder(tmp_path)
    second.leave(two)
    found = parsed(text_of(first.together(one)).decode())
    labels = (("method", "GET"), ("route", "/"), ("status", "200"))
    assert found["learnloop_http_request_seconds_count", *labels] == 3
    assert found["learnloop_http_request_seconds_sum", *labels] == pytest.approx(9.0024)
    assert found["learnloop_http_request_seconds_bucket", ("le", "0.001"), *labels] == 1
    assert found["learnloop_http_request_seconds_bucket", ("le", "2.5"), *labels] == 2
    assert found["learnloop_http_request_seconds_bucket", ("le", "+Inf"), *labels] == 3
    assert found["learnloop_decisions_total",] == 5
    assert found["learnloop_writer_waiting",] == 5
    first.leave(one)
    assert sorted(first.together(one).counts) == sorted(second.together(two).counts)


def test_a_process_that_died_keeps_its_counts_and_loses_its_gauges(tmp_path):
    dead = counted(0.1)
    dead.count(("decisions",), 7)
    dead.set(("writer_waiting",), 4)
    Folder(tmp_path).leave(dead)
    (file,) = tmp_path.iterdir()
    os.utime(file, (time.time() - 60,) * 2)
    together = Folder(tmp_path).together(Meter())
    assert dict(together.counts) == {("decisions",): 7}
    assert together.gauges == []


def test_bins_hold_what_they_say():
    meter = counted(*BOUNDS_S, 99.0)
    ((_, row),) = added([meter.counted()]).timings
    assert row[:-1] == [1.0] * (len(BOUNDS_S) + 1)


# --- one request ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"X-Request-Id": "abc-1.2:3"}, "abc-1.2:3"),
        ({"traceparent": "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"}, "ab" * 16),
        ({"traceparent": "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01", "X-Request-Id": "x"}, "x"),
    ],
)
def test_a_request_keeps_the_id_that_it_came_with(school, headers, wanted):
    for path in ("/health/live", "/api/users/ada/recommendations", "/no/such/path", "/sign-in"):
        assert school.ask("GET", path, headers=headers).headers["x-request-id"] == wanted


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, "<script>", 'a"b', "é".encode()])
def test_what_does_not_look_like_an_id_is_not_taken_over(school, sent):
    reply = school.ask("GET", "/health/live", headers={"X-Request-Id": sent})
    other = school.ask("GET", "/health/live")
    assert reply.headers["x-request-id"] != sent
    assert reply.headers["x-request-id"] != other.headers["x-request-id"]


def test_a_decision_can_be_followed_from_its_request_to_its_outcome(school, lines):
    sent = {"X-Request-Id": "trace-me"}
    school.ask("GET", "/api/users/ada/recommendations", headers=sent)
    said = [json.loads(line) for line in lines() if "decided" in line]
    assert [x["request_id"] for x in said] == ["trace-me"]
    decision_id = said[0]["decision_id"]
    with school.engine.store.begin(write=False) as tx:
        item = tx.decisions.get(decision_id).choices[0].action.item_id
    at = school.clock.now().isoformat()
    given = answer(9, item_id=item, correct=True, decision_id=decision_id, occurred_at=at)
    reply = school.ask("POST", "/api/interactions", json=given)
    assert reply.status_code == 200, reply.text
    with school.engine.store.begin(write=False) as tx:
        (outcome,) = tx.outcomes.of_decision(decision_id)
    assert outcome.learner_id == said[0]["learner_id"]


def test_a_line_of_the_writers_thread_names_the_request(school, lines):
    import structlog

    def work(*_):
        structlog.get_logger("test").info("in the thread")

    async def both():
        from learnloop.journeys.request import REQUEST_ID

        REQUEST_ID.set(b"one")
        await school.app.state.services.writer.run(work)
        REQUEST_ID.set(None)
        await school.app.state.services.writer.run(work)

    school._runner.run(both())
    said = [json.loads(line) for line in lines() if "in the thread" in line]
    assert [x.get("request_id") for x in said] == ["one", None]


@pytest.fixture
def lines(capsys):
    """The lines of the log as a server writes them."""
    import structlog

    from learnloop.api.server import log_as_json

    log_as_json("info")
    capsys.readouterr()

    def said() -> list[str]:
        return capsys.readouterr().out.splitlines()

    yield said
    structlog.reset_defaults()


# --- what a served model said ---------------------------------------------------------------------


def test_an_answer_of_a_model_is_counted_logged_and_found_by_its_request(school):
    put(school.engine, on_features(school.engine, "2"))
    services = school.app.state.services
    services.serving.refresh()
    body = {"userId": "ada", "itemIds": [ITEM]}
    sent = {"X-Request-Id": "asked"}
    reply = school.ask("POST", "/api/ml/models/toy/predict", json=body, headers=sent)
    assert reply.status_code == 200
    school._runner.run(services.telemetry.flush(services))
    with school.engine.store.begin(write=False) as tx:
        (one,) = tx.predictions.page("toy", 9)
    assert (one.request_id, one.learner_id, one.item_id) == ("asked", "ada", ITEM)
    assert (str(one.ref), one.role) == (reply.json()["model"], reply.json()["role"])
    found = samples(school)
    labels = (("role", "champion"), ("slot", "toy"), ("why", ""))
    assert found["learnloop_prediction_seconds_count", *labels] == 1
    assert found["learnloop_breaker_open", ("model", "toy@2"), ("slot", "toy")] == 0
    wanted = (("model", "toy@2"), ("role", "champion"), ("slot", "toy"))
    assert found["learnloop_model_live", *wanted] == 1


def test_predictions_wait_while_they_can_not_be_stored(school, monkeypatch):
    put(school.engine, on_features(school.engine, "2"))
    services = school.app.state.services
    services.serving.refresh()
    school.ask("POST", "/api/ml/models/toy/predict", json={"userId": "ada"})

    async def away(*_, **__):
        raise StoreUnavailable("away")

    writer = services.writer
    with monkeypatch.context() as patched:
        patched.setattr(type(writer), "run", away)
        school._runner.run(services.telemetry.flush(services))
        assert len(services.telemetry.predictions) == 1
    school._runner.run(services.telemetry.flush(services))
    assert len(services.telemetry.predictions) == 0
    with school.engine.store.begin(write=False) as tx:
        assert len(tx.predictions.page("toy", 9)) == 1
