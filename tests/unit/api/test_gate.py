"""More than can be answered in time: refused at once, cheaply, and nothing else breaks."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.live_server import running
from tests.school import School

from learnloop.api import gate

READY = b"GET /health/ready HTTP/1.1\r\nhost: x\r\n\r\n"
LISTED = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.fixture
def school():
    return School()


@pytest.fixture
def closed_gate(monkeypatch, school):
    """An address where every request but health is one too many."""
    monkeypatch.setattr(gate, "MAX_UNDER_WAY", 0)
    with running(school.app) as url:
        yield int(url.rpartition(":")[2])


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def reply_of(stream):
    """Status, headers and body of one reply."""
    status = int(stream.readline().split()[1])
    headers = {}
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.decode().partition(": ")
        headers[name.lower()] = value
    return status, headers, stream.read(int(headers["content-length"]))


def exchange(port, *requests):
    with connect(port) as connection, connection.makefile("rb") as stream:
        found = []
        for request in requests:
            connection.sendall(request)
            found.append(reply_of(stream))
        return found


def check_refused(reply):
    status, headers, body = reply
    problem = json.loads(body)
    assert status == problem["status"] == 503
    assert headers["content-type"] == "application/problem+json"
    assert headers["retry-after"] == "1"
    assert problem["code"] == "overloaded"
    assert problem.keys() == {"type", "title", "status", "detail", "code", "field", "errors"}


def test_what_is_too_much_is_refused_on_a_connection_that_stays(closed_gate):
    for reply in exchange(closed_gate, LISTED, LISTED, LISTED):
        check_refused(reply)


def test_health_is_always_answered(closed_gate):
    (status, _, _), refused, (again, _, _) = exchange(closed_gate, READY, LISTED, READY)
    assert status == again == 200
    check_refused(refused)


@pytest.mark.parametrize("n", [0, 5, 100_000])
def test_the_body_of_a_refused_request_is_passed_over(closed_gate, n):
    post = b"POST /api/interactions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % n
    refused, (status, _, _) = exchange(closed_gate, post + b"x" * n, READY)
    check_refused(refused)
    assert status == 200


def test_a_chunked_body_too(closed_gate):
    post = b"POST /api/interactions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    refused, (status, _, _) = exchange(closed_gate, post + b"3\r\nabc\r\n0\r\n\r\n", READY)
    check_refused(refused)
    assert status == 200


def test_pipelined_requests_are_answered_in_order(closed_gate):
    with connect(closed_gate) as connection, connection.makefile("rb") as stream:
        connection.sendall(LISTED + READY + LISTED)
        statuses = [reply_of(stream)[0] for _ in range(3)]
    # Behind an answer that is still under way a request waits for its turn instead.
    assert statuses[0] == 503
    assert statuses[1] == 200


def test_a_connection_that_asks_to_be_closed_is_closed(closed_gate):
    with connect(closed_gate) as connection, connection.makefile("rb") as stream:
        connection.sendall(LISTED.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
        check_refused(reply_of(stream))
        assert stream.read() == b""


def test_with_an_open_gate_all_are_answered(school):
    with running(school.app) as url, ThreadPoolExecutor(20) as pool:
        port = int(url.rpartition(":")[2])
        replies = list(pool.map(lambda _: exchange(port, LISTED, READY), range(40)))
    assert {reply[0] for pair in replies for reply in pair} == {200}


def test_more_at_once_than_the_gate_lets_in(monkeypatch, school):
    monkeypatch.setattr(gate, "MAX_UNDER_WAY", 2)
    key = school.keys["service"].encode()
    head = b"GET /api/users/ada/recommendations HTTP/1.1\r\nhost: x\r\n"
    ask = head + b"authorization: Bearer %b\r\n\r\n" % key
    with running(school.app) as url, ThreadPoolExecutor(20) as pool:
        port = int(url.rpartition(":")[2])
        connections = [connect(port) for _ in range(20)]
        streams = [c.makefile("rb") for c in connections]
        list(pool.map(lambda c: c.sendall(ask), connections))
        replies = list(pool.map(reply_of, streams))
        with school.engine.store.begin(write=False) as tx:
            logged = tx.decisions.latest("ada", 100)
        for opened in (*streams, *connections):
            opened.close()
    statuses = [status for status, _, _ in replies]
    assert set(statuses) <= {200, 503}
    assert len(logged) == statuses.count(200) >= 2


WHOLE = b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc"


@pytest.mark.parametrize("data", [LISTED, WHOLE, WHOLE.replace(b"content-l", b"Content-L")])
def test_a_whole_request_is_seen_at_once(data):
    assert gate.is_plain_and_whole(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTTP/1.1\r\nhost: x\r\n",
        READY,
        LISTED + b"x",
        LISTED + LISTED,
        WHOLE[:-1],
        WHOLE + b"x",
        WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        WHOLE.replace(b"content-length: 3", b"content-length: 3\r\ncontent-length: 3"),
        WHOLE.replace(b"content-length: 3", b"content-length: +3"),
        WHOLE.replace(b"content-length: 3", b"content-length: 3, 3"),
        WHOLE.replace(b"content-length: 3", b"x-content-length: 3"),
        WHOLE.replace(b"content-length: 3", b"content-length : 3"),
        WHOLE.replace(b"content-length: 3", b"x: y\ncontent-length: 3"),
        WHOLE.replace(b"content-length: 3", b"x: y\r\n content-length: 3"),
        WHOLE.replace(b"host: x", b"transfer-encoding: chunked"),
        WHOLE.replace(b"host: x", b"connection: close"),
        WHOLE.replace(b"host: x", b"Expect: 100-continue"),
        WHOLE.replace(b"host: x", b"Upgrade: websocket"),
    ],
)
def test_in_doubt_the_parser_decides(data):
    assert not gate.is_plain_and_whole(data)


def test_a_request_in_pieces_is_refused_when_it_is_whole(closed_gate):
    with connect(closed_gate) as connection, connection.makefile("rb") as stream:
        for piece in (LISTED[:10], LISTED[10:30], LISTED[30:]):
            connection.sendall(piece)
            time.sleep(0.05)
        check_refused(reply_of(stream))
        connection.sendall(READY)
        assert reply_of(stream)[0] == 200
