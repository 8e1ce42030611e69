"""Are some requests traced, as their callers wish, and does nobody wait for the collector?"""

import subprocess
import sys
import threading
import time

import pytest
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from pydantic import ValidationError
from tests.school import answer, world
from tests.toy_models import on_features, put

from learnloop.api import traces
from learnloop.api.traces import QUEUE, TIMEOUT_S, Traces
from learnloop.core.errors import InvalidInput
from learnloop.journeys.engine import Settings

URL = "http://localhost:4318/v1/traces"
PROFILE = "/api/users/ada/profile"
TRACE_ID, PARENT_ID = "ab" * 16, "cd" * 8


def parent(flags):
    return {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-{flags}"}


@pytest.fixture
def traced(monkeypatch):
    """A school that is traced to the end, and what was told once it is closed."""
    exporter = InMemorySpanExporter()

    def told(share, *requests):
        monkeypatch.setenv("LEARNLOOP_TRACES", URL)
        monkeypatch.setenv("LEARNLOOP_TRACES_SHARE", str(share))
        monkeypatch.setattr(traces, "exporter_to", lambda url: exporter)
        with world() as school:
            put(school.engine, on_features(school.engine, "0"))
            school.app.state.services.serving.refresh()
            replies = [school.ask(*request[:2], **request[2]) for request in requests]
        return replies, exporter.get_finished_spans()

    return told


def test_a_request_is_a_span_with_what_it_waited_for_inside(traced):
    (reply,), spans = traced(1, ("GET", "/api/users/ada/recommendations", {}))
    *inside, whole = spans
    assert whole.name == "GET /api/users/{userId}/recommendations"
    assert whole.attributes["http.response.status_code"] == 200
    assert whole.attributes["learnloop.request_id"] == reply.headers["x-request-id"]
    assert whole.attributes["learnloop.decision_id"] == reply.json()["decision_id"]
    assert whole.parent is None
    assert [span.name for span in inside] == ["store.read", "store.write"]  # the key, the decision
    for span in inside:
        assert span.parent.span_id == whole.context.span_id
        assert whole.start_time <= span.start_time <= span.end_time <= whole.end_time


def test_a_model_that_is_asked_is_a_span(traced):
    path = "/api/ml/models/toy/predict"
    (reply,), spans = traced(1, ("POST", path, {"json": {"userId": "ada"}}))
    assert reply.status_code == 200
    by_name = {span.name: span for span in spans}
    assert set(by_name) == {"POST /api/ml/models/{name}/predict", "store.read", "model"}
    assert by_name["model"].attributes == {
        "learnloop.slot": "toy",
        "learnloop.model": "toy@0",
        "learnloop.role": "champion",
    }
    assert by_name["model"].start_time < by_name["model"].end_time


def test_the_caller_says_whether_and_whose_it_is(traced):
    _, spans = traced(
        0,
        ("GET", PROFILE, {}),
        ("GET", PROFILE, {"headers": parent("00")}),
        ("GET", PROFILE, {"headers": parent("01")}),
        ("GET", PROFILE, {"headers": {"traceparent": f"00-{'0' * 32}-{PARENT_ID}-01"}}),
        ("GET", PROFILE, {"headers": {"traceparent": "strange"}}),
    )
    assert [span.name for span in spans] == ["store.read", "GET /api/users/{userId}/profile"]
    assert {f"{span.context.trace_id:032x}" for span in spans} == {TRACE_ID}
    assert f"{spans[1].parent.span_id:016x}" == PARENT_ID


def test_a_caller_who_does_not_want_it_is_not_drawn(traced):
    _, spans = traced(1, ("GET", PROFILE, {"headers": parent("00")}))
    assert not spans


def test_what_goes_wrong_is_marked(traced):
    (reply, _), spans = traced(
        1,
        ("GET", "/api/users/nobody/profile", {}),
        ("POST", "/api/interactions", {"json": answer(1)}),
    )
    assert reply.status_code == 404
    failed = {span.name for span in spans if span.status.status_code is StatusCode.ERROR}
    assert failed == {"store.read"}  # the request itself was answered as it should be


class Stuck(SpanExporter):
    """A collector that takes nothing until it is let go."""

    def __init__(self):
        self.free = threading.Event()

    def export(self, spans):
        self.free.wait(30)
        return SpanExportResult.FAILURE


def test_nobody_waits_for_a_collector_that_takes_nothing():
    exporter = Stuck()
    found = Traces(exporter, 1.0)
    began = time.perf_counter()
    for _ in range(2 * QUEUE):
        found.begin(()).end("GET", "/", 200)
    took = time.perf_counter() - began
    found.close()
    closed = time.perf_counter() - began
    exporter.free.set()
    assert took < 5
    assert closed < 5 + TIMEOUT_S


def test_a_setting_that_is_no_address_is_refused():
    for wrong in ("localhost:4318", "yes", "ftp://x", "http://"):
        with pytest.raises(ValidationError):
            Settings(traces=wrong)


def test_without_the_extra_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    assert Traces.of(Settings(traces="none")) is None
    with pytest.raises(InvalidInput, match=r"learnloop\[otel\]"):
        Traces.of(Settings(traces=URL))


def test_while_it_is_off_nothing_is_imported():
    code = (
        "import sys; from learnloop.api.app import create_app; "
        "from learnloop.journeys.engine import PersonalizationEngine as E; "
        "create_app(E.open('memory://')); "
        "ours = ('opentelemetry.sdk', 'opentelemetry.exporter'); "  # fastapi imports the API
        "assert not [name for name in sys.modules if name.startswith(ours)]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
