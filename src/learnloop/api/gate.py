"""What if more requests come than can be answered in time? The rest are refused, cheaply.

By Little's law the time in the server is requests under way / throughput, so a bound on the first
bounds the wait. A request beyond it gets a ready-made 503 with Retry-After as soon as its last byte
has arrived: no task, no routing. Most requests come whole in one piece, and those are not even
parsed: so a refusal costs little, and an overloaded server keeps doing useful work.
"""

import asyncio
import re
from typing import ClassVar, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from learnloop.api.errors import PROBLEM_JSON, RETRY_AFTER_S, TYPE_PREFIX
from learnloop.api.one_write import OneWrite
from learnloop.core.errors import Overloaded

MAX_UNDER_WAY = 32
ALWAYS_ANSWERED = (b"/health/", b"/metrics")

_SPECIAL = re.compile(rb"transfer-encoding|connection|expect|upgrade|[^\r]\n|\r[^\n]|\n[ \t]")
_LENGTH = re.compile(rb"\r\ncontent-length: ?(\d{1,9})(?=\r\n|$)")

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
    """uvicorn's protocol with a gate before it.

    Attributes:
        n_refused: Requests of this process, until whoever counts them begins anew.
    """

    n_refused: ClassVar[int] = 0
    in_message = False
    refusing = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let replies leave in one piece."""
        self.writer = OneWrite(transport)
        super().connection_made(cast(asyncio.Transport, self.writer))

    def on_response_complete(self) -> None:
        """Write a head that had no body to wait for."""
        self.writer.flush()
        super().on_response_complete()

    def data_received(self, data: bytes) -> None:
        """Refuse a whole request that is one too many; let the parser have everything else."""
        if (
            len(self.tasks) >= MAX_UNDER_WAY
            and not self.in_message
            and self._is_free()
            and is_plain_and_whole(data)
        ):
            self._unset_keepalive_if_required()
            self._refuse()
        else:
            super().data_received(data)

    def on_message_begin(self) -> None:
        """Note that the parser is inside a request."""
        self.in_message = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Let the request in, or mark it to be refused."""
        if (
            len(self.tasks) >= MAX_UNDER_WAY
            and self._is_free()
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
        self.in_message = False
        if not self.refusing:
            super().on_message_complete()
            return
        self.refusing = False
        if self.parser.should_keep_alive():
            self._refuse()
        else:
            GatedProtocol.n_refused += 1
            self.transport.write(REFUSAL_CLOSED)
            self.transport.close()

    def _is_free(self) -> bool:
        """No earlier answer is still to be written on this connection."""
        return self.cycle is None or self.cycle.response_complete

    def _refuse(self) -> None:
        GatedProtocol.n_refused += 1
        self.transport.write(REFUSAL_KEPT)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )


def is_plain_and_whole(data: bytes) -> bool:
    """Whether this is surely exactly one request, to be refused on a connection that stays open.

    In doubt it is not: where two readers see different ends of a request, one can be smuggled in.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = data[:end].lower()
    line = head[: head.find(b"\r\n")]
    if not line.endswith(b" http/1.1") or _SPECIAL.search(head):
        return False
    if any(path in line for path in ALWAYS_ANSWERED):
        return False
    lengths = _LENGTH.findall(head)
    if len(lengths) != head.count(b"content-length") or len(lengths) > 1:
        return False
    return len(data) == end + 4 + (int(lengths[0]) if lengths else 0)
