"""The three routes that a platform calls at every click, without FastAPI's machinery.

`POST /api/interactions`, `GET .../recommendations`, `POST .../recommendations/{id}/feedback`:
plain ASGI behind a Starlette route, decoded and encoded by msgspec twins, each change a job of the
writer. How they look in the OpenAPI document is in `hot_docs.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.routing import Route

from learnloop.accounts import Scope as KeyScope
from learnloop.accounts import may_see, require
from learnloop.api import body as bodies
from learnloop.api import twins
from learnloop.api.ahead import Ahead, NeedsWriting
from learnloop.api.callers import bearer
from learnloop.api.errors import problem_of
from learnloop.api.idempotency import Once
from learnloop.api.intake import Intake
from learnloop.api.services import Services
from learnloop.core.errors import InvalidInput
from learnloop.core.ids import LearnerId, id_problem
from learnloop.core.protocols import Transaction
from learnloop.core.records import ApiKey
from learnloop.core.types import ItemKind
from learnloop.events import native
from learnloop.journeys.feedback import give_feedback
from learnloop.journeys.live import Live
from learnloop.journeys.recommend import MAX_N, recommend
from learnloop.journeys.results import RecommendationSet

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[bytes, bytes]
Work = Callable[[Live, Transaction], bytes]

DEFAULT_N = 5
QUERY = ("limit", "type")
# A choice takes as long as several answers; small groups of them are answered sooner.
CHOICE_WEIGHT = 16


class HotEndpoint(ABC):
    """One hot route as an ASGI app: who, what, do, answer."""

    needs: KeyScope

    def __init__(self, services: Services) -> None:
        self.services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every error becomes a problem."""
        try:
            headers: Headers = dict(scope["headers"])
            key = await self.services.callers.identify(bearer(headers))
            require(key, self.needs)
            reply = await self.handle(key, scope, headers, receive)
        except Exception as error:
            await problem_of(error)(scope, receive, send)
            return
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", b"%d" % len(reply)),
                ],
            }
        )
        await send({"type": "http.response.body", "body": reply})

    @abstractmethod
    async def handle(self, key: ApiKey, scope: Scope, headers: Headers, receive: Receive) -> bytes:
        """The body of the reply."""


class RecordInteractions(HotEndpoint):
    """`POST /api/interactions`: one interaction, or an array of them."""

    needs = KeyScope.INTERACTIONS_WRITE

    async def handle(self, key: ApiKey, scope: Scope, headers: Headers, receive: Receive) -> bytes:
        body = bodies.parse_bytes(await bodies.read(headers, receive))
        intake = Intake.of(key, native.decode(body))
        recorded: list[tuple[Live, twins.ReceiptTwin]] = []

        def work(live: Live, tx: Transaction) -> bytes:
            receipt = intake.record(live, tx)
            recorded.append((live, receipt))
            return twins.encode(receipt)

        job = _once(key, scope, headers, body, work)
        reply = await self.services.writer.run(job, intake.learners, weight=intake.weight)
        for live, receipt in recorded:  # none where the first reply was given again
            self.services.telemetry.recorded(receipt)
            self.services.serving.learned(intake.learners, partial(intake.results, live))
        return reply


class Recommend(HotEndpoint):
    """`GET /api/users/{userId}/recommendations`: a decision, logged."""

    needs = KeyScope.RECOMMENDATIONS

    async def handle(self, key: ApiKey, scope: Scope, headers: Headers, receive: Receive) -> bytes:
        learner_id = _learner_of(scope)
        n, kind = _asked(scope["query_string"])

        decided: list[RecommendationSet] = []

        def decide(live: Live, tx: Transaction) -> bytes:
            decided.append(recommend(live, tx, learner_id, n, kind))
            return twins.encode(twins.recommendations_out(decided[-1], live))

        def look(live: Live, tx: Transaction) -> Work:
            may_see(tx, key, learner_id)
            ahead = Ahead(tx)
            try:
                body = decide(live, ahead)
            except NeedsWriting:
                return decide

            def log(_: Live, tx: Transaction) -> bytes:
                ahead.store(tx)
                return body

            return log

        writer = self.services.writer
        reply = await writer.look_then_run(look, (learner_id,), weight=CHOICE_WEIGHT)
        self.services.telemetry.decided(decided[-1])
        return reply


class GiveFeedback(HotEndpoint):
    """`POST .../recommendations/{recommendationId}/feedback`."""

    needs = KeyScope.RECOMMENDATIONS

    async def handle(self, key: ApiKey, scope: Scope, headers: Headers, receive: Receive) -> bytes:
        learner_id = _learner_of(scope)
        recommendation_id: str = scope["path_params"]["recommendationId"]
        body = bodies.parse_bytes(await bodies.read(headers, receive))
        action, rating = _feedback(body)

        def work(live: Live, tx: Transaction) -> bytes:
            may_see(tx, key, learner_id)
            outcomes = give_feedback(live, tx, learner_id, recommendation_id, action, rating)
            return twins.encode(twins.feedback_out(recommendation_id, outcomes))

        return await self.services.writer.run(_once(key, scope, headers, body, work), (learner_id,))


def routes(services: Services) -> list[Route]:
    """The hot routes; they go before all others."""
    user = "/api/users/{userId}/recommendations"
    found = [
        Route("/api/interactions", RecordInteractions(services), methods=["POST"]),
        Route(user, Recommend(services), methods=["GET"]),
        Route(f"{user}/{{recommendationId}}/feedback", GiveFeedback(services), methods=["POST"]),
    ]
    for route in found:
        # Starlette adds HEAD to GET, and asking for headers alone would log a decision.
        assert route.methods is not None
        route.methods.discard("HEAD")
    return found


def _once(key: ApiKey, scope: Scope, headers: Headers, body: bytes, work: Work) -> Work:
    sent = headers.get(b"idempotency-key")
    if sent is None:
        return work
    once = Once.of(key, scope["method"], scope["path"], sent.decode("latin-1"), body)
    return lambda live, tx: once.do(tx, live.clock.now(), lambda: work(live, tx))


def _learner_of(scope: Scope) -> LearnerId:
    user_id: str = scope["path_params"]["userId"]
    problem = id_problem(user_id)
    if problem:
        raise InvalidInput(f"userId: {problem}", field="userId")
    return LearnerId(user_id)


def _asked(query_string: bytes) -> tuple[int, ItemKind | None]:
    if not query_string:
        return DEFAULT_N, None
    asked = dict(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))
    bodies.check_query(asked, QUERY)
    return _limit(asked.get("limit")), _kind(asked.get("type"))


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_N
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= MAX_N):
        raise InvalidInput(f"limit: give a whole number from 1 to {MAX_N}", field="limit")
    return int(text)


def _kind(text: str | None) -> ItemKind | None:
    if text is None:
        return None
    if text not in ItemKind.__members__.values():
        known = ", ".join(ItemKind)
        raise InvalidInput(f"type: give one of {known}, or leave it out", field="type")
    return ItemKind(text)


def _feedback(body: bytes) -> Any:
    try:
        return twins.read_feedback(body)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidInput(f"{field}: {first['msg']}", field=field) from None
