"""Was this asked a moment ago, or is it being computed right now? Then it is not computed again.

An entry is a future: the first who asks for a key starts it, everybody else waits for it or reads
it. So a stampede on one key costs one computation. Entries end after `ttl_s`, the least
recently used go first when there are too many, and those of an owner (a learner) go with the
owner's next event: whoever asks after it gets an answer that was computed after it.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

MAX_ENTRIES = 10_000
TTL_S = 2.0


class Pending(Protocol):
    """A future: of a thread or of an event loop."""

    def add_done_callback(self, call: Callable[[Any], object], /) -> None: ...

    def cancelled(self) -> bool: ...

    def exception(self) -> BaseException | None: ...


F = TypeVar("F", bound=Pending)


class _Entry(NamedTuple, Generic[F]):
    future: F
    until: float
    owner: str | None


class Cache(Generic[F]):
    """Answers of the last moments; safe to share between threads."""

    def __init__(
        self,
        *,
        max_entries: int = MAX_ENTRIES,
        ttl_s: float = TTL_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_entries = max_entries
        self._ttl_s = ttl_s
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry[F]] = OrderedDict()
        self._of_owner: dict[str, set[Hashable]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def claim(
        self, key: Hashable, start: Callable[[], F], owner: str | None = None
    ) -> tuple[F, bool]:
        """The future of a key, and whether it was there; else `start` makes it, quickly.

        One that ends in an error is forgotten, so the next who asks tries again.
        """
        with self._lock:
            now = self._clock()
            found = self._entries.get(key)
            if found is not None:
                if now < found.until:
                    self._entries.move_to_end(key)
                    return found.future, True
                self._drop(key)
            future = start()
            self._entries[key] = _Entry(future, now + self._ttl_s, owner)
            if owner is not None:
                self._of_owner.setdefault(owner, set()).add(key)
            if len(self._entries) > self._max_entries:
                self._drop(next(iter(self._entries)))
        future.add_done_callback(lambda done: self._forget_failed(key, done))
        return future, False

    def invalidate(self, owner: str) -> None:
        """Forget what belongs to an owner; who waits for it already still gets it."""
        if owner not in self._of_owner:
            return
        with self._lock:
            for key in tuple(self._of_owner.get(owner, ())):
                self._drop(key)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._of_owner.clear()

    def _forget_failed(self, key: Hashable, future: F) -> None:
        if not future.cancelled() and future.exception() is None:
            return
        with self._lock:
            found = self._entries.get(key)
            if found is not None and found.future is future:
                self._drop(key)

    def _drop(self, key: Hashable) -> None:
        owner = self._entries.pop(key).owner
        if owner is not None:
            keys = self._of_owner[owner]
            keys.discard(key)
            if not keys:
                del self._of_owner[owner]
