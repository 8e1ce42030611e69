"""How is one value kept in a cell? Instants as whole microseconds, nested values as JSON text."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from learnloop.core.errors import InvalidInput
from learnloop.core.time import from_us, to_us

Row = tuple[Any, ...]

_encoder = msgspec.json.Encoder()
texts_of: Callable[[str], tuple[str, ...]] = msgspec.json.Decoder(tuple[str, ...]).decode


def dumps(value: object) -> str:
    """JSON text.

    Raises:
        InvalidInput: The value holds text that is not Unicode (a lone surrogate).
    """
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"text is not valid Unicode: {error.reason}") from error


def us_or_none(instant: datetime | None) -> int | None:
    """Microseconds, or NULL."""
    return None if instant is None else to_us(instant)


def instant_or_none(us: int | None) -> datetime | None:
    """The instant, or None."""
    return None if us is None else from_us(us)


def bool_or_none(value: object) -> bool | None:
    """A truth value from a boolean or a 0/1 cell, or None."""
    return None if value is None else bool(value)
