"""How does a caller prove who they are? With an API key: `ll_` and 256 random bits.

Only the SHA-256 digest of the text is stored. The secret is random and long, so a slow password
hash would protect nothing more; it would only make each request slow.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from learnloop.accounts.scopes import Scope, scopes_of
from learnloop.core.errors import InvalidInput, NotAuthenticated
from learnloop.core.ids import KeyId, LearnerId
from learnloop.core.protocols import Transaction
from learnloop.core.records import ApiKey, Role
from learnloop.core.time import to_utc

PREFIX = "ll_"
SECRET_BYTES = 32


def create_key(
    role: Role,
    now: datetime,
    *,
    learner_id: LearnerId | None = None,
    class_id: str | None = None,
    scopes: Iterable[str] | None = None,
    expires_at: datetime | None = None,
) -> tuple[str, ApiKey]:
    """A new key: its text, to be shown once, and the record to store.

    Args:
        role: Who it is for.
        now: When it is made.
        learner_id: The learner of a learner's key; needed for that role and no other.
        class_id: The class of a teacher's key; needed for that role and no other.
        scopes: Fewer than the role's default scopes, if any are to be left out.
        expires_at: From when on it is refused; None = never.

    Raises:
        InvalidInput: The learner or class does not fit the role, or a scope exceeds it.
        NaiveTime: `expires_at` has no time zone.
    """
    _check_subject(role, learner_id, class_id)
    text = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    key = ApiKey(
        key_id=KeyId(secrets.token_hex(8)),
        digest=digest_of(text),
        role=role,
        scopes=_granted(role, scopes),
        created_at=to_utc(now, field="now"),
        learner_id=learner_id,
        class_id=class_id,
        expires_at=None if expires_at is None else to_utc(expires_at, field="expires_at"),
    )
    return text, key


def digest_of(text: str) -> str:
    """SHA-256 of a key's text, hex: what is stored and looked up."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def authenticate(tx: Transaction, text: str, now: datetime) -> ApiKey:
    """The key behind a text.

    Raises:
        NotAuthenticated: It is unknown, expired or revoked; the message does not say which.
    """
    key = tx.accounts.find_key(digest_of(text)) if text.startswith(PREFIX) else None
    if key is None or not is_valid(key, now):
        raise NotAuthenticated("the key is unknown, expired or revoked; ask for a new one")
    return key


def is_valid(key: ApiKey, now: datetime) -> bool:
    """Whether a key is neither expired nor revoked at an instant."""
    ends = [at for at in (key.expires_at, key.revoked_at) if at is not None]
    return all(now < at for at in ends)


def _check_subject(role: Role, learner_id: LearnerId | None, class_id: str | None) -> None:
    for field, value, wanted in (
        ("learner_id", learner_id, role is Role.LEARNER),
        ("class_id", class_id, role is Role.TEACHER),
    ):
        if wanted and not value:
            raise InvalidInput(f"{field}: a {role.value}'s key needs one", field=field)
        if value is not None and not wanted:
            raise InvalidInput(f"{field}: a {role.value}'s key has none", field=field)


def _granted(role: Role, scopes: Iterable[str] | None) -> frozenset[str]:
    allowed = scopes_of(role)
    if scopes is None:
        return allowed
    wanted = frozenset(scopes)
    if not wanted <= allowed:
        extra, known = sorted(wanted - allowed), ", ".join(sorted(Scope))
        raise InvalidInput(
            f"scopes: a {role.value}'s key can't have {extra}; the scopes are {known}",
            field="scopes",
        )
    return wanted
