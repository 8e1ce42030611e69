"""How are fitted parameters kept as one text? As JSON with a format, its version and a hash.

Floats are written so that they read back bit for bit. The hash guards the body, because a flipped
bit in a digit would otherwise load as another model.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from learnloop.core.errors import ArtifactError


def seal(kind: str, version: int, body: Mapping[str, Any]) -> bytes:
    """The text of a body.

    Args:
        kind: What it is, e.g. "learnloop/ability".
        version: Of the form of the body; raised whenever that changes.
        body: Plain values; numbers are finite.
    """
    text = json.dumps(body, allow_nan=False)
    head = {"format": kind, "format_version": version, "sha256": _hash(text)}
    return json.dumps({**head, "body": text}).encode()


def unseal(sealed: bytes, kind: str, version: int) -> dict[str, Any]:
    """The body that `seal` wrote.

    Raises:
        ArtifactError: It is corrupt, foreign, or of another version.
    """
    try:
        outer = json.loads(sealed)
        found, its_version = outer["format"], outer["format_version"]
        text, digest = outer["body"], outer["sha256"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ArtifactError(f"not an artifact of {kind!r}: no JSON object of its form") from error
    if found != kind or its_version != version:
        raise ArtifactError(
            f"artifact of format {found!r} {its_version!r}; this release reads {kind!r} "
            f"{version}: fit the model again"
        )
    if not isinstance(text, str) or _hash(text) != digest:
        raise ArtifactError(
            f"the artifact of {kind!r} is corrupt: its hash is not that of its body"
        )
    body = json.loads(text)
    if not isinstance(body, dict):
        raise ArtifactError(f"the artifact of {kind!r} holds no JSON object: fit the model again")
    return body


def finite(values: Sequence[float], n: int) -> tuple[float, ...]:
    """`n` numbers of a body.

    Raises:
        ValueError: There are more or fewer, or one is not finite.
    """
    if len(values) != n or not all(isfinite(x) for x in values):
        raise ValueError(f"expected {n} finite numbers, found {len(values)}")
    return tuple(map(float, values))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
