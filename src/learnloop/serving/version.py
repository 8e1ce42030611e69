"""What is one loaded version? Its predictor, what a call of it costs, and whether to trust it now.

A quick model answers where it is asked, because handing a question to a thread costs more than the
answer. What is quick is measured on its golden inputs when it is loaded, and watched afterwards.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from learnloop.core.arrays import Arrays
from learnloop.core.artifact import Manifest
from learnloop.core.protocols import Predictor
from learnloop.serving.breaker import Breaker, Window
from learnloop.serving.served import CallFailed, Why
from learnloop.serving.worker import Worker

QUICK_US: Final = 1000.0
"""An answer that takes no longer may be computed where it is asked."""
HANDING_OVER_US: Final = 50.0
"""What it costs about to hand a question to a thread and take the answer back."""
SLOW_S: Final = 0.010
"""A quick model's call that takes longer is slow; below, it may have waited for other threads."""
OFTEN_SLOW: Final = 5
AMONG: Final = 20
"""With 5 slow calls among its last 20 a quick model gets a thread, with none it is quick again."""
MANY: Final = 1_000_000
BATCH: Final = 32
TIMED_CALLS: Final = 15
TIMED_S: Final = 0.5
"""A slow model is timed for no longer than about this."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Cost:
    """How long calls take here, microseconds.

    Attributes:
        single_us: Of one row.
        row_us: Of each further row of the same call.
    """

    single_us: float
    row_us: float

    def rows_within(self, us: float) -> int:
        """How many rows a call has, at most, that takes no longer; 0 if that is not even one."""
        if self.single_us > us:
            return 0
        return MANY if self.row_us == 0.0 else 1 + int((us - self.single_us) / self.row_us)

    @property
    def saved_us(self) -> float:
        """By how much a row is cheaper in a batch than alone."""
        return self.single_us - self.row_us

    @property
    def batch(self) -> int:
        """The most rows to run together: as many as make one run of them clearly cheaper."""
        return BATCH if self.saved_us > max(HANDING_OVER_US, 0.25 * self.single_us) else 1


class Version:
    """A loaded version of a model; shared by all requests.

    Attributes:
        features: Which features it takes, as `name@version`; None if it takes none.
        sha256: Of its manifest.
        typical: One row of its outputs: the mean of the golden ones.
        quick_rows: A call with at most so many rows may be made where it is asked.
    """

    __slots__ = (
        "_clock", "_outputs", "_slow", "breaker", "cost", "features", "manifest",
        "predictor", "quick_rows", "ref", "sha256", "typical", "worker",
    )  # fmt: skip

    def __init__(
        self,
        predictor: Predictor,
        manifest: Manifest,
        sha256: str,
        cost: Cost,
        typical: Arrays,
        clock: Clock = time.perf_counter,
    ) -> None:
        self.predictor = predictor
        self.ref = predictor.ref
        self.manifest = manifest
        self.features = manifest.features
        self.sha256 = sha256
        self.cost = cost
        self.typical = typical
        self.breaker = Breaker(clock=clock)
        self.worker = Worker(self.call, rows=cost.batch, clock=clock)
        self.quick_rows = cost.rows_within(QUICK_US)
        self._clock = clock
        self._slow = Window(AMONG)
        self._outputs = [(x.name, np.dtype(x.dtype).kind == "f") for x in predictor.outputs]

    def call(self, inputs: Arrays) -> Arrays:
        """The outputs, checked.

        Raises:
            CallFailed: The model raised an error, or its answer can't be used.
        """
        began = self._clock()
        try:
            outputs = self.predictor.predict(inputs)
        except Exception as error:
            raise CallFailed(Why.FAILED) from error
        self._took(self._clock() - began)
        rows = rows_of(inputs)
        for name, is_float in self._outputs:
            found = outputs.get(name)
            if found is None or found.shape[:1] != (rows,):
                raise CallFailed(Why.WRONG_SHAPE)
            if is_float and not is_finite(found):
                raise CallFailed(Why.NOT_FINITE)
        return outputs

    def _took(self, seconds: float) -> None:
        is_slow = seconds > SLOW_S
        if not is_slow and not self._slow.bits:
            return
        n_slow = self._slow.add(is_slow)
        if n_slow >= OFTEN_SLOW:
            self.quick_rows = 0
        elif not n_slow:
            self.quick_rows = self.cost.rows_within(QUICK_US)


def rows_of(inputs: Arrays) -> int:
    """How many rows a question has: the length of the batch axis."""
    for found in inputs.values():
        return len(found)
    return 1


def is_finite(found: NDArray[Any]) -> bool:
    """Has it neither NaN nor infinity? The square of its length says so quickly, nearly always."""
    if found.size == 1:
        return math.isfinite(found.item())
    flat = found.ravel()
    return math.isfinite(flat.dot(flat)) or bool(np.isfinite(flat).all())


def measured(predictor: Predictor, golden: Arrays, clock: Clock) -> Cost:
    """What calls cost, on one golden row and on 32 of it."""
    one = {name: own[:1] for name, own in golden.items()}
    many = {name: np.repeat(own, BATCH, axis=0) for name, own in one.items()}
    single, batch = (_seconds(predictor, inputs, clock) * 1e6 for inputs in (one, many))
    return Cost(single, max(batch - single, 0.0) / (BATCH - 1))


def _seconds(predictor: Predictor, inputs: Arrays, clock: Clock) -> float:
    predictor.predict(inputs)  # the first call also prepares
    taken: list[float] = []
    while len(taken) < TIMED_CALLS and (not taken or sum(taken) < TIMED_S):
        start = clock()
        predictor.predict(inputs)
        taken.append(clock() - start)
    return min(taken)  # what else the machine is at is no cost of the model
