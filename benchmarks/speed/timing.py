"""How long does one call take? Each call is timed alone, in rounds that alternate between systems.

Wall time is what a caller waits; its p99 also says what the machine did meanwhile, so the p99 of
the quietest round stands beside it. CPU time is the calling thread's own, so a neighbour's work
does not count (but still slows it, through shared caches and clock rates).
The standard library and numpy only: the peers' interpreter imports this too.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Timing = tuple[list[int], list[int]]
"""Wall time and CPU time of each call, nanoseconds."""

UNITS = {"us": 1e3, "ms": 1e6, "s": 1e9}


@dataclass
class Samples:
    """Rounds of wall and CPU times, nanoseconds per call."""

    rounds: list[Timing] = field(default_factory=list)

    def add(self, timing: Timing) -> None:
        self.rounds.append(timing)

    @property
    def n(self) -> int:
        return sum(len(wall) for wall, _ in self.rounds)

    def summary(self, unit: str) -> dict[str, int | float]:
        """`n`, `min_`, `median_`, `p99_`, `p99_quiet_`, `cpu_`, `cpu_p99_`, ending in the unit."""
        scale = UNITS[unit]
        wall = np.concatenate([np.asarray(w) for w, _ in self.rounds]) / scale
        cpu = np.concatenate([np.asarray(c) for _, c in self.rounds]) / scale
        quiet = min(float(np.percentile(w, 99)) for w, _ in self.rounds) / scale
        return {
            "n": self.n,
            f"min_{unit}": float(wall.min()),
            f"median_{unit}": float(np.median(wall)),
            f"p99_{unit}": float(np.percentile(wall, 99)),
            f"p99_quiet_{unit}": quiet,
            f"cpu_{unit}": float(np.median(cpu)),
            f"cpu_p99_{unit}": float(np.percentile(cpu, 99)),
        }


def timed(call: Callable[..., object], arguments: Iterable[tuple[Any, ...]]) -> Timing:
    """Call once per tuple of arguments, timing each call alone.

    The clocks add about 0.1 us to a wall time and 0.4 us to a CPU time.
    """
    wall_clock, cpu_clock = time.perf_counter_ns, time.thread_time_ns
    wall, cpu = [], []
    for args in arguments:
        cpu_start = cpu_clock()
        start = wall_clock()
        call(*args)
        wall.append(wall_clock() - start)
        cpu.append(cpu_clock() - cpu_start)
    return wall, cpu
