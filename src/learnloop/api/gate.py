"""What if more requests come than can be answered in time? The rest are refused, cheaply.

By Little's law the time in the server is requests under way / throughput, so a bound on the first
bounds the wait. A request beyond it gets a ready-made 503 with Retry-After as soon as its last byte
has arrived: no task, no routing, no parsing of its body. What is refused costs a small fraction of
what is served, so an overloaded server keeps doing useful work.
"""

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from learnloop.api.errors import PROBLEM_JSON, RETRY_AFTER_S, TYPE_PREFIX
from learnloop.core.errors import Overloaded

MAX_UNDER_WAY = 128
ALWAYS_ANSWERED = b"/health/"

_BODY = msgspec.json.encode(
    {
        "type": TYPE_PREFIX + Overloaded.code,
        "title": "Service Unavailable",
        "status": 503,
        "detail": "more requests are under way than can be answered in time; try again",
        "code": Overloaded.code,
        "field": None,
        "errors": [],
    }
)
REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"content-type: %b\r\ncontent-length: %d\r\nretry-after: %d\r\n"
    % (PROBLEM_JSON.encode(), len(_BODY), RETRY_AFTER_S)
)
REFUSAL_KEPT = REFUSAL + b"\r\n" + _BODY
REFUSAL_CLOSED = REFUSAL + b"connection: close\r\n\r\n" + _BODY


class GatedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a gate before it."""

    refusing = False

    def on_headers_complete(self) -> None:
        """Let the request in, or mark it to be refused."""
        free = self.cycle is None or self.cycle.response_complete
        if (
            len(self.tasks) >= MAX_UNDER_WAY
            and free  # an answer that is still being written goes first
            and not self.expect_100_continue
            and not self.url.startswith(ALWAYS_ANSWERED)
        ):
            self.refusing = True
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Drop the body of a refused request."""
        if not self.refusing:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Refuse a refused request."""
        if not self.refusing:
            super().on_message_complete()
            return
        self.refusing = False
        if self.parser.should_keep_alive():
            self.transport.write(REFUSAL_KEPT)
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        else:
            self.transport.write(REFUSAL_CLOSED)
            self.transport.close()
