"""What do the routes share? The engine, and the threads that read and write for them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from fastapi import FastAPI, Request

from learnloop.api.callers import Callers
from learnloop.api.idempotency import KEPT_FOR
from learnloop.api.reader import Reader
from learnloop.api.telemetry import Telemetry
from learnloop.api.writer import Writer
from learnloop.core.errors import LearnloopError
from learnloop.core.protocols import Transaction
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.live import Live
from learnloop.journeys.serving import ModelServing

CLEAN_UP_EVERY_S = 3600

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Services:
    """One per process; `app.state.services`."""

    engine: PersonalizationEngine
    reader: Reader
    writer: Writer
    callers: Callers
    telemetry: Telemetry
    serving: ModelServing

    @classmethod
    def of(cls, engine: PersonalizationEngine, counted_in: Path | None = None) -> Self:
        """The services around an engine; nothing runs yet."""
        reader = Reader(engine.store)
        telemetry = Telemetry(engine, counted_in)
        serving = ModelServing(engine.store, engine.clock, observe=telemetry.predicted)
        callers = Callers(reader, engine.clock)
        return cls(engine, reader, Writer(engine), callers, telemetry, serving)

    async def read(self, work: Callable[[Live, Transaction], T]) -> T:
        """What a read-only journey says; see `Reader.run` for the errors."""
        return await self.reader.run(lambda tx: work(self.engine.live(tx), tx))

    async def drop_old_replies(self) -> int:
        """Forget replies that are too old to be given again; how many there were."""

        def work(live: Live, tx: Transaction) -> int:
            return tx.replies.purge(live.clock.now() - KEPT_FOR)

        return await self.writer.run(work)

    async def _clean_up(self) -> None:
        while True:
            with suppress(LearnloopError):  # an unavailable store is tried again the next time
                await self.drop_old_replies()
            await asyncio.sleep(CLEAN_UP_EVERY_S)

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Run while the app runs; the engine is closed at the end."""
        self.writer.start(asyncio.get_running_loop())
        self.serving.start()
        cleaning = asyncio.create_task(self._clean_up())
        telling = asyncio.create_task(self.telemetry.run(self))
        try:
            yield
        finally:
            cleaning.cancel()
            telling.cancel()
            await self.telemetry.flush(self)
            self.serving.close()
            await self.writer.stop()
            self.reader.close()
            self.engine.close()
            if self.telemetry.traces is not None:
                await asyncio.to_thread(self.telemetry.traces.close)


def services_of(request: Request) -> Services:
    """The services of the app that a request came to."""
    found: Services = request.app.state.services
    return found
