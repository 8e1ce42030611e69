"""How does a person hear of an alert? By an HTTP POST of JSON to an address of their choice.

A job of its own tells each alert, so nothing waits for whoever listens. Who does not answer in five
seconds, or with another status than 2xx, is asked again, by the rules of all jobs.
"""

import json
import threading
import urllib.error
import urllib.request
from concurrent.futures import Future
from http.client import HTTPException
from typing import Final

from learnloop.core.errors import InvalidInput, Unreachable
from learnloop.core.jobs import Json

TIMEOUT_S: Final = 5.0
_HEADERS = {"Content-Type": "application/json", "User-Agent": "learnloop"}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An alert goes where it was sent, and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def check(url: str) -> str:
    """The address.

    Raises:
        InvalidInput: It is none of HTTP.
    """
    if not url.startswith(("http://", "https://")):
        raise InvalidInput(
            "LEARNLOOP_ALERT_WEBHOOK: give an http:// or https:// address", field="alert_webhook"
        )
    return url


def post(url: str, alert: Json, *, timeout_s: float = TIMEOUT_S) -> None:
    """Tell one alert.

    Raises:
        InvalidInput: The address is none of HTTP.
        Unreachable: Nobody took it.
    """
    body = json.dumps(alert).encode()
    request = urllib.request.Request(check(url), body, _HEADERS, method="POST")
    told: Future[None] = Future()

    def tell() -> None:
        try:
            _send(request, timeout_s)
        except BaseException as error:
            told.set_exception(error)
        else:
            told.set_result(None)

    # A socket's timeout is for each byte; who drips would be listened to for hours.
    threading.Thread(target=tell, name="learnloop-webhook", daemon=True).start()
    try:
        told.result(timeout_s)
    except TimeoutError:
        raise Unreachable("the alert webhook does not answer in time") from None


def _send(request: urllib.request.Request, timeout_s: float) -> None:
    try:
        with _opener.open(request, timeout=timeout_s) as reply:
            reply.read(1)
    except urllib.error.HTTPError as error:
        error.close()
        raise Unreachable(f"the alert webhook answered with status {error.code}") from error
    except (OSError, ValueError, HTTPException) as error:
        raise Unreachable(f"the alert webhook does not answer ({error})") from error
