"""What is told of this process beside its answers? Counts for Prometheus, predictions for the log.

Counting and noting happen where something happens and cost microseconds; now and then what was
noted is stored by the writer, and what was counted is left where the other processes find it.
"""

import asyncio
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from learnloop.api.gate import GatedProtocol
from learnloop.api.meter import Folder, Meter
from learnloop.api.traces import TRACE, Traces
from learnloop.api.twins import ReceiptTwin
from learnloop.api.writer import Work
from learnloop.core.arrays import Arrays
from learnloop.core.errors import LearnloopError
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.prediction_log import Noted, PredictionLog
from learnloop.journeys.results import RecommendationSet
from learnloop.serving.breaker import BreakerState
from learnloop.serving.served import Served

if TYPE_CHECKING:
    from learnloop.api.services import Services

FLUSH_EVERY_S = 0.1
"""Often, and few each time: what is stored at once keeps requests waiting for so long."""
FLUSHES_PER_LOOK = 10

_log = structlog.get_logger("learnloop.api")


class Telemetry:
    """Of one process.

    Args:
        counted_in: The folder in which the processes of a server leave their counts.
    """

    def __init__(self, engine: PersonalizationEngine, counted_in: Path | None = None) -> None:
        self.meter = Meter()
        self.folder = Folder(counted_in)
        settings = engine.settings
        self.predictions = PredictionLog(engine.clock, settings.prediction_log, seed=settings.seed)
        self.traces = Traces.of(settings)
        self._seen_left_out = 0

    # --- told of ----------------------------------------------------------------------------------

    def predicted(self, served: Served, inputs: Arrays) -> None:
        """A model answered."""
        why = served.reasons[-1].detail.get("why", "") if served.reasons else ""
        key = ("prediction", served.slot, served.role.value, str(why))
        self.meter.timed_us(key, served.latency_us)
        self.predictions.observe(served, inputs)
        if (trace := TRACE.get()) is not None:
            about = {"slot": served.slot, "model": str(served.ref), "role": served.role.value}
            trace.took("model", served.latency_us, **about)

    def recorded(self, receipt: ReceiptTwin) -> None:
        """Interactions came in, and it is committed what became of them."""
        count = self.meter.count
        if receipt.accepted:
            count(("interactions", "accepted"), receipt.accepted)
        if receipt.duplicates:
            count(("interactions", "duplicate"), receipt.duplicates)
        if receipt.rejected:
            count(("interactions", "rejected"), len(receipt.rejected))

    def decided(self, found: RecommendationSet) -> None:
        """A decision was made and committed; the line of the log joins it to its request."""
        self.meter.count(("decisions",))
        if (trace := TRACE.get()) is not None:
            trace.set(decision_id=found.decision_id)
        _log.info(
            "decided",
            decision_id=found.decision_id,
            learner_id=found.learner_id,
            policy=str(found.policy),
            models=[str(ref) for ref in found.models],
            n=len(found.recommendations),
        )

    # --- again and again --------------------------------------------------------------------------

    async def run(self, services: "Services") -> None:
        """Store and leave, again and again, until cancelled."""
        for turn in count(1):
            await asyncio.sleep(FLUSH_EVERY_S)
            try:
                await self.flush(services)
                if turn % FLUSHES_PER_LOOK == 0:
                    self.look(services)
                    self.folder.leave(self.meter)
            except Exception:
                _log.exception("telemetry_failed")

    async def flush(self, services: "Services") -> None:
        """Store the predictions that wait; where that can't be done now they wait on."""
        taken = self.predictions.take()
        if not taken:
            return
        try:
            await services.writer.run(self._storing(taken), weight=len(taken))
        except LearnloopError as error:
            self.predictions.give_back(taken)
            _log.warning("predictions_not_stored", n=len(taken), code=error.code)

    def look(self, services: "Services") -> None:
        """Set what stands there now."""
        meter = self.meter
        refused, GatedProtocol.n_refused = GatedProtocol.n_refused, 0
        meter.count(("refused",), refused)
        left_out = self.predictions.n_left_out
        meter.count(("predictions_not_logged",), left_out - self._seen_left_out)
        self._seen_left_out = left_out
        meter.set(("writer_waiting",), services.writer.n_waiting)
        meter.set(("reader_waiting",), services.reader.n_waiting)
        meter.set(("predictions_waiting",), len(self.predictions))
        meter.drop("breaker_open")
        for slot in services.serving.orchestrator.live.slots.values():
            for version in slot.versions:
                is_open = version.breaker.state is BreakerState.OPEN
                meter.set(("breaker_open", slot.name, str(version.ref)), is_open)

    def _storing(self, taken: Sequence[Noted]) -> Work[int]:
        return lambda _, tx: self.predictions.store(tx, taken)
