"""Who tells the server? One thread that can wait for it, while training does not.

Each failure makes the next try later, up to a minute. The first is logged, and so is the end of
the trouble; the ones between are counted. What the server refuses for good (it does not depend on
when it is told) is logged and passed over, so that it can't hold up the rest.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from learnloop.core.errors import LearnloopError
from learnloop.training.tracking.spool import Entry, SpoolFile, drop_contents, left_over

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
METRICS_AT_ONCE = 1000

_log = structlog.get_logger("learnloop.tracking")


class TrackingUnavailable(LearnloopError):
    """The tracking server does not answer; what it was to be told is kept."""

    code = "tracking_unavailable"


class Refused(Exception):
    """The server understood and says no."""


class Service(Protocol):
    """What can be told; telling the same twice changes nothing."""

    def tell(self, entries: Sequence[Entry], spool: SpoolFile) -> None:
        """Tell one entry, or several of metrics of one run.

        Raises:
            TrackingUnavailable: Try again later.
            Refused: Don't.
        """
        ...


@dataclass(frozen=True, slots=True)
class Flushed:
    """How many lines were told, and how many of them the server refused."""

    n_told: int
    n_refused: int


class Sender:
    """Tells what stands in this process's file, after what earlier processes have left."""

    def __init__(self, service: Service, spool: SpoolFile) -> None:
        self.n_failures = 0
        self.n_refused = 0
        self._service = service
        self._spool = spool
        self._wake = threading.Condition()
        self._news = True  # something may be left over
        self._closing = False
        self._away = False
        self._thread = threading.Thread(target=self._work, name="tracking", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something to tell."""
        with self._wake:
            self._news = True
            self._wake.notify()

    def close(self, patience_s: float) -> bool:
        """Tell what is left, waiting for so long at most; whether the thread is through."""
        with self._wake:
            self._closing = self._news = True
            self._wake.notify()
        self._thread.join(patience_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            with self._wake:
                self._wake.wait_for(
                    lambda: self._closing or (self._news and not self._away),
                    pause if self._away else None,
                )
                closing, self._news = self._closing, False
            try:
                self._tell_all()
                pause = FIRST_PAUSE_S
            except TrackingUnavailable as error:
                self._failed(error)
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                self._recovered()
            if closing:
                return

    def _tell_all(self) -> None:
        self.n_refused += flush_folder(self._service, self._spool.path.parent).n_refused
        self.n_refused += flush_file(self._service, self._spool).n_refused

    def _failed(self, error: TrackingUnavailable) -> None:
        self.n_failures += 1
        if not self._away:
            _log.warning("tracking_unavailable", error=error.message, kept_in=str(self._spool.path))
        self._away = True

    def _recovered(self) -> None:
        if self._away:
            _log.info("tracking_available", n_failures=self.n_failures)
        self._away = False


def flush_folder(service: Service, folder: Path) -> Flushed:
    """Tell what processes that are gone have left.

    Raises:
        TrackingUnavailable: The server does not answer; the rest is kept.
    """
    n_told = n_refused = 0
    for spool in left_over(folder):
        try:
            spool.settle()
            found = flush_file(service, spool)
        finally:
            spool.close()
        n_told, n_refused = n_told + found.n_told, n_refused + found.n_refused
    drop_contents(folder)
    return Flushed(n_told, n_refused)


def flush_file(service: Service, spool: SpoolFile) -> Flushed:
    """Tell what stands in a file.

    Raises:
        TrackingUnavailable: The server does not answer; the rest is kept.
    """
    n_told = n_refused = 0
    for entries, position in _together(spool.waiting()):
        n_told += len(entries)
        try:
            service.tell(entries, spool)
        except Refused as error:
            _log.warning("tracking_refused", what=entries[0]["say"], error=str(error))
            n_refused += len(entries)
        spool.told(position)
    return Flushed(n_told, n_refused)


def _together(waiting: Iterator[tuple[Entry, int]]) -> Iterator[tuple[list[Entry], int]]:
    """Entries in order; metrics of one run that follow each other are told at once."""
    group: list[Entry] = []
    n, behind = 0, 0
    for entry, position in waiting:
        size = max(len(entry["values"]), 1) if entry["say"] == "metrics" else METRICS_AT_ONCE
        if group and (n + size > METRICS_AT_ONCE or entry["run"] != group[0]["run"]):
            yield group, behind
            group, n = [], 0
        group.append(entry)
        n, behind = n + size, position
    if group:
        yield group, behind
