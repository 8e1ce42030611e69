"""What does a peer's process do? Set itself up, then make and time calls when it is told to.

One JSON object per line: `{"setup": {...}}` is answered with `{"about": {...}}`, then
`{"job": name, "n": calls}` with `{"wall_ns": [...], "cpu_ns": ...}`. Whatever the peer prints goes
to stderr.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from timing import Timing

Job = Callable[[int], Timing]
Setup = Callable[[dict[str, Any]], tuple[dict[str, Any], dict[str, Job]]]


def serve(setup: Setup) -> None:
    """Answer lines until stdin ends; `setup` gives facts about the peer and its jobs by name."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    jobs: dict[str, Job] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        if "setup" in asked:
            about, jobs = setup(asked["setup"])
            answer: dict[str, Any] = {"about": about}
        else:
            wall_ns, cpu_ns = jobs[asked["job"]](asked["n"])
            answer = {"wall_ns": wall_ns, "cpu_ns": cpu_ns}
        print(json.dumps(answer), file=out)
