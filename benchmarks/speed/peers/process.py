"""How is a peer asked for a round of calls? As a worker process in the peers' interpreter."""

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from timing import Timing

HERE = Path(__file__).parent
NOT_INSTALLED = (
    "not installed (pip install -r requirements/bench.txt into a venv, see benchmarks/README.md)"
)


class PeerMissing(Exception):
    """The peer can't be run here; the message says why, for a table's note."""


class Peer:
    """A peer's worker, set up and waiting.

    Attributes:
        about: What the worker says of itself: versions, what was fitted, how it is called.
    """

    def __init__(self, python: str | None, script: str, setup: dict[str, Any]) -> None:
        if python is None:
            raise PeerMissing(NOT_INSTALLED)
        paths = os.pathsep.join([str(HERE), str(HERE.parent)])
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [python, "-W", "ignore", str(HERE / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | one_thread | {"PYTHONPATH": paths},
            text=True,
        )
        self.about: dict[str, Any] = self._ask({"setup": setup})["about"]

    def run(self, job: str, n: int) -> Timing:
        """`n` timed calls of a job."""
        answer = self._ask({"job": job, "n": n})
        return answer["wall_ns"], answer["cpu_ns"]

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        print(json.dumps(question), file=pipe_in, flush=True)
        line = pipe_out.readline()
        if not line:
            raise PeerMissing(f"failed with status {self._process.wait()}, see stderr")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()
