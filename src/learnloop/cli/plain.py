"""How do frozen results become JSON? Objects by field, instants in ISO 8601, refs as text."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from learnloop.core.types import Ref


def plain(value: Any) -> Any:
    """The value as JSON knows it; a number that is not finite becomes null."""
    match value:
        case Mapping():
            return {str(plain(k)): plain(v) for k, v in value.items()}
        case Ref():
            return str(value)
        case tuple() if hasattr(value, "_asdict"):
            return plain(value._asdict())
        case list() | tuple() | set() | frozenset():
            return [plain(v) for v in value]
        case _ if is_dataclass(value):
            return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
        case _:
            return _scalar(value)


def _scalar(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case float() if not math.isfinite(value):
            return None
        case _:
            return value
