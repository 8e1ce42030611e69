"""Should a version that failed be asked again? Not for a while; then once, to see.

    closed      every call goes through; `most` failures among the last `of` calls open it
    open        no call goes through for `wait_s`
    half open   one call at a time goes through; `probes` good ones in a row close it, a bad one
                opens it again, for twice as long, up to `longest_s`

A call takes a ticket and hands it back with its result. A result of another time (the call began
before the breaker opened, or the probe was given up) counts for nothing.

Reference: Nygard (2018), "Release It!", 2nd edition, "Circuit breaker".
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

REFUSED: Final = 0


class BreakerState(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """When it opens, and for how long.

    Attributes:
        most: So many failures, >= 1 ...
        of: ... among the last so many calls open it.
        wait_s: How long it stays open the first time; also how long a probe is waited for.
        longest_s: The longest that it ever stays open.
        probes: Good calls in a row that close it, >= 1.
    """

    most: int = 5
    of: int = 20
    wait_s: float = 5.0
    longest_s: float = 60.0
    probes: int = 3


class Window:
    """How many of the last calls were bad? Whole numbers as bits, the newest lowest."""

    def __init__(self, of: int) -> None:
        self._mask = (1 << of) - 1
        self.bits = 0

    def add(self, bad: bool) -> int:
        """How many are bad, with this one."""
        self.bits = ((self.bits << 1) | bad) & self._mask
        return self.bits.bit_count()


class Breaker:
    """The breaker of one version; safe to share between threads.

    A good call while nothing is wrong takes no lock.
    """

    def __init__(
        self, rule: BreakerRule | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rule = rule or BreakerRule()
        self._clock = clock
        self._lock = threading.Lock()
        self._window = Window(self.rule.of)
        self._ticket = REFUSED + 1
        self._until: float | None = None  # None: closed; else the next call goes through then
        self._wait_s = self.rule.wait_s
        self._good = 0
        self._probing = False

    @property
    def state(self) -> BreakerState:
        """As of now."""
        until = self._until
        if until is None:
            return BreakerState.CLOSED
        waits = not self._probing and self._clock() < until
        return BreakerState.OPEN if waits else BreakerState.HALF_OPEN

    def enter(self) -> int:
        """A ticket for one call, or `REFUSED`."""
        if self._until is None:
            return self._ticket
        with self._lock:
            now = self._clock()
            if self._until is None:
                return self._ticket
            if now < self._until:
                return REFUSED
            self._probing = True
            self._until = now + self._wait_s
            return self._next()

    def succeeded(self, ticket: int) -> None:
        """The call of that ticket went well."""
        if self._until is None and not self._window.bits:
            return
        with self._lock:
            if ticket != self._ticket:
                return
            if self._until is None:
                self._window.add(False)
                return
            self._next()
            self._probing = False
            self._good += 1
            self._until = self._clock()
            if self._good >= self.rule.probes:
                self._until, self._window.bits = None, 0
                self._wait_s, self._good = self.rule.wait_s, 0

    def failed(self, ticket: int) -> None:
        """The call of that ticket did not."""
        with self._lock:
            if ticket != self._ticket:
                return
            if self._until is None:
                if self._window.add(True) < self.rule.most:
                    return
            else:
                self._wait_s = min(2 * self._wait_s, self.rule.longest_s)
            self._next()
            self._probing, self._good = False, 0
            self._until = self._clock() + self._wait_s

    def _next(self) -> int:
        self._ticket += 1
        return self._ticket
