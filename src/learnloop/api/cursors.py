"""How is a long list read page by page? With an opaque cursor that remembers where one stopped.

The cursor names the last element that was given, so elements that come or go meanwhile neither
repeat nor shift the others.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from learnloop.core.errors import NotFound

DEFAULT_LIMIT = 100
MAX_LIMIT = 500

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Most elements of a page.")]
Cursor = Annotated[
    str | None, Query(max_length=1000, description="`next_cursor` of the page before.")
]


def page(
    elements: Sequence[T], name_of: Callable[[T], str], limit: int, cursor: str | None
) -> tuple[Sequence[T], str | None]:
    """The elements behind the cursor, and the cursor of the next page (None = the last page).

    Raises:
        NotFound: The cursor is none that was given here, or its element is gone.
    """
    start = 0
    if cursor is not None:
        last = place_of(cursor)
        start = next((i + 1 for i, x in enumerate(elements) if name_of(x) == last), -1)
        if start < 0:
            raise NotFound("cursor: its place is gone; start without a cursor", field="cursor")
    found = elements[start : start + limit]
    more = start + limit < len(elements)
    return found, cursor_at(name_of(found[-1])) if more else None


def cursor_at(name: str) -> str:
    """The cursor of an element's place."""
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def place_of(cursor: str) -> str:
    """The name of the element that was given last.

    Raises:
        NotFound: The cursor is none that was given here.
    """
    try:
        raw = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return base64.b64decode(raw, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise NotFound(
            "cursor: not one that was given here; send next_cursor as it came", field="cursor"
        ) from None
