"""Who looks at the page, and did they mean it? A cookie with the key; a check where a form is from.

The cookie is HttpOnly and SameSite=Strict, so neither a script nor another site can use it, and a
form is taken only from our own pages (its `Origin` is ours). The API takes no cookie at all.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from learnloop.api import body as bodies
from learnloop.core.errors import AccessDenied

KEY_COOKIE = "learnloop_key"
NEWS_COOKIE = "learnloop_news"
NEWS_S = 600
FORM = b"application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class News:
    """What the page says after an answer, until the next one.

    Attributes:
        interaction_id: The answer.
        decision_id: The decision that had recommended the item.
        before: Skill id -> what was known of it before, in words.
    """

    interaction_id: str
    decision_id: str
    before: dict[str, str]


_news = msgspec.json.Decoder(News)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form that one of our pages sent.

    Raises:
        AccessDenied: Another site sent it.
        HttpProblem: It is too large or no form.
    """
    _check_origin(request)
    body = await bodies.read(bodies.headers_of(request.scope), request.receive, FORM)
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def sign_in(request: Request, reply: Response, key: str) -> None:
    """Let the browser keep the key until it is closed."""
    _set(request, reply, KEY_COOKIE, key, None)


def sign_out(reply: Response) -> None:
    """Let the browser forget everything."""
    reply.delete_cookie(KEY_COOKIE)
    reply.delete_cookie(NEWS_COOKIE)


def tell(request: Request, reply: Response, news: News) -> None:
    """Show the news on the next page."""
    text = base64.urlsafe_b64encode(msgspec.json.encode(news)).decode()
    _set(request, reply, NEWS_COOKIE, text, NEWS_S)


def news_of(request: Request) -> News | None:
    """The news to show, if there are any."""
    try:
        return _news.decode(base64.urlsafe_b64decode(request.cookies.get(NEWS_COOKIE, "")))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None


def _set(request: Request, reply: Response, name: str, value: str, seconds: int | None) -> None:
    secure: Any = request.url.scheme == "https"
    reply.set_cookie(name, value, max_age=seconds, httponly=True, samesite="strict", secure=secure)


def _check_origin(request: Request) -> None:
    origin = request.headers.get("origin")
    if origin is None or urlsplit(origin).netloc != request.headers.get("host"):
        raise AccessDenied("this form did not come from our own page; open the page and try again")
