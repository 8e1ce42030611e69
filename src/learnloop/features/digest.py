"""Were two vectors made by the same definitions? One digest of names and expressions says so.

It is that of the trees, not of the programs written from them: a faster program keeps it.
"""

from collections.abc import Sequence
from dataclasses import fields
from hashlib import blake2b

from learnloop.features.definition import Feature
from learnloop.features.language import Expr


def digest(features: Sequence[Feature]) -> str:
    """16 hexadecimal digits; another order, name or expression gives others."""
    known: dict[Expr, str] = {}
    return _short([f"{x.name}={_of(x.value, known)}" for x in features])


def _of(x: Expr, known: dict[Expr, str]) -> str:
    if x not in known:
        parts = [type(x).__name__]
        for field in fields(x):
            value = getattr(x, field.name)
            inner = value if isinstance(value, tuple) else (value,)
            texts = [_of(v, known) if isinstance(v, Expr) else repr(v) for v in inner]
            if field.name != "meaning":
                parts.append(f"{field.name}:{','.join(texts)}")
        known[x] = _short(parts)
    return known[x]


def _short(parts: Sequence[str]) -> str:
    return blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()
