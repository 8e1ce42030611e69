"""How does a server answer when requests come at their own pace, not at the server's?

Open loop: arrivals are a Poisson process that does not wait for answers; a latency counts from the
instant at which the request was due, so a stalled server can't hide its queue (no coordinated
omission). Each of the connections has at most one request under way; an arrival that finds none
free waits, and its wait counts. Loopback only, bounded in count and time.
"""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

LOOPBACK = "127.0.0.1"
MAX_SECONDS = 120.0


@dataclass
class Tally:
    """What came back. Latencies in seconds, from the due instant; sent_* from the sending."""

    ok: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    refused_sent: list[float] = field(default_factory=list)
    other: dict[int, int] = field(default_factory=dict)
    n_lost: int = 0

    def summary(self, seconds: float) -> dict[str, float]:
        """Figures for a table: rates per second, latencies in milliseconds."""
        ok = np.array(self.ok or [np.nan]) * 1e3
        figures = {
            "ok_per_s": len(self.ok) / seconds,
            "refused_per_s": len(self.refused) / seconds,
            "other": float(sum(self.other.values())),
            "lost": float(self.n_lost),
            "p50_ms": float(np.percentile(ok, 50)),
            "p99_ms": float(np.percentile(ok, 99)),
            "p99_9_ms": float(np.percentile(ok, 99.9)),
        }
        if self.refused_sent:
            refused = np.array(self.refused_sent) * 1e3
            figures["refused_p50_ms"] = float(np.percentile(refused, 50))
            figures["refused_p99_ms"] = float(np.percentile(refused, 99))
        return figures


class _Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, load: "_Load") -> None:
        self.load = load
        self.due = self.sent = 0.0
        self.busy = False
        self.buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, request: bytes, due: float) -> None:
        assert self.transport is not None
        self.due, self.sent, self.busy = due, time.perf_counter(), True
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self.buffer + data if self.buffer else data
        head_end = data.find(b"\r\n\r\n")
        if head_end < 0 or len(data) < head_end + 4 + _content_length(data, head_end):
            self.buffer = data
            return
        self.buffer = b""
        self.busy = False
        self.load.answered(self, int(data[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self.load.lost(self)


class _Load:
    def __init__(self, requests: Iterator[bytes]) -> None:
        self.requests = requests
        self.tally = Tally()
        self.free: deque[_Connection] = deque()
        self.waiting: deque[float] = deque()
        self.connections: list[_Connection] = []

    async def connect(self, port: int, n: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(n):
            _, connection = await loop.create_connection(lambda: _Connection(self), LOOPBACK, port)
            self.connections.append(connection)
        self.free.extend(self.connections)

    async def offer(self, due: np.ndarray) -> None:
        """Send each request at its instant; late ones at once, letting answers in between."""
        for instant in due.tolist():
            wait = instant - time.perf_counter()
            await asyncio.sleep(wait if wait > 0.0005 else 0)
            self.arrive(instant)

    async def drain(self, until: float) -> None:
        while self.waiting or any(c.busy for c in self.connections):
            if time.perf_counter() > until:
                break
            await asyncio.sleep(0.01)
        self.tally.n_lost += len(self.waiting) + sum(c.busy for c in self.connections)

    def arrive(self, due: float) -> None:
        while self.free:
            connection = self.free.popleft()
            if connection.transport is not None:
                connection.send(next(self.requests), due)
                return
        self.waiting.append(due)

    def answered(self, connection: _Connection, status: int) -> None:
        now = time.perf_counter()
        if 200 <= status < 300:
            self.tally.ok.append(now - connection.due)
        elif status == 503:
            self.tally.refused.append(now - connection.due)
            self.tally.refused_sent.append(now - connection.sent)
        else:
            self.tally.other[status] = self.tally.other.get(status, 0) + 1
        if self.waiting and connection.transport is not None:
            connection.send(next(self.requests), self.waiting.popleft())
        else:
            self.free.append(connection)

    def lost(self, connection: _Connection) -> None:
        self.tally.n_lost += connection.busy
        connection.busy = False


def _content_length(data: bytes, head_end: int) -> int:
    at = data.lower().find(b"content-length:", 0, head_end)
    return int(data[at + 15 : data.find(b"\r\n", at)]) if at >= 0 else 0


async def run(
    port: int,
    requests: Callable[[int], bytes],
    *,
    rate: float,
    seconds: float,
    connections: int,
    rng: np.random.Generator,
    warm_up: float = 1.0,
) -> dict[str, float]:
    """Offer `rate` requests a second for `seconds` (after a warm-up at the same rate).

    Args:
        port: Of a server on the loopback address.
        requests: Request k as bytes, headers and all.
        rate: Mean arrivals per second (Poisson).
        connections: Opened before the first request, kept open.
    """
    if seconds + warm_up > MAX_SECONDS:
        raise ValueError(f"at most {MAX_SECONDS} s")
    load = _Load(requests(k) for k in itertools.count())
    await load.connect(port, connections)
    gaps = rng.exponential(1 / rate, int(rate * (seconds + warm_up) * 1.2) + 10)
    due = time.perf_counter() + np.cumsum(gaps)
    measured_from = due[0] + warm_up
    await load.offer(due[due < measured_from])
    load.tally = Tally()
    await load.offer(due[(due >= measured_from) & (due < measured_from + seconds)])
    await load.drain(time.perf_counter() + 10)
    return load.tally.summary(seconds)
