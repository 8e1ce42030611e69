"""How does an ordinary route do its work? As one journey, in the writer's or a reader's thread.

The learner is checked inside the same transaction as the journey; the reply is encoded there too.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar

import msgspec
from fastapi import Header, Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from learnloop.accounts import may_see
from learnloop.api.errors import PROBLEM_JSON
from learnloop.api.idempotency import MAX_LENGTH, PATTERN, Once
from learnloop.api.schemas.fields import Id
from learnloop.api.services import services_of
from learnloop.core.errors import NotFound
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Transaction
from learnloop.core.records import ApiKey
from learnloop.journeys.live import Live

M = TypeVar("M", bound=BaseModel)

UserId = Annotated[Id, Path(alias="userId", description="The learner's id.")]
# Described in words in the document: one that lists it promises that any value of it is taken.
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=MAX_LENGTH,
        pattern=PATTERN,
        include_in_schema=False,
    ),
]


def problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The documentation of a route's errors; 401, 403 and 503 are in every one."""
    shape = {"content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    titles = {
        400: "The body is not JSON.",
        401: "No key, or one that is unknown, expired or revoked.",
        403: "The key may not do this.",
        404: "What is named does not exist, or the key may not see it.",
        409: "The id is stored with other content.",
        412: "It has changed since it was read.",
        413: "The body is too large.",
        415: "The body is not declared as JSON.",
        422: "A field is wrong; the problem names it.",
        503: "Not now; nothing was changed. Retry-After says when to try again.",
    }
    return {s: {"description": titles[s], **shape} for s in sorted({401, 403, 503, *statuses})}


WITH_BODY = (400, 413, 415, 422)


async def query(
    request: Request,
    key: ApiKey,
    user_id: str,
    journey: Callable[[Live, Transaction, LearnerId], M],
) -> M:
    """What a journey that changes nothing says of one learner.

    Raises:
        NotFound: There is no such learner, or the key may not see them.
    """
    learner_id = LearnerId(user_id)

    def work(live: Live, tx: Transaction) -> M:
        may_see(tx, key, learner_id)
        return journey(live, tx, learner_id)

    return await services_of(request).read(work)


async def command(
    request: Request,
    key: ApiKey,
    user_id: str,
    journey: Callable[[Live, Transaction, LearnerId], BaseModel | msgspec.Struct],
    *,
    idempotency_key: str | None = None,
    weight: int = 1,
) -> Response:
    """The reply of a journey that changes one learner, after it was committed.

    Raises:
        NotFound: There is no such learner, or the key may not see them.
    """
    learner_id = LearnerId(user_id)
    once = None
    if idempotency_key is not None:
        body = await request.body() if request.headers.get("content-type") else b""
        once = Once.of(key, request.method, request.url.path, idempotency_key, body)

    def work(live: Live, tx: Transaction) -> bytes:
        may_see(tx, key, learner_id)

        def reply() -> bytes:
            return encoded(journey(live, tx, learner_id))

        return once.do(tx, live.clock.now(), reply) if once else reply()

    done = await services_of(request).writer.run(work, [learner_id], weight=weight)
    return Response(done, media_type="application/json")


def check_skills(live: Live, skill_ids: Iterable[str], field: str) -> None:
    """Pass if the catalog has all of the skills.

    Raises:
        NotFound: It lacks one; the field says which.
    """
    for i, skill_id in enumerate(skill_ids):
        if skill_id not in live.items.column_of:
            where = f"{field}[{i}]"
            raise NotFound(f"{where}: no skill {skill_id!r} in the catalog", field=where)


def encoded(reply: BaseModel | msgspec.Struct) -> bytes:
    """The JSON of a reply."""
    if isinstance(reply, BaseModel):
        return reply.model_dump_json().encode()
    return msgspec.json.encode(reply)
