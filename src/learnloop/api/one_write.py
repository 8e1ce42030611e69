"""How does a reply leave in one piece? Its head waits for the first piece of its body.

uvicorn writes a head and a body one after the other, and uvloop passes each on at once: two system
calls, two packets, and two wake-ups of the caller.
"""

import asyncio
from typing import Any

CONTINUE = b"HTTP/1.1 100"  # no head: the body of the request is waited for


class OneWrite:
    """A transport that keeps the head of a reply until the next write, `flush` or `close`."""

    __slots__ = ("_head", "_transport", "_write")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._write = transport.write
        self._head = b""

    def write(self, data: bytes) -> None:
        """Write what waits and this, or let it wait if it is a head."""
        if self._head:
            self._write(self._head + data)
            self._head = b""
        elif data.endswith(b"\r\n\r\n") and not data.startswith(CONTINUE):
            self._head = data
        else:
            self._write(data)

    def flush(self) -> None:
        """Write what waits: the head of a reply without a body."""
        if self._head:
            self._write(self._head)
            self._head = b""

    def close(self) -> None:
        """Hang up, once everything is written."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        """Everything else is as it was."""
        return getattr(self._transport, name)
