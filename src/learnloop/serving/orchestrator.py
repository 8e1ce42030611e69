"""Who answers this question? The challenger for some, else the champion, else whoever still can.

    challenger -> champion -> the champion before -> a rule

A version that fails, gives NaN, is late, or has failed too often lately (its breaker is open) is
passed over, and the answer says so in a Reason. So there is always an answer; only where a queue is
full the question is refused, because waiting longer would help nobody.

`steps` is the one definition of it, as a generator that yields what has to be waited for: `predict`
waits in its thread, the HTTP route on its event loop. Nothing is waited for while a model is quick.
"""

import asyncio
import hashlib
import math
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from learnloop.core.arrays import Arrays
from learnloop.core.errors import NotFound, Overloaded
from learnloop.core.types import Ref
from learnloop.serving.awaited import Awaited
from learnloop.serving.breaker import REFUSED
from learnloop.serving.cache import Cache
from learnloop.serving.gathering import Gatherer
from learnloop.serving.guardrail import Breach, Guardrail, GuardRule
from learnloop.serving.live_set import LiveSet, Slot
from learnloop.serving.served import CallFailed, Served, ServedBy, Why, fell_back
from learnloop.serving.split import Split
from learnloop.serving.version import Version, rows_of

DEADLINE_S: Final = 0.25
NOT_ITS_FAULT: Final = frozenset({Why.BREAKER_OPEN, Why.QUEUE_FULL, Why.OTHER_FEATURES})
"""These say nothing about whether a version works."""


class Wait(NamedTuple):
    """What an answer waits for.

    Attributes:
        future: Of a thread; of the event loop only where it gathers.
        timeout_s: How long at most; None where it is there at the end of the tick.
        was_there: The same question was asked before.
    """

    future: "Future[Arrays] | asyncio.Future[Arrays]"
    timeout_s: float | None
    was_there: bool = False


class ByFeatures(dict[str | None, Arrays]):
    """Inputs for every version of the features that a slot's models take."""


Inputs = Arrays | ByFeatures
Chain = tuple[tuple[ServedBy, Version], ...]
Canary = tuple[str, Ref | None, Ref | None]
Steps = Generator[Wait, Arrays, Served]
Observe = Callable[[Served, Arrays], None]
"""Told of every answer, shadows' too; has to be quick."""


class ModelOrchestrator:
    """Answers questions to slots from one live set, which a swap replaces whole.

    Args:
        observe: Told of every answer, on the thread that made it.
        on_breach: Told once of a challenger that is worse than its champion; it answers no more.
        clock: Seconds, ever rising.

    Stability: experimental.
    """

    def __init__(
        self,
        *,
        observe: Observe | None = None,
        on_breach: Callable[[Breach], None] | None = None,
        deadline_s: float = DEADLINE_S,
        guard: GuardRule | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.live = LiveSet()
        self.observe = observe
        self.on_breach = on_breach
        self.deadline_s = deadline_s
        self.cache: Cache[Future[Arrays]] = Cache(clock=clock)
        self.n_shadows_dropped = self.n_shadows_failed = self.n_unobserved = 0
        self.gatherer = Gatherer()
        self.awaited = Awaited()
        self._rule = guard
        self._guards: dict[Canary, Guardrail] = {}
        self._clock = clock

    def swap(self, live: LiveSet) -> None:
        """Answer from another live set from the next question on."""
        guards = {}
        for slot in live.slots.values():
            challenger, champion = slot.challenger, slot.champion
            if challenger is not None and champion is not None:
                canary = _canary(slot)
                guards[canary] = self._guards.get(canary) or Guardrail(
                    slot.name, challenger.ref, champion.ref, champion.cost.single_us, self._rule
                )
        # The guards first: a question that is under way still finds that of the old challenger.
        self._guards = self._guards | guards
        self.live = live
        self._guards = guards

    def slot(self, name: str) -> Slot:
        """The slot of that name, as of now.

        Raises:
            NotFound: No model answers there.
        """
        found = self.live.slots.get(name)
        if found is None:
            raise NotFound(f"name: no model answers as {name!r}", field="name")
        return found

    def predict(
        self,
        slot: str,
        inputs: Inputs,
        *,
        key: str = "",
        items: Sequence[str] = (),
        deadline_s: float | None = None,
    ) -> Served:
        """An answer, waited for in this thread.

        Args:
            slot: Which slot is asked.
            inputs: As the slot's `inputs` say; arrays of the right dtype and shape.
            key: For whom, e.g. the learner's id: decides between champion and challenger. Nobody
                in particular gets the champion.
            items: What each row is about, for the log.
            deadline_s: How long the answer may take; by default a quarter of a second.

        Raises:
            NotFound: No model answers in that slot.
            Overloaded: Too many questions wait for the champion already.
        """
        steps = self.steps(self.slot(slot), inputs, key, items, deadline_s)
        try:
            wait = next(steps)
            while True:
                assert isinstance(wait.future, Future)  # nobody gathers here
                try:
                    outputs = wait.future.result(wait.timeout_s)
                except Exception as error:
                    wait = steps.throw(error)
                else:
                    wait = steps.send(outputs)
        except StopIteration as done:
            served: Served = done.value
            return served

    def steps(
        self,
        slot: Slot,
        inputs: Inputs,
        key: str = "",
        items: Sequence[str] = (),
        deadline_s: float | None = None,
        gatherer: Gatherer | None = None,
    ) -> Steps:
        """The answer as a generator: send the outputs of each `Wait`, or throw its error.

        Args:
            slot: Which slot is asked; see `predict` for the others.
            gatherer: Of the event loop on which it is waited for.

        Raises:
            Overloaded: Too many questions wait for the champion already.
        """
        start = now = self._clock()
        until = start + (self.deadline_s if deadline_s is None else deadline_s)
        guard = None if slot.split is None else self._guards.get(_canary(slot))
        chain = slot.chain if slot.split is None else self._chain(slot, slot.split, key, guard)
        reasons = slot.reasons
        for place, (role, version) in enumerate(chain):
            began, was_there, why = now, False, None
            ticket = version.breaker.enter()
            try:
                if ticket == REFUSED:
                    raise CallFailed(Why.BREAKER_OPEN)
                own = own_inputs(inputs, version)
                # Half of the time for each that has another behind it.
                end = until if place == len(chain) - 1 else (began + until) / 2
                found = self._asked(version, own, began, end, gatherer)
                if isinstance(found, Wait):
                    was_there, outputs = found.was_there, (yield found)
                else:
                    outputs = found
            except (CallFailed, TimeoutError) as error:
                why = error.why if isinstance(error, CallFailed) else Why.LATE
            now = self._clock()
            if why is Why.QUEUE_FULL and role is ServedBy.CHAMPION:
                raise Overloaded(f"more questions wait for {slot.name} than it can answer in time")
            if why is None:
                version.breaker.succeeded(ticket)
            elif why not in NOT_ITS_FAULT:
                version.breaker.failed(ticket)
            if guard is not None:
                self._compare(guard, role, why is not None, (now - began) * 1e6)
            if why is None:
                ref, took_us = version.ref, (now - start) * 1e6
                served = Served(
                    slot.name, key, role, ref, outputs, reasons, took_us, was_there, items
                )
                if slot.shadow is not None or role is ServedBy.CHALLENGER:
                    self._ask_shadows(slot, served, inputs)
                self._tell(served, own)
                return served
            reasons = (*reasons, fell_back(version.ref, why))
        given = next(iter(inputs.values())) if isinstance(inputs, ByFeatures) else inputs
        said, took_us = slot.rule(given), (self._clock() - start) * 1e6
        ref, by = slot.rule_ref, ServedBy.RULE
        served = Served(slot.name, key, by, ref, said, reasons, took_us, False, items)
        self._tell(served, given)
        return served

    def answered(self, key: str, item: str, correct: bool) -> None:
        """Let the guards know how a learner answered an item; cheap where nothing waits for it."""
        said = self.awaited.take(key, item) if len(self.awaited) else None
        if said is not None:
            self.outcome(said.slot, said.challenger, said.p_challenger, said.p_champion, correct)

    def outcome(
        self, slot: str, challenger: Ref, p_challenger: float, p_champion: float, correct: bool
    ) -> None:
        """Let the guard of a challenger know what came of an answer that both were asked for.

        Args:
            p_challenger: Its P(correct).
            p_champion: That of the champion.
            correct: What the answer was.
        """
        found = self.live.slots.get(slot)
        guard = None if found is None else self._guards.get(_canary(found))
        if guard is not None and guard.challenger == challenger:
            self._breached(guard.outcome(p_challenger, p_champion, correct))

    def _chain(self, slot: Slot, split: Split, key: str, guard: Guardrail | None) -> Chain:
        """Whom to ask, in order, in a slot that has a challenger."""
        if not key or (guard is not None and guard.breach is not None):
            return slot.chain
        return slot.with_challenger if split.takes(key) else slot.chain

    def _asked(
        self, version: Version, inputs: Arrays, now: float, until: float, gatherer: Gatherer | None
    ) -> Arrays | Wait:
        """The answer of a quick version, or what to wait for."""
        rows = rows_of(inputs)
        if rows > version.quick_rows:
            key = version.sha256, digest(inputs)
            start = partial(version.worker.submit, inputs, rows, until)
            future, was_there = self.cache.claim(key, start)
            return Wait(future, until - now, was_there)
        if gatherer is not None and gatherer.pays(version, rows):
            return Wait(gatherer.ask(version, inputs, rows), None)
        return version.call(inputs)

    def _compare(self, guard: Guardrail, role: ServedBy, failed: bool, took_us: float) -> None:
        if role is ServedBy.CHAMPION:
            guard.champion_called(failed, took_us)
        elif role is ServedBy.CHALLENGER:
            self._breached(guard.challenger_called(failed, took_us))

    def _breached(self, breach: Breach | None) -> None:
        if breach is not None and self.on_breach is not None:
            self.on_breach(breach)

    def _ask_shadows(self, slot: Slot, heard: Served, inputs: Inputs) -> None:
        """Ask off the hot path those who are not heard; the champion too, to compare with."""
        for version in (slot.shadow, slot.champion):
            is_champion = version is slot.champion
            if version is None or (is_champion and heard.role is not ServedBy.CHALLENGER):
                continue
            began = self._clock()
            try:
                own = own_inputs(inputs, version)
                future = version.worker.submit(own, rows_of(own), math.inf, is_background=True)
            except CallFailed:
                self.n_shadows_dropped += 1
                continue
            future.add_done_callback(
                partial(self._shadow_said, heard, version, is_champion, own, began)
            )

    def _shadow_said(
        self,
        heard: Served,
        version: Version,
        is_champion: bool,
        inputs: Arrays,
        began: float,
        future: "Future[Arrays]",
    ) -> None:
        if future.exception() is not None:
            self.n_shadows_failed += 1
            return
        took_us = (self._clock() - began) * 1e6
        if heard.role is ServedBy.CHALLENGER and is_champion:
            self.awaited.put(heard, future.result())
        said = heard._replace(
            role=ServedBy.SHADOW, ref=version.ref, outputs=future.result(), reasons=(),
            latency_us=took_us, cached=False,
        )  # fmt: skip
        self._tell(said, inputs)

    def _tell(self, served: Served, inputs: Arrays) -> None:
        if self.observe is not None:
            try:
                self.observe(served, inputs)
            except Exception:  # whoever watches must not keep an answer from its caller
                self.n_unobserved += 1


def own_inputs(inputs: Inputs, version: Version) -> Arrays:
    """What this version takes.

    Raises:
        CallFailed: It takes other features than were given.
    """
    if not isinstance(inputs, ByFeatures):
        return inputs
    own = inputs.get(version.features)
    if own is None:
        raise CallFailed(Why.OTHER_FEATURES)
    return own


def digest(inputs: Arrays) -> bytes:
    """Stands for the inputs in a cache: the same for the same arrays."""
    hashed = hashlib.blake2b(digest_size=16)
    for name, own in inputs.items():
        hashed.update(f"{name}{own.shape}{own.dtype.str}".encode())
        hashed.update(np.ascontiguousarray(own).data)
    return hashed.digest()


def _canary(slot: Slot) -> Canary:
    return slot.name, _ref(slot.challenger), _ref(slot.champion)


def _ref(version: Version | None) -> Ref | None:
    return None if version is None else version.ref
