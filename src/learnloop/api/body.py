"""Is this body JSON that means one thing only? Anything else is refused before it is understood.

At most 1 MiB; UTF-8; no NaN or Infinity; no key twice (RFC 8259 leaves open which one counts); not
nested deeper than 64; no half of a surrogate pair.
"""

import json
import re
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping
from typing import Any, NoReturn

import msgspec
from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from learnloop.api.errors import HttpProblem
from learnloop.core.errors import InvalidInput

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_DIGITS = 400
MAX_EXACT = 2**53

Receive = Callable[[], Awaitable[Mapping[str, Any]]]

# Half a surrogate pair is no character, can't be stored, and is only ever written like this.
_SUSPECT = re.compile(rb"\\u[dD][89a-fA-F]")
# JSON Schema counts 5.0 and 5e1 as integers; most bodies have no number like these.
_WHOLE = re.compile(rb"[:\[,]\s*-?\d+(?:\.0+(?:[eE][+-]?\d+)?|(?:\.\d+)?[eE][+-]?\d+)\s*[,}\]]")
_DEPTH = re.compile(rb"[\[{]")


async def read(
    headers: Mapping[bytes, bytes], receive: Receive, media_type: bytes = b"application/json"
) -> bytes:
    """The whole body.

    Raises:
        HttpProblem: 413 too large, 415 not declared as `media_type`.
    """
    _check_type(headers.get(b"content-type", b""), media_type)
    declared = headers.get(b"content-length", b"0")
    if len(declared) > 9 or (declared.isdigit() and int(declared) > MAX_BYTES):
        _too_large()
    message = await receive()
    if not message.get("more_body", False):
        body: bytes = message.get("body", b"")
    else:
        body = await _rest(message, receive)
    if len(body) > MAX_BYTES:
        _too_large()
    return body


def parse(body: bytes) -> Any:
    """The value of a body.

    Raises:
        HttpProblem: 400, saying where and why it is not JSON that can be taken.
    """
    try:
        value = _decoder.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        _not_json(f"byte {error.start} is not UTF-8")
    except RecursionError:
        _not_json(f"it is nested deeper than {MAX_DEPTH}")
    except ValueError as error:
        _not_json(str(error))
    # Counting brackets is cheap; a text full of them is looked at properly.
    if len(_DEPTH.findall(body)) > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        _not_json(f"it is nested deeper than {MAX_DEPTH}")
    if _SUSPECT.search(body):
        _check_texts(value)
    return value


def parse_bytes(body: bytes) -> bytes:
    """The same body, checked like `parse`, its whole numbers written as such."""
    value = parse(body)
    return msgspec.json.encode(value) if _WHOLE.search(body) else body


def headers_of(scope: Mapping[str, Any]) -> dict[bytes, bytes]:
    """The request's headers by lower-case name; of one given twice, the last."""
    return dict(scope["headers"])


class StrictRequest(Request):
    """A request whose body is read and parsed by the rules above."""

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            self._body = await read(headers_of(self.scope), self.receive)
        return self._body

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route whose handler gets a `StrictRequest`, and no query that it does not know."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        known = {param.alias for param in self.dependant.query_params}

        async def strict(request: Request) -> Response:
            check_query(request.query_params, known)
            return await handler(StrictRequest(request.scope, request.receive))

        return strict


def check_query(asked: Iterable[str], known: Collection[str]) -> None:
    """Pass if all of a query's names are known; a mistyped one would change nothing, silently.

    Raises:
        InvalidInput: One is not.
    """
    for name in asked:
        if name not in known:
            names = ", ".join(sorted(known)) or "none"
            raise InvalidInput(f"{name[:100]}: no such query parameter; known: {names}", field=name)


async def _rest(message: Mapping[str, Any], receive: Receive) -> bytes:
    chunks = [message.get("body", b"")]
    size = len(chunks[0])
    while message.get("more_body", False):
        message = await receive()
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > MAX_BYTES:
            _too_large()
    return b"".join(chunks)


def _check_type(content_type: bytes, wanted: bytes) -> None:
    if content_type.split(b";", 1)[0].strip().lower() != wanted:
        text = f"send it with Content-Type: {wanted.decode()}"
        raise HttpProblem(415, "unsupported_media_type", text)


def _too_large() -> NoReturn:
    raise HttpProblem(
        413,
        "content_too_large",
        f"the body is larger than {MAX_BYTES} bytes; send it in several requests",
    )


def _not_json(why: str) -> NoReturn:
    raise HttpProblem(400, "not_json", f"the body is not JSON that can be taken: {why}")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:100]!r} is there twice")
    return found


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) <= MAX_EXACT else value


_decoder = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_constant, parse_int=_integer, parse_float=_number
)


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
    return deepest


def _check_texts(value: Any) -> None:
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting += [*node, *node.values()]
        elif isinstance(node, list):
            waiting += node
        elif isinstance(node, str) and any("\ud800" <= c <= "\udfff" for c in node):
            _not_json("a text has half a surrogate pair in it")
