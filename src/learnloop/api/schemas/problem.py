"""What does an error look like? RFC 9457: `application/problem+json`, for every error there is.

Reference: RFC 9457, https://www.rfc-editor.org/rfc/rfc9457
"""

from pydantic import Field

from learnloop.api.schemas.fields import Reply


class FieldError(Reply):
    """One field that is wrong, and what to do about it."""

    field: str
    message: str


class Problem(Reply):
    """Why a request was refused; nothing of it was done."""

    type: str = Field(description="Identifies the kind of problem.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="What is wrong, and what to do.")
    code: str = Field(description="Stable name of the kind of problem, lower_snake_case.")
    field: str | None = Field(None, description="Dotted path of the field at fault.")
    errors: list[FieldError] = Field([], description="All fields at fault, where several are.")
