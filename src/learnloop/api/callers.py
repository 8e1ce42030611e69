"""Who is calling? The key of `Authorization: Bearer ll_...`, looked up at most every two seconds.

A key that was found is kept for `REMEMBER_S`, and while one request then looks it up again, so a
revoked key may still work for that long in each process; its expiry is checked at every request.
Keys that were not found are not kept: guessing can't push good ones out.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from learnloop.accounts import authenticate, digest_of, require
from learnloop.accounts.keys import is_valid
from learnloop.accounts.scopes import Scope
from learnloop.api.reader import Reader
from learnloop.core.errors import NotAuthenticated
from learnloop.core.protocols import Clock
from learnloop.core.records import ApiKey

REMEMBER_S = 2.0
MAX_REMEMBERED = 10_000
MAX_KEY_LENGTH = 200


class Callers:
    """The keys that this process has seen lately."""

    def __init__(self, reader: Reader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._known: OrderedDict[str, tuple[ApiKey, float]] = OrderedDict()

    async def identify(self, text: str | None) -> ApiKey:
        """The key behind a text.

        Raises:
            NotAuthenticated: There is none, or it is unknown, expired or revoked.
        """
        if not text or len(text) > MAX_KEY_LENGTH:
            raise NotAuthenticated("send a key: Authorization: Bearer ll_...")
        digest, now = digest_of(text), self._clock.now()
        found = self._known.get(digest)
        if found is None or found[1] < time.monotonic():
            return await self._look_up(digest, text, now)
        if not is_valid(found[0], now):
            raise NotAuthenticated("the key is unknown, expired or revoked; ask for a new one")
        return found[0]

    def forget(self) -> None:
        """Look every key up again at its next use."""
        self._known.clear()

    async def _look_up(self, digest: str, text: str, now: datetime) -> ApiKey:
        found = self._known.get(digest)
        if found is not None:
            # While one request looks, the others go on with what was known: else all look at once.
            self._remember(digest, found[0])
        try:
            key = await self._reader.run(lambda tx: authenticate(tx, text, now))
        except BaseException:
            self._known.pop(digest, None)
            raise
        self._remember(digest, key)
        return key

    def _remember(self, digest: str, key: ApiKey) -> None:
        self._known[digest] = (key, time.monotonic() + REMEMBER_S)
        self._known.move_to_end(digest)
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)


def bearer(headers: Mapping[bytes, bytes]) -> str | None:
    """The key's text in the `Authorization` header, if there is one."""
    scheme, _, text = headers.get(b"authorization", b"").partition(b" ")
    return text.strip().decode("latin-1") if scheme.lower() == b"bearer" else None


bearer_scheme = HTTPBearer(auto_error=False, description="An API key: `ll_...`")


async def caller(
    scopes: SecurityScopes,
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)],
) -> ApiKey:
    """The key of a request, checked for the scopes that its route needs."""
    callers: Callers = request.app.state.services.callers
    key = await callers.identify(credentials.credentials if credentials else None)
    for scope in scopes.scopes:
        require(key, Scope(scope))
    return key


# The caller's key, which has the scope: the type of a route's parameter.
MayRecord = Annotated[ApiKey, Security(caller, scopes=[Scope.INTERACTIONS_WRITE.value])]
MayRead = Annotated[ApiKey, Security(caller, scopes=[Scope.LEARNERS_READ.value])]
MayChange = Annotated[ApiKey, Security(caller, scopes=[Scope.LEARNERS_WRITE.value])]
MayRecommend = Annotated[ApiKey, Security(caller, scopes=[Scope.RECOMMENDATIONS.value])]
MayRun = Annotated[ApiKey, Security(caller, scopes=[Scope.ENGINE_RUN.value])]
