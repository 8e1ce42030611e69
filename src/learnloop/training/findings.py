"""What does one check of the leakage audit say?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """Passed and failed are measured; unknown says what is missing to measure it."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: Its name, listed in the docs.
        message: What was seen, and for a failure what to do.
        measured: The numbers that it was judged by.
    """

    check: str
    verdict: Verdict
    message: str
    measured: Mapping[str, float] = field(default_factory=dict)
