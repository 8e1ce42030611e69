"""How is an xAPI statement written? Its JSON, as far as it is read; only that has to be right.

Reference: IEEE 9274.1.1-2023 (xAPI 2.0); the xAPI video profile 1.0 for the extensions.
"""

import re
from datetime import datetime

import msgspec
from msgspec import field

from learnloop.core.errors import InvalidInput
from learnloop.core.time import to_utc
from learnloop.events.native import located

ACTIVITY = "Activity"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
_OBJECTS = frozenset({ACTIVITY, "Agent", "Group", "StatementRef", "SubStatement", "GroupActivity"})
_NULL = msgspec.Raw(b"null")
_VIDEO = "https://w3id.org/xapi/video/extensions/"
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Words = dict[str, str]
"""A text in several languages, by their RFC 5646 tags."""


class _Part(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A part of a statement; fields that are not named here are not read."""


class Account(_Part, frozen=True):
    """A user account of some system."""

    home_page: str
    name: str


class Actor(_Part, frozen=True):
    """Who did it: an agent, or a group of them."""

    object_type: str = "Agent"
    account: Account | None = None
    mbox: str | None = None
    mbox_sha1sum: str | None = field(name="mbox_sha1sum", default=None)
    openid: str | None = None


class Verb(_Part, frozen=True):
    """What was done."""

    id: str


class Definition(_Part, frozen=True):
    """What an activity is."""

    type: str | None = None
    name: Words | None = None
    description: Words | None = None


class Object(_Part, frozen=True):
    """What it was done with: an activity, or something that is no item.

    Attributes:
        object_type: Those of xAPI, and Open edX's `GroupActivity`, the sum of statements that come
            one by one too.
    """

    object_type: str = ACTIVITY
    id: str = ""
    definition: Definition | None = None


class Extensions(_Part, frozen=True):
    """What the video profile says in a result or context; all are seconds."""

    time: float | None = field(name=f"{_VIDEO}time", default=None)
    time_from: float | None = field(name=f"{_VIDEO}time-from", default=None)
    time_to: float | None = field(name=f"{_VIDEO}time-to", default=None)
    length: float | None = field(name=f"{_VIDEO}length", default=None)


class Score(_Part, frozen=True):
    """How well it was done: `scaled` is -1 to 1, `raw` is between `min` and `max`."""

    scaled: float | None = None
    raw: float | None = None
    min: float | None = None
    max: float | None = None


class Result(_Part, frozen=True):
    """What came of it; `duration` is ISO 8601."""

    score: Score | None = None
    success: bool | None = None
    duration: str | None = None
    extensions: Extensions = Extensions()


class Context(_Part, frozen=True):
    """What it was done in."""

    extensions: Extensions = Extensions()


class Statement(_Part, frozen=True):
    """A statement, as far as it is read."""

    actor: Actor
    verb: Verb
    object: Object
    id: str | None = None
    result: Result = Result()
    context: Context = Context()
    timestamp: str | None = None
    stored: str | None = None

    @property
    def voids(self) -> str | None:
        """The id of the statement that this one takes back, in lower case."""
        return self.object.id.lower() if self.verb.id == VOIDED else None

    @property
    def occurred_at(self) -> datetime:
        """When it happened, else when it was stored, aware UTC.

        Raises:
            InvalidInput: Neither is given, or it is no time.
            NaiveTime: The time has no zone.
        """
        name = "timestamp" if self.timestamp is not None else "stored"
        text = self.timestamp if self.timestamp is not None else self.stored
        if text is None:
            raise wrong("timestamp", "is missing, and so is stored; one says when it happened")
        try:
            return to_utc(datetime.fromisoformat(text), field=name)
        except (ValueError, OverflowError) as error:
            expected = "must be a time with its zone (ISO 8601), e.g. 2026-01-05T09:30:00Z"
            raise wrong(name, f"{text[:40]!r} is no time; it {expected}") from error


class _Trace(msgspec.Struct, omit_defaults=True, gc=False):
    """What of a statement may be kept: nothing that tells who it was, or what they wrote."""

    id: msgspec.Raw = _NULL
    verb: msgspec.Raw = _NULL
    timestamp: msgspec.Raw = _NULL
    stored: msgspec.Raw = _NULL


_decoder = msgspec.json.Decoder(Statement)
_trace_decoder = msgspec.json.Decoder(_Trace)


def decode(text: bytes) -> Statement:
    """The statement written as JSON, with identifiers that are some.

    Raises:
        InvalidInput: Which field is wrong.
    """
    try:
        statement = _decoder.decode(text)
    except msgspec.ValidationError as error:
        path, problem = located(str(error))
        raise wrong(path or "statement", problem) from error
    except msgspec.DecodeError as error:
        raise wrong("statement", f"not valid JSON ({error})") from error
    except RecursionError as error:
        raise wrong("statement", "nested too deep") from error
    if statement.id is not None and not _UUID.fullmatch(statement.id):
        raise wrong("id", "must be a UUID")
    check_iri("verb.id", statement.verb.id)
    _check_object(statement)
    return statement


def trace(text: bytes) -> str:
    """What a refused statement can be found by, as JSON; empty where there is nothing."""
    try:
        return msgspec.json.encode(_trace_decoder.decode(text)).decode()
    except (msgspec.MsgspecError, RecursionError):
        return ""


def wrong(path: str, problem: str) -> InvalidInput:
    """The error that says which field of a statement is wrong."""
    return InvalidInput(f"{path}: {problem}", field=path)


def check_iri(path: str, text: str) -> None:
    """Refuse what is no IRI with its scheme, or can't be printed.

    Raises:
        InvalidInput: With `path` as its field.
    """
    if not (_IRI.fullmatch(text) and text.isprintable()):
        raise wrong(path, "must be an IRI with its scheme, e.g. https://...")


def _check_object(statement: Statement) -> None:
    kind, iri = statement.object.object_type, statement.object.id
    if kind not in _OBJECTS:
        raise wrong("object.objectType", f"{kind[:40]!r} is none of {', '.join(sorted(_OBJECTS))}")
    if kind == ACTIVITY:
        check_iri("object.id", iri)
    if kind == "StatementRef" and not _UUID.fullmatch(iri):
        raise wrong("object.id", "must be the UUID of a statement")
    if statement.verb.id == VOIDED and kind != "StatementRef":
        raise wrong("object.objectType", "a voiding statement needs a StatementRef")
