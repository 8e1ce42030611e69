"""Does a challenger harm those who get it? Then it has to go, without anybody having to look.

Three comparisons with the champion, each as evidence that may be looked at after every answer:

    failures   it gave no usable answer, and the champion did at its last call
    latency    its call was slow and the champion's last one was not; slow is more than 3 times the
               champion's usual time, and at least 1 ms
    outcome    log loss on answers for which both were asked, the champion in the background

Each may cry wolf with a chance of alpha / 3 over the whole life of a challenger, however often it
is looked at: together at most alpha, by default 1%, in each process. (Evidence is gathered by each
process on its own requests.)
"""

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from learnloop.core.types import Ref
from learnloop.serving.evidence import Evidence

CLIP: Final = 0.01
"""Probabilities count as at least this far from 0 and 1."""
MOST_LOSS: Final = math.log((1.0 - CLIP) / CLIP)
"""By how much two losses on one answer can differ, nats."""


@dataclass(frozen=True, slots=True)
class GuardRule:
    """What a challenger may do worse than the champion.

    Attributes:
        alpha: Chance that a challenger which is not worse is ever rolled back, (0, 1).
        failures: Tolerated difference in the share of failed calls.
        slow: Tolerated difference in the share of slow calls.
        log_loss: Tolerated difference in log loss, nats.
        slow_factor: A call is slow that takes longer than so many of the champion's usual ones ...
        slow_us: ... and than this.
    """

    alpha: float = 0.01
    failures: float = 0.01
    slow: float = 0.05
    log_loss: float = 0.01
    slow_factor: float = 3.0
    slow_us: float = 1000.0


@dataclass(frozen=True, slots=True)
class Breach:
    """A challenger that is worse than its champion.

    Attributes:
        guard: `failures`, `latency` or `outcome`.
        n: Readings until it was plain.
    """

    slot: str
    challenger: Ref
    champion: Ref
    guard: str
    n: int

    @property
    def reason(self) -> str:
        """In words, for the history of the aliases."""
        return f"{self.guard} worse than {self.champion} after {self.n} readings"


class Guardrail:
    """The guard of one challenger against one champion; safe to share between threads."""

    def __init__(
        self,
        slot: str,
        challenger: Ref,
        champion: Ref,
        usual_us: float,
        rule: GuardRule | None = None,
    ) -> None:
        self.rule = rule = rule or GuardRule()
        self.slot, self.challenger, self.champion = slot, challenger, champion
        self.slow_us = max(rule.slow_factor * usual_us, rule.slow_us)
        self.breach: Breach | None = None
        self._lock = threading.Lock()
        self._evidence: Mapping[str, Evidence] = {
            "failures": Evidence(rule.failures),
            "latency": Evidence(rule.slow),
            "outcome": Evidence(rule.log_loss / MOST_LOSS),
        }
        self._last: tuple[bool, bool] | None = None  # of the champion: failed, slow

    def champion_called(self, failed: bool, took_us: float) -> None:
        """Note how the champion's latest call went."""
        self._last = (failed, took_us > self.slow_us)

    def challenger_called(self, failed: bool, took_us: float) -> Breach | None:
        """Compare a call with the champion's latest; each of those is used once."""
        with self._lock:
            last, self._last = self._last, None
            if last is None:
                return None
            found = self._add("failures", failed - last[0])
            if failed:
                return found
            return self._add("latency", (took_us > self.slow_us) - last[1]) or found

    def outcome(self, p_challenger: float, p_champion: float, correct: bool) -> Breach | None:
        """Compare what both said of one answer with what came of it.

        Args:
            p_challenger: Its P(correct).
            p_champion: That of the champion, for the same question.
            correct: What the answer was.
        """
        worse = _loss(p_challenger, correct) - _loss(p_champion, correct)
        with self._lock:
            return self._add("outcome", worse / MOST_LOSS)

    def _add(self, guard: str, reading: float) -> Breach | None:
        """The breach, the first time that there is one."""
        if self.breach is not None:
            return None
        evidence = self._evidence[guard]
        evidence.add(reading)
        if evidence.wealth * self.rule.alpha < len(self._evidence):
            return None
        self.breach = Breach(self.slot, self.challenger, self.champion, guard, evidence.n)
        return self.breach


def _loss(p: float, correct: bool) -> float:
    p = min(max(p, CLIP), 1.0 - CLIP)
    return -math.log(p if correct else 1.0 - p)
