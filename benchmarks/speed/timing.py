"""How long does one call take? Each call is timed alone, in rounds that alternate between systems.

The smallest and the median say what the code costs; p99 also what the machine did meanwhile, so the
p99 of the quietest round stands beside it. CPU time is of the whole process, per call.
The standard library and numpy only: the peers' interpreter imports this too.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Timing = tuple[list[int], int]
"""Wall time of each call and CPU time of all, nanoseconds."""

UNITS = {"us": 1e3, "ms": 1e6, "s": 1e9}


@dataclass
class Samples:
    """Rounds of wall times, nanoseconds per call, and the CPU time of each round."""

    rounds: list[list[int]] = field(default_factory=list)
    cpu_ns: list[int] = field(default_factory=list)

    def add(self, wall_ns: list[int], cpu_ns: int) -> None:
        self.rounds.append(wall_ns)
        self.cpu_ns.append(cpu_ns)

    @property
    def n(self) -> int:
        return sum(map(len, self.rounds))

    def summary(self, unit: str) -> dict[str, int | float]:
        """`n`, `min_`, `median_`, `p99_`, `p99_quiet_` and `cpu_` with the unit as their end."""
        scale = UNITS[unit]
        every = np.concatenate([np.asarray(r) for r in self.rounds]) / scale
        quiet = min(float(np.percentile(r, 99)) for r in self.rounds) / scale
        return {
            "n": self.n,
            f"min_{unit}": float(every.min()),
            f"median_{unit}": float(np.median(every)),
            f"p99_{unit}": float(np.percentile(every, 99)),
            f"p99_quiet_{unit}": quiet,
            f"cpu_{unit}": sum(self.cpu_ns) / scale / self.n,
        }


def timed(call: Callable[..., object], arguments: Iterable[tuple[Any, ...]]) -> Timing:
    """Call once per tuple of arguments, timing each call alone (which adds about 0.1 us)."""
    clock = time.perf_counter_ns
    wall = []
    cpu = time.process_time_ns()
    for args in arguments:
        start = clock()
        call(*args)
        wall.append(clock() - start)
    return wall, time.process_time_ns() - cpu
