"""How does a server answer when requests come at their own pace, not at the server's?

Open loop: arrivals are a Poisson process that does not wait for answers; a latency counts from the
instant at which the request was due, so a stalled server can't hide its queue (no coordinated
omission). Each of the connections has at most one request under way; an arrival that finds none
free waits, and its wait counts. Loopback only, bounded in count and time.

The load shares the machine with the server, so it is plain sockets and epoll: an event loop's
objects would cost as much as the server does. It looks at the clock at least every millisecond, and
what it uses itself is in the figures.
"""

import itertools
import re
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

LOOPBACK = "127.0.0.1"
MAX_SECONDS = 120.0
DRAIN_S = 10.0
TICK_S = 0.001
SLOW_MS = 100.0  # `slow_share`: the part of all requests not answered well by then

_LENGTH = re.compile(rb"\r\ncontent-length: ?(\d+)", re.IGNORECASE)


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
        n = len(self.ok) + len(self.refused) + sum(self.other.values()) + self.n_lost
        figures = {
            "n": float(n - self.n_lost),
            "ok_per_s": len(self.ok) / seconds,
            "refused_per_s": len(self.refused) / seconds,
            "other": float(sum(self.other.values())),
            "lost": float(self.n_lost),
            "p50_ms": float(np.percentile(ok, 50)),
            "p99_ms": float(np.percentile(ok, 99)),
            "p99_9_ms": float(np.percentile(ok, 99.9)),
            "slow_share": 1.0 - int((ok <= SLOW_MS).sum()) / max(n, 1),
        }
        if self.refused_sent:
            refused = np.array(self.refused_sent) * 1e3
            figures["refused_p50_ms"] = float(np.percentile(refused, 50))
            figures["refused_p99_ms"] = float(np.percentile(refused, 99))
        return figures


class _Connection:
    """One keep-alive connection with at most one request under way."""

    __slots__ = ("busy", "due", "received", "sent", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((LOOPBACK, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.due = self.sent = 0.0
        self.busy = False
        self.received = b""

    def status(self) -> int | None:
        """The status of the answer, or None while it has not come whole.

        Raises:
            ConnectionError: The server hung up.
        """
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionResetError
        if self.received:
            data = self.received + data
        if not _is_whole(data):
            self.received = data
            return None
        self.received = b""
        self.busy = False
        return int(data[9:12])


def _is_whole(data: bytes) -> bool:
    head_end = data.find(b"\r\n\r\n")
    if head_end < 0:
        return False
    length = _LENGTH.search(data, 0, head_end)
    if length is None:  # in chunks, then
        return data.endswith(b"\r\n0\r\n\r\n")
    return len(data) >= head_end + 4 + int(length[1])


class Load:
    """A number of open connections, and what came back over them."""

    def __init__(self, port: int, connections: int, requests: Iterator[bytes]) -> None:
        self.requests = requests
        self.tally = Tally()
        self.waiting: deque[float] = deque()
        self._epoll = select.epoll()
        self._open = {c.socket.fileno(): c for c in (_Connection(port) for _ in range(connections))}
        for number in self._open:
            self._epoll.register(number, select.EPOLLIN)
        self._free = deque(self._open.values())

    def offer(self, due: np.ndarray) -> None:
        """Send each request at its instant; late ones at once, letting answers in between."""
        coming = deque(due.tolist())
        while coming:
            now = time.perf_counter()
            while coming and coming[0] <= now:
                self._arrive(coming.popleft())
            self._answers(TICK_S)

    def drain(self, until: float) -> None:
        """Wait for the answers that are still to come; what has not come by then is lost."""
        while self.waiting or any(c.busy for c in self._open.values()):
            if time.perf_counter() > until:
                break
            self._answers(TICK_S)
        self.tally.n_lost += len(self.waiting) + sum(c.busy for c in self._open.values())

    def close(self) -> None:
        """Hang up."""
        self._epoll.close()
        for connection in self._open.values():
            connection.socket.close()

    def _arrive(self, due: float) -> None:
        if self._free:
            self._send(self._free.popleft(), due)
        else:
            self.waiting.append(due)

    def _send(self, connection: _Connection, due: float) -> None:
        connection.due, connection.sent, connection.busy = due, time.perf_counter(), True
        try:
            connection.socket.sendall(next(self.requests))
        except OSError:
            self._lost(connection)

    def _answers(self, wait: float) -> None:
        for number, _ in self._epoll.poll(wait):
            connection = self._open.get(number)
            if connection is None:
                continue
            try:
                status = connection.status()
            except OSError:
                self._lost(connection)
                continue
            if status is not None:
                self._answered(connection, status)

    def _answered(self, connection: _Connection, status: int) -> None:
        now = time.perf_counter()
        tally = self.tally
        if 200 <= status < 300:
            tally.ok.append(now - connection.due)
        elif status == 503:
            tally.refused.append(now - connection.due)
            tally.refused_sent.append(now - connection.sent)
        else:
            tally.other[status] = tally.other.get(status, 0) + 1
        if self.waiting:
            self._send(connection, self.waiting.popleft())
        else:
            self._free.append(connection)

    def _lost(self, connection: _Connection) -> None:
        self.tally.n_lost += connection.busy
        number = connection.socket.fileno()
        if self._open.pop(number, None) is not None:
            self._epoll.unregister(number)
        if not connection.busy:
            self._free.remove(connection)
        connection.socket.close()


def run(
    port: int,
    requests: Callable[[int], bytes],
    *,
    rate: float,
    seconds: float,
    connections: int,
    rng: np.random.Generator,
    warm_up: float = 1.0,
    measured: Callable[[], None] = lambda: None,
) -> dict[str, float]:
    """Offer `rate` requests a second for `seconds` (after a warm-up at the same rate).

    Args:
        port: Of a server on the loopback address.
        requests: Request k as bytes, headers and all.
        rate: Mean arrivals per second (Poisson).
        seconds: How long is measured.
        connections: Opened before the first request, kept open.
        rng: Of the arrivals.
        warm_up: Seconds that are not measured.
        measured: Called where the warm-up ends.

    Returns:
        `Tally.summary`, and the part of one core that the load itself used (`load_cpu_share`).
    """
    if seconds + warm_up > MAX_SECONDS:
        raise ValueError(f"at most {MAX_SECONDS} s")
    load = Load(port, connections, (requests(k) for k in itertools.count()))
    gaps = rng.exponential(1 / rate, int(rate * (seconds + warm_up) * 1.2) + 10)
    due = time.perf_counter() + np.cumsum(gaps)
    measured_from = due[0] + warm_up
    load.offer(due[due < measured_from])
    load.tally = Tally()
    measured()
    start, cpu = time.perf_counter(), time.process_time()
    load.offer(due[(due >= measured_from) & (due < measured_from + seconds)])
    load.drain(time.perf_counter() + DRAIN_S)
    took, used = time.perf_counter() - start, time.process_time() - cpu
    load.close()
    # What is answered late, while it drains, counts against the rate too.
    figures = load.tally.summary(max(seconds, took))
    return figures | {"load_cpu_share": used / took}
