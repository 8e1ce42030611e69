"""Which HTTP status does an error have, and how is it written down? Here, once (RFC 9457).

400 not JSON · 401 who are you · 403 you may not · 404 there is no such thing · 405 not that way
409 another content under this id · 412 it has changed · 413 too large · 415 not JSON
422 a field is wrong · 500 our fault · 503 not now (with Retry-After)
"""

import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from learnloop.core import errors as core
from learnloop.core.errors import LearnloopError

PROBLEM_JSON = "application/problem+json"
TYPE_PREFIX = "urn:learnloop:problem:"
RETRY_AFTER_S = 1

# The most special class that fits decides, so subclasses may stand anywhere.
STATUS: Mapping[type[LearnloopError], int] = {
    LearnloopError: 500,
    core.InvalidInput: 422,
    core.ConflictingDuplicate: 409,
    core.NotFound: 404,
    core.AccessDenied: 403,
    core.NotAuthenticated: 401,
    core.VersionConflict: 412,
    core.CatalogError: 422,
    core.DataError: 422,
    core.ArtifactError: 500,
    core.Unreachable: 503,
    core.StoreUnavailable: 503,
    core.Overloaded: 503,
}
# Codes of a single element that was rejected, where the status is not that of wrong input.
STATUS_OF_CODE: Mapping[str, int] = {
    "unknown_learner": 404,
    "unknown_item": 404,
    core.ConflictingDuplicate.code: 409,
}

_DETAILS: Mapping[int, str] = {
    404: "there is nothing here; /openapi.json lists all paths",
    405: "this path has other methods; see Allow",
}

_log = structlog.get_logger("learnloop.api")


class HttpProblem(HTTPException):
    """An error of HTTP itself (body, media type), with a code of its own."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(status, detail)
        self.code = code


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    field: str | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The reply for an error; its shape is `schemas.problem.Problem`."""
    body = {
        "type": TYPE_PREFIX + code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "field": field,
        "errors": list(errors),
    }
    extra = dict(headers or {})
    if status == 503:
        extra.setdefault("Retry-After", str(RETRY_AFTER_S))
    if status == 401:
        extra.setdefault("WWW-Authenticate", "Bearer")
    return Response(msgspec.json.encode(body), status, extra, PROBLEM_JSON)


def status_of(error: LearnloopError) -> int:
    """The HTTP status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem_of(error: Exception) -> Response:
    """The reply for any error; one that nobody foresaw is logged and says nothing of the inside."""
    if isinstance(error, core.StoreUnavailable):
        # The driver's words name hosts and files.
        _log.warning("store_unavailable", detail=error.message)
        return problem(503, error.code, "the database can't take the work now; try again")
    if isinstance(error, LearnloopError):
        status = STATUS_OF_CODE.get(error.code) or status_of(error)
        if status < 500 or status == 503:
            return problem(status, error.code, error.message, field=error.field)
    if isinstance(error, HttpProblem):
        return problem(error.status_code, error.code, str(error.detail))
    if isinstance(error, HTTPException):
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        detail = _DETAILS.get(error.status_code, str(error.detail))
        return problem(error.status_code, code, detail, headers=error.headers)
    # As plain text: a traceback that shows local variables would log keys and answers.
    _log.error("request_failed", traceback="".join(traceback.format_exception(error)))
    return problem(500, "internal_error", "something went wrong here; it has been logged")


def install(app: FastAPI) -> None:
    """Make every error of the app a problem."""

    async def any_error(request: Request, error: Exception) -> Response:
        reply = problem_of(error)
        if reply.status_code == 405:
            reply.headers["Allow"] = ", ".join(_methods(app, request.url.path)) or "GET"
        return reply

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _invalid(error)

    app.add_exception_handler(LearnloopError, any_error)
    app.add_exception_handler(HTTPException, any_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, any_error)


def _methods(app: FastAPI, path: str) -> list[str]:
    """All methods of a path; one route alone knows only its own."""
    found: set[str] = set()
    for template, item in app.openapi()["paths"].items():
        if compile_path(template)[0].match(path):
            found |= {method.upper() for method in item}
    return sorted(found)


def _invalid(error: RequestValidationError) -> Response:
    found = [{"field": _dotted(e["loc"]), "message": str(e["msg"])} for e in error.errors()]
    first = found[0]
    return problem(
        422,
        core.InvalidInput.code,
        f"{first['field']}: {first['message']}",
        field=first["field"],
        errors=found,
    )


def _dotted(location: Sequence[str | int]) -> str:
    """`("body", "goals", "priority_areas", 3)` as `goals.priority_areas[3]`."""
    path = ""
    for part in location[1:]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path or str(location[0])
