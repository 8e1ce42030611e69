"""Who is an xAPI actor here? A pseudonym, from which the person's identifier can't be read.

    learner_id = "xapi:" + BLAKE2b-128(identifier), in hexadecimal digits

    account         "account" US homePage US name          US: the character 0x1f
    openid          "openid" US openid
    mbox            "mbox_sha1sum" US SHA-1(mbox)          as its mbox_sha1sum, so the same learner
    mbox_sha1sum    "mbox_sha1sum" US its 40 digits in lower case

The identifiers themselves, and names, are stored nowhere. It is no secret, though: who knows an
address can compute its pseudonym.
"""

import re
from hashlib import blake2b, sha1

from learnloop.core.ids import LearnerId
from learnloop.events.xapi.statement import Actor, check_iri, wrong

_MBOX = re.compile(r"mailto:[^@\s]+@[^@\s]+")
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")


def learner_of(actor: Actor) -> LearnerId:
    """The learner that an agent is.

    Raises:
        InvalidInput: No identifier, more than one, or a malformed one; it is not repeated.
    """
    if actor.object_type != "Agent":
        raise wrong("actor.objectType", "must be Agent or Group")
    given = (actor.account, actor.mbox, actor.mbox_sha1sum, actor.openid)
    if sum(x is not None for x in given) != 1:
        raise wrong("actor", "needs exactly one of account, mbox, mbox_sha1sum and openid")
    return LearnerId(f"xapi:{digest(*_identifier(actor))}")


def digest(*parts: str) -> str:
    """32 hexadecimal digits that stand for these texts in this order."""
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def _identifier(actor: Actor) -> tuple[str, ...]:
    if actor.account is not None:
        check_iri("actor.account.homePage", actor.account.home_page)
        if not actor.account.name.strip():
            raise wrong("actor.account.name", "is empty")
        return "account", actor.account.home_page, actor.account.name
    if actor.openid is not None:
        check_iri("actor.openid", actor.openid)
        return "openid", actor.openid
    if actor.mbox is not None:
        if not _MBOX.fullmatch(actor.mbox):
            raise wrong("actor.mbox", "must be mailto: and an address")
        return "mbox_sha1sum", sha1(actor.mbox.encode(), usedforsecurity=False).hexdigest()
    if not _SHA1.fullmatch(actor.mbox_sha1sum or ""):
        raise wrong("actor.mbox_sha1sum", "must be 40 hexadecimal digits")
    return "mbox_sha1sum", (actor.mbox_sha1sum or "").lower()
