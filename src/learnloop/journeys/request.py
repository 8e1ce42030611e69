"""In which request does this happen? One id, from the first byte in to the last line of the log.

The edge sets it; whoever logs or records something reads it. Work that is handed to another thread
takes it along.
"""

from contextvars import ContextVar
from typing import Any, Final

REQUEST_ID: Final[ContextVar[bytes | None]] = ContextVar("learnloop_request_id", default=None)


def request_id() -> str | None:
    """The id of the request that is being answered; None outside of one."""
    found = REQUEST_ID.get()
    return None if found is None else found.decode()


def with_request_id(_: object, __: str, event: Any) -> Any:
    """Name the request in a line of the log: a processor of structlog."""
    found = request_id()
    if found is not None:
        event.setdefault("request_id", found)
    return event
