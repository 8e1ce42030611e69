"""Can questions that come at the same moment be run together? On an event loop, within one tick.

A run of 32 rows costs little more than one of a single row, but to gather costs too: a question is
put down and taken up again a tick later. So it is done for models where a run is dear enough, as
measured at their loading, and only while questions do come together: where one was alone, the next
ones are answered at once and it is tried again a little later.
"""

import asyncio
from typing import Final, NamedTuple

from learnloop.core.arrays import Arrays
from learnloop.serving.served import CallFailed
from learnloop.serving.version import BATCH, Version
from learnloop.serving.worker import joined, shape_of, split

GATHERING_US: Final = 25.0
"""What a row has to be cheaper in a batch, so that already two together are worth the waiting."""
AT_ONCE: Final = 30
"""So many questions are answered at once after one that was alone."""


class _Waiting(NamedTuple):
    inputs: Arrays
    rows: int
    future: "asyncio.Future[Arrays]"


class Gatherer:
    """Gathers the questions of one tick of the running event loop; of that thread alone."""

    def __init__(self) -> None:
        self._waiting: dict[Version, list[_Waiting]] = {}
        self._at_once: dict[Version, int] = {}

    def pays(self, version: Version, rows: int) -> bool:
        """Is this question better put down until the end of the tick?"""
        if version.cost.saved_us < GATHERING_US or rows * BATCH > version.quick_rows:
            return False
        left = self._at_once.get(version, 0)
        if left:
            self._at_once[version] = left - 1
        return not left

    def ask(self, version: Version, inputs: Arrays, rows: int) -> "asyncio.Future[Arrays]":
        """The answer, at the end of the tick; it raises `CallFailed` like `Version.call`."""
        loop = asyncio.get_running_loop()
        waiting = self._waiting.setdefault(version, [])
        if not waiting:
            loop.call_soon(self._answer, version)
        future: asyncio.Future[Arrays] = loop.create_future()
        waiting.append(_Waiting(inputs, rows, future))
        return future

    def _answer(self, version: Version) -> None:
        waiting = self._waiting.pop(version)
        if len(waiting) == 1:
            self._at_once[version] = AT_ONCE
        groups: dict[object, list[_Waiting]] = {}
        for one in waiting:
            groups.setdefault(shape_of(one.inputs), []).append(one)
        for group in groups.values():
            for start in range(0, len(group), BATCH):
                self._run(version, group[start : start + BATCH])

    def _run(self, version: Version, group: list[_Waiting]) -> None:
        try:
            together = version.call(joined([one.inputs for one in group]))
        except CallFailed as error:
            if len(group) == 1:
                _settle(group[0].future, error)
            else:  # one of them may spoil it for all: ask each alone
                for one in group:
                    self._run(version, [one])
            return
        answers = split(together, [one.rows for one in group])
        for one, answer in zip(group, answers, strict=True):
            _settle(one.future, answer)


def _settle(future: "asyncio.Future[Arrays]", said: Arrays | CallFailed) -> None:
    if future.done():  # who asked has gone
        return
    if isinstance(said, CallFailed):
        future.set_exception(said)
    else:
        future.set_result(said)
