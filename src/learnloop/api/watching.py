"""Which request is this, how long did it take, and how did it end? Seen around every answer.

The id is the caller's `X-Request-Id`, else the trace id of their `traceparent`, else a new one; the
reply says it again. What does not look like an id is not taken over: it goes into logs and headers.

Reference: https://www.w3.org/TR/trace-context/#traceparent-header
"""

import os
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from itertools import count
from time import perf_counter
from typing import Any

from learnloop.api.meter import Meter
from learnloop.api.traces import TRACE, Traces
from learnloop.journeys.request import REQUEST_ID

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Serve = Callable[[Message, Receive, Send], Awaitable[str | None]]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
HTTP = "http_request"
NO_ROUTE = "none"
BROKEN_OFF = 499
"""The status of a request whose caller went away before the reply began."""

_NAMES = frozenset({b"x-request-id", b"traceparent"})
_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_TRACE = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_number = count()
_process = os.urandom(6).hex().encode() + b"-%x"


async def watched(
    serve: Serve,
    meter: Meter,
    traces: Traces | None,
    scope: Message,
    receive: Receive,
    send: Send,
) -> None:
    """Let a request be answered, count it, and perhaps trace it.

    Args:
        serve: Answers; returns the path of the route, or None where the scope names the route.
    """
    began = perf_counter()
    request_id = request_id_of(scope["headers"])
    REQUEST_ID.set(request_id)
    trace = None if traces is None else traces.begin(scope["headers"])
    TRACE.set(trace)
    status = BROKEN_OFF
    path = None

    def passed_on(message: Message) -> Awaitable[None]:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            message["headers"].append((b"x-request-id", request_id))
        return send(message)

    try:
        path = await serve(scope, receive, passed_on)
    finally:
        method = scope["method"]
        if method not in METHODS:
            method = "other"
        if path is None:
            path = getattr(scope.get("route"), "path", NO_ROUTE)
        meter.timed((HTTP, method, path, status), perf_counter() - began)
        if trace is not None:
            trace.set(request_id=request_id.decode())
            trace.end(method, path, status)
            TRACE.set(None)


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The id that the caller gave, or a new one."""
    traced = None
    for name, value in headers:
        if name in _NAMES:
            if name == b"traceparent":
                traced = _TRACE.fullmatch(value)
            elif _ID.fullmatch(value):
                return value
    return traced[1] if traced else _process % next(_number)
