"""Which kinds of value occur in many bodies? Ids, instants, shares; strict, with their limits."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from learnloop.core.errors import NaiveTime
from learnloop.core.ids import MAX_ID_LENGTH, id_problem
from learnloop.core.time import to_utc

MAX_WORD = 100


def _id(text: str) -> str:
    problem = id_problem(text)
    if problem:
        raise PydanticCustomError("id", "{problem}", {"problem": problem})
    return text


def _documented(max_length: int) -> WithJsonSchema:
    # The pattern tells callers what `id_problem` refuses.
    spaces = r"\x20\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    pattern = rf"^[^\x00-\x1f\x7f-\x9f{spaces}][^\x00-\x1f\x7f-\x9f]*$"
    return WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": max_length, "pattern": pattern}
    )


Id = Annotated[str, AfterValidator(_id), _documented(MAX_ID_LENGTH)]
Word = Annotated[str, Field(max_length=MAX_WORD), AfterValidator(_id), _documented(MAX_WORD)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


def _rfc3339(value: Any) -> datetime:
    """The same reading as on the hot path: one parser, so that the two can't disagree."""
    if isinstance(value, datetime):
        return value
    try:
        instant = msgspec.convert(value, datetime)
        return to_utc(instant, field="instant")
    except msgspec.ValidationError:
        raise PydanticCustomError("instant", "write an RFC 3339 date and time") from None
    except (NaiveTime, OverflowError):
        raise PydanticCustomError(
            "naive_time", "the time needs a time zone, e.g. 2026-01-31T12:00:00Z"
        ) from None


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_rfc3339),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Body(BaseModel):
    """A body that comes in: unknown fields and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Reply(BaseModel):
    """A body that goes out."""

    model_config = ConfigDict(extra="forbid", frozen=True)
