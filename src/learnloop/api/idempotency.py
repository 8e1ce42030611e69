"""What if the same POST comes twice? Its first reply is given again, and nothing is done twice.

The `Idempotency-Key` header names the request; the reply is stored in the same transaction as the
change, for a day. Only what was done is stored: a refused request may be corrected and sent again.

Reference: draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from learnloop.core.errors import InvalidInput
from learnloop.core.protocols import Transaction
from learnloop.core.records import ApiKey, StoredReply

KEPT_FOR = timedelta(hours=24)
MAX_LENGTH = 200
PATTERN = r"^[!-~]+$"


@dataclass(frozen=True, slots=True)
class Once:
    """One request that is to be done once.

    Attributes:
        scope: Whose keys these are, and for which route: `key_id METHOD path`.
        key: What the caller sent.
        digest: Of the body.
    """

    scope: str
    key: str
    digest: str

    @classmethod
    def of(cls, caller: ApiKey, method: str, path: str, key: str, body: bytes) -> "Once":
        """The identity of a request.

        Raises:
            InvalidInput: The key is empty, too long, or not ASCII without spaces.
        """
        if len(key) > MAX_LENGTH or not re.fullmatch(PATTERN, key):
            raise InvalidInput(
                f"Idempotency-Key: send 1-{MAX_LENGTH} ASCII characters without spaces",
                field="Idempotency-Key",
            )
        return cls(f"{caller.key_id} {method} {path}", key, hashlib.sha256(body).hexdigest())

    def do(self, tx: Transaction, now: datetime, work: Callable[[], bytes]) -> bytes:
        """The reply of `work`, or the one that it gave the first time.

        Raises:
            InvalidInput: The key was used before with another body.
        """
        stored = tx.replies.get(self.scope, self.key)
        if stored is not None and stored.created_at < now - KEPT_FOR:
            tx.replies.purge(now - KEPT_FOR)  # else it would stand in the way of the new one
        elif stored is not None:
            if stored.request_digest != self.digest:
                raise InvalidInput(
                    "Idempotency-Key: this key came before with another body; use a new key",
                    field="Idempotency-Key",
                )
            return stored.body
        body = work()
        tx.replies.put(self.scope, self.key, StoredReply(self.digest, 200, body, now))
        return body
