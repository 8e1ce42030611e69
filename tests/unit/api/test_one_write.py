"""Does every reply arrive whole, and in one piece where head and body are ready together?"""

import socket
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response, StreamingResponse
from tests.live_server import running

from learnloop.api.one_write import OneWrite


class Pieces:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False
        self.extra = "as it was"

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written.append(data)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def pieces() -> Pieces:
    return Pieces()


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


def test_a_head_waits_for_its_body(pieces: Pieces) -> None:
    one = OneWrite(pieces)  # type: ignore[arg-type]
    one.write(HEAD)
    assert pieces.written == []
    one.write(b"ok")
    one.write(b"more")
    assert pieces.written == [HEAD + b"ok", b"more"]
    assert one.extra == "as it was"


def test_a_head_without_a_body_is_written_in_the_end(pieces: Pieces) -> None:
    one = OneWrite(pieces)  # type: ignore[arg-type]
    one.write(HEAD)
    one.flush()
    one.flush()
    one.write(HEAD)
    one.close()
    assert pieces.written == [HEAD, HEAD]
    assert pieces.closed


def test_nobody_waits_for_leave_to_go_on(pieces: Pieces) -> None:
    one = OneWrite(pieces)  # type: ignore[arg-type]
    one.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert len(pieces.written) == 1


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = FastAPI(openapi_url=None)

    @app.api_route("/text", methods=["GET", "HEAD", "POST"])
    async def text(request: Request) -> Response:
        return Response((await request.body()) or b"text")

    @app.get("/nothing")
    async def nothing() -> Response:
        return Response(status_code=204)

    @app.get("/stream")
    async def stream() -> Response:
        return StreamingResponse(iter([b"a" * 10, b"b" * 10]))

    with running(app) as url:
        yield int(url.rpartition(":")[2])


def replies(port: int, request: bytes) -> bytes:
    """All that comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        found = b""
        while piece := connection.recv(65536):
            found += piece
        return found


def asked(line: str, more: str = "") -> bytes:
    return f"{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{more}\r\n".encode()


def test_replies_of_all_kinds_arrive(port: int) -> None:
    assert replies(port, asked("GET /text")).endswith(b"\r\n\r\ntext")
    assert replies(port, asked("HEAD /text")).endswith(b"\r\n\r\n")
    assert replies(port, asked("GET /nothing")).startswith(b"HTTP/1.1 204")
    assert b"a" * 10 in replies(port, asked("GET /stream"))
    assert replies(port, b"no request\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_a_head_alone_keeps_the_connection(port: int) -> None:
    head = b"HEAD /text HTTP/1.1\r\nhost: x\r\n\r\n"
    found = replies(port, head + b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n" + asked("GET /text"))
    assert found.count(b"HTTP/1.1 200") == 2
    assert found.count(b"HTTP/1.1 204") == 1


def test_a_caller_who_waits_for_leave_gets_it(port: int) -> None:
    line = "POST /text HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(line.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"abc")
        assert connection.recv(65536).endswith(b"\r\n\r\nabc")


def test_a_small_reply_comes_in_one_piece(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for _ in range(20):
            connection.sendall(b"GET /text HTTP/1.1\r\nhost: x\r\n\r\n")
            assert connection.recv(65536).endswith(b"\r\n\r\ntext")
