"""What do clients send in the HTTP benchmarks? Answers and questions of many learners, in turn."""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from learnloop.accounts.keys import create_key
from learnloop.catalog.course import seeded_course
from learnloop.core.ids import InteractionId, LearnerId
from learnloop.core.records import Role
from learnloop.core.types import Interaction, InteractionKind
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.profiles import ProfileChange
from learnloop.testing.postgres import PostgresServer, find_binaries

N_LEARNERS = 200
N_ANSWERS = 40

Requests = Callable[[int], bytes]


@dataclass(frozen=True)
class Traffic:
    """Request makers over one prepared database: request k as bytes, never the same twice."""

    key: str
    items: tuple[str, ...]
    run: str

    def record(self, k: int) -> bytes:
        """One right or wrong answer of learner k."""
        at = datetime.now(UTC) - timedelta(seconds=1)
        body = json.dumps(
            {
                "interaction_id": f"{self.run}-{k}",
                "learner_id": f"learner-{k % N_LEARNERS}",
                "item_id": self.items[k * 7 % len(self.items)],
                "occurred_at": at.isoformat(),
                "correct": k % 3 > 0,
                "response_time_ms": 12_000,
            }
        ).encode()
        return self._request(b"POST /api/interactions", body)

    def recommend(self, k: int) -> bytes:
        """The next five items for learner k."""
        path = f"/api/users/learner-{k % N_LEARNERS}/recommendations?limit=5"
        return self._request(b"GET " + path.encode())

    def both(self, k: int) -> bytes:
        """An answer, then what to do next, learner by learner."""
        return self.record(k // 2) if k % 2 == 0 else self.recommend(k // 2)

    def _request(self, line: bytes, body: bytes = b"") -> bytes:
        head = line + b" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
        head += self.key.encode() + b"\r\n"
        if body:
            head += b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
        return head + b"\r\n" + body


def nothing(_: int) -> bytes:
    """A request to the empty endpoint."""
    return b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def prepare(url: str) -> Traffic:
    """Fill an empty database with the seeded course and 200 simulated learners of 40 answers."""
    with PersonalizationEngine.open(url) as engine:
        course = seeded_course()
        engine.put_catalog(course)
        items = tuple(x.item_id for x in course.items if x.answer)
        start = engine.clock.now() - timedelta(days=3)
        for n in range(N_LEARNERS):
            learner = LearnerId(f"learner-{n}")
            engine.put_profile(learner, ProfileChange())
            engine.record(
                [
                    Interaction(
                        InteractionId(f"before-{k}"),
                        learner,
                        items[(n + k) % len(items)],
                        InteractionKind.ANSWERED,
                        start + timedelta(minutes=k),
                        correct=(n + k) % 3 > 0,
                        response_time_ms=15_000,
                    )
                    for k in range(N_ANSWERS)
                ]
            )
        text, key = create_key(Role.SERVICE, engine.clock.now())
        with engine.store.begin() as tx:
            tx.accounts.add_key(key)
    return Traffic(text, items, uuid4().hex[:8])


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """Empty databases by name: SQLite with both kinds of commit, PostgreSQL where there is one."""
    with tempfile.TemporaryDirectory() as folder:
        urls = {
            "SQLite NORMAL": f"sqlite:///{folder}/normal.db",
            "SQLite FULL": f"sqlite:///{folder}/full.db?synchronous=FULL",
        }
        server = PostgresServer() if find_binaries() is not None else None
        try:
            if server is not None:
                urls["PostgreSQL"] = server.new_database()
            yield urls
        finally:
            if server is not None:
                server.remove()
