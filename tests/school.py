"""A small school behind the real app, in process: a course, two learners, a key for every role."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx

from learnloop.accounts import create_key
from learnloop.api.app import create_app
from learnloop.catalog.course import seeded_course
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Clock
from learnloop.core.records import Role
from learnloop.core.time import ManualClock
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.profiles import ProfileChange, put_profile

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ITEM = "add-subtract-exercise-01"
T = TypeVar("T")
JSON = {"Content-Type": "application/json"}


class School:
    """The app, its engine, and keys by name; it is not started."""

    def __init__(self, url: str = "memory://", *, clock: Clock | None = None, **app: Any) -> None:
        self.clock: Any = clock or ManualClock(NOW)
        self.engine = PersonalizationEngine.open(url, clock=self.clock)
        self.engine.put_catalog(seeded_course())
        with self.engine.store.begin() as tx:
            for learner in (LearnerId("ada"), LearnerId("ben")):
                live = self.engine.live(tx)
                put_profile(live, tx, learner, ProfileChange(), is_demo=app.get("demo", False))
        self.keys = make_keys(self.engine)
        self.app = create_app(self.engine, **app)


class World(School):
    """A school whose app runs in this thread; `none` is the key of those who have none."""

    def __init__(self, url: str = "memory://", **app: Any) -> None:
        super().__init__(url, **app)
        self._runner = asyncio.Runner()
        self._transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=self._transport, base_url="http://learnloop")
        self._lifespan = self.app.router.lifespan_context(self.app)
        self._runner.run(self._lifespan.__aenter__())

    def ask(
        self,
        method: str,
        path: str,
        *,
        key: str = "service",
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> httpx.Response:
        sent = dict(headers or {})
        if key != "none":
            sent["Authorization"] = f"Bearer {self.keys[key]}"
        return self._runner.run(self._client.request(method, path, headers=sent, **kwargs))

    def ask_at_once(self, *requests: Mapping[str, Any]) -> list[httpx.Response]:
        """Several requests at the same time, so that they share a commit."""

        async def all_of_them() -> list[httpx.Response]:
            asked = [
                self._client.request(
                    headers={"Authorization": f"Bearer {self.keys['service']}"}, **request
                )
                for request in requests
            ]
            return await asyncio.gather(*asked)

        return self._runner.run(all_of_them())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine of the app's services says."""
        return self._runner.run(work)

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.run(self._lifespan.__aexit__(None, None, None))
        self._runner.close()


def make_keys(engine: PersonalizationEngine) -> dict[str, str]:
    """A key of every kind; class 7b has ada, class 8a has ben."""
    now = engine.clock.now()
    kinds: dict[str, tuple[Role, dict[str, Any]]] = {
        "learner": (Role.LEARNER, {"learner_id": LearnerId("ada")}),
        "other learner": (Role.LEARNER, {"learner_id": LearnerId("ben")}),
        "teacher": (Role.TEACHER, {"class_id": "7b"}),
        "other teacher": (Role.TEACHER, {"class_id": "8a"}),
        "service": (Role.SERVICE, {}),
        "admin": (Role.ADMIN, {}),
        "revoked": (Role.ADMIN, {}),
        "expired": (Role.ADMIN, {"expires_at": now - timedelta(seconds=1)}),
        "powerless": (Role.ADMIN, {"scopes": []}),
    }
    texts = {}
    with engine.store.begin() as tx:
        for name, (role, subject) in kinds.items():
            texts[name], key = create_key(role, now, **subject)
            tx.accounts.add_key(key)
            if name == "revoked":
                tx.accounts.revoke_key(key.key_id, now)
        tx.accounts.add_member("7b", LearnerId("ada"))
        tx.accounts.add_member("8a", LearnerId("ben"))
    return texts | {"unknown": "ll_" + "A" * 43}


@contextmanager
def world(url: str = "memory://", **app: Any) -> Iterator[World]:
    """A fresh world on a store."""
    made = World(url, **app)
    try:
        yield made
    finally:
        made.close()


def answer(number: int = 1, learner: str = "ada", **changes: Any) -> dict[str, Any]:
    """One well-formed interaction."""
    given = {
        "interaction_id": f"a{number}",
        "learner_id": learner,
        "item_id": ITEM,
        "occurred_at": (NOW - timedelta(hours=1) + timedelta(seconds=number)).isoformat(),
        "correct": True,
    }
    return {k: v for k, v in (given | changes).items() if v is not ...}


def check_problem(reply: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """The reply is a problem as RFC 9457 has it."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = reply.json()
    assert problem["status"] == status
    assert problem["type"] == f"urn:learnloop:problem:{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    if code is not None:
        assert problem["code"] == code
    return problem
