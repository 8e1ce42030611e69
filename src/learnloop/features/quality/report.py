"""What does a look at a log say? One check per question: how it is, how often, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import polars as pl

N_EXAMPLES = 5


class Status(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One answered question.

    Attributes:
        code: Stable; docs/guides/quality.md explains each.
        found: What was seen, in a sentence.
        n: How many of them are concerned.
        of: How many were looked at.
        examples: Where to look first: ids of interactions, unless `found` says of what.
        to_do: Empty where nothing has to be done.
    """

    code: str
    status: Status
    found: str
    n: int = 0
    of: int = 0
    examples: tuple[str, ...] = ()
    to_do: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """The events of one day (UTC), and how many the same weekdays before let expect.

    Attributes:
        low: NaN where too few weeks went before; so is `high`.
    """

    day: str
    n: int
    low: float
    high: float

    @property
    def is_strange(self) -> bool:
        """Whether the number of events lies outside what was to be expected."""
        return self.n < self.low or self.n > self.high


@dataclass(frozen=True, slots=True)
class Missing:
    """How often a kind of event lacks the value of a column."""

    column: str
    kind: str
    n: int
    of: int


@dataclass(frozen=True, slots=True)
class Delay:
    """How many events came that long after they had happened."""

    label: str
    n: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that was seen.

    Attributes:
        as_of: The clock when it was looked at.
        first_at: Of the earliest event that has a time.
        last_at: Of the latest one.
        days: From the first to the last, also those without events.
        delays: Only of events that say when they were received.
    """

    as_of: datetime
    n_events: int
    n_learners: int
    first_at: datetime | None
    last_at: datetime | None
    checks: tuple[Check, ...]
    days: tuple[Day, ...] = ()
    missing: tuple[Missing, ...] = ()
    delays: tuple[Delay, ...] = ()

    @property
    def alerts(self) -> tuple[Check, ...]:
        """The checks that ask for something, the worst first."""
        failed = [x for x in self.checks if x.status is Status.FAIL]
        return (*failed, *(x for x in self.checks if x.status is Status.WARN))

    @property
    def status(self) -> Status:
        """That of the worst check."""
        return self.alerts[0].status if self.alerts else Status.OK

    def adding(self, check: Check) -> "Report":
        """The same with one more check, in front."""
        return replace(self, checks=(check, *self.checks))


def judge(
    code: str,
    n: int,
    of: int,
    found: str,
    to_do: str,
    *,
    fail_above: float,
    warn_above: float = 0.0,
    examples: Sequence[str] = (),
) -> Check:
    """A check by the share of what is concerned: there is a limit to warn at and one to fail at."""
    share = n / of if of else 0.0
    status = Status.OK
    if share > warn_above:
        status = Status.FAIL if share > fail_above else Status.WARN
    if status is Status.OK:
        examples, to_do = (), ""
    return Check(code, status, found, n, of, tuple(examples), to_do)


def examples_of(rows: pl.DataFrame, column: str = "interaction_id") -> tuple[str, ...]:
    """The first of the rows, by id."""
    return tuple(rows[column].drop_nulls().head(N_EXAMPLES).to_list())
