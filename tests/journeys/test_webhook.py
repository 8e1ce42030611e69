"""Is an alert told to whoever listens, and does nothing wait for who does not?"""

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from learnloop.core.errors import InvalidInput, Unreachable
from learnloop.core.jobs import JobStatus
from learnloop.core.time import ManualClock
from learnloop.journeys.engine import PersonalizationEngine, Settings
from learnloop.journeys.job_kinds import KINDS
from learnloop.journeys.monitor.alerts import ALERT_JOB, plain
from learnloop.journeys.monitor.report import Report
from learnloop.journeys.monitor.watch import take_in
from learnloop.journeys.monitor.webhook import post
from learnloop.journeys.worker import Worker
from learnloop.testing import builders as make

ALERT = plain(make.an_alert())


@contextmanager
def listening(*statuses):
    """A server that answers with these statuses, the last again and again; what it was sent."""
    took = []
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            took.append((self.path, self.headers["content-type"], json.loads(body)))
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.send_header("location", "/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/alerts", took
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def silent():
    """A server that takes a connection and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


@contextmanager
def dripping():
    """A server that says a byte now and then, and never comes to an end."""
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip():
            with listener.accept()[0] as connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while not stopped.wait(0.05):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            stopped.set()
            thread.join()


def nobody():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_an_alert_is_posted_as_json():
    with listening(204) as (url, took):
        post(url, ALERT)
    assert took == [("/alerts", "application/json", ALERT)]


@pytest.mark.parametrize("status", [302, 307, 400, 404, 500, 503])
def test_another_status_is_no_success_and_is_not_followed(status):
    with listening(status) as (url, took):
        with pytest.raises(Unreachable, match=str(status)):
            post(url, ALERT)
        assert len(took) == 1


def test_who_is_down_is_not_waited_for():
    with pytest.raises(Unreachable):
        post(nobody(), ALERT)


def test_who_hangs_is_given_up():
    with silent() as url:
        start = time.monotonic()
        with pytest.raises(Unreachable):
            post(url, ALERT, timeout_s=0.2)
        assert time.monotonic() - start < 2


def test_who_drips_is_given_up():
    with dripping() as url:
        start = time.monotonic()
        with pytest.raises(Unreachable):
            post(url, ALERT, timeout_s=0.3)
        assert time.monotonic() - start < 2


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/", "", "javascript:1", "//x"])
def test_only_http_is_spoken(url):
    with pytest.raises(InvalidInput, match="LEARNLOOP_ALERT_WEBHOOK"):
        post(url, ALERT)


def engine_with(url):
    settings = Settings(database_url="memory://", alert_webhook=url)
    return PersonalizationEngine.open(settings=settings, clock=ManualClock(make.NOON))


def raised(engine):
    """An alert in the store, with the job that tells it."""
    report = Report(make.NOON, make.NOON, 7, ())
    with engine.store.begin() as tx:
        assert take_in(tx, report, tell=True) == []  # nothing was judged: nothing is told
        from learnloop.journeys.monitor.watch import _telling

        return tx.jobs.enqueue(_telling(make.an_alert(), make.NOON))


def test_a_job_tells_it_and_asks_again_where_nobody_listened():
    with listening(503, 200) as (url, took), engine_with(url) as engine:
        job = raised(engine)
        worker = Worker(engine, kinds={ALERT_JOB: KINDS[ALERT_JOB]})
        assert [j.status for j in worker.run_due()] == [JobStatus.QUEUED]
        assert worker.run_due() == []  # not at once
        engine.clock.advance(seconds=11)
        assert [j.result for j in worker.run_due()] == [{"told": True}]
        assert [told for *_, told in took] == [ALERT, ALERT]
        with engine.store.begin() as tx:
            assert tx.jobs.enqueue(job).status is JobStatus.DONE  # the same alert is one job


def test_who_never_listens_is_given_up_after_three_tries():
    with engine_with(nobody()) as engine:
        job = raised(engine)
        worker = Worker(engine, kinds={ALERT_JOB: KINDS[ALERT_JOB]})
        for _ in range(5):
            worker.run_due()
            engine.clock.advance(hours=1)
        with engine.store.begin(write=False) as tx:
            left = tx.jobs.get(job.job_id)
        assert (left.status, left.n_attempts) == (JobStatus.FAILED, 3)


def test_nobody_is_told_where_nobody_wants_to_be():
    with engine_with(None) as engine:
        raised(engine)
        done = Worker(engine, kinds={ALERT_JOB: KINDS[ALERT_JOB]}).run_due()
        assert done[0].result == {"told": False}
