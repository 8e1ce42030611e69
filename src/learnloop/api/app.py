"""How do the parts make one web app? `create_app(engine)`.

From the outside in: the gate (in the server's protocol) refuses what can't be answered in time,
the hot routes are served as plain ASGI, the others by FastAPI, and the pages for people come last.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from learnloop import __version__
from learnloop.api import errors, hot, hot_docs, predict
from learnloop.api.meter import Meter
from learnloop.api.routers import (
    alerts,
    features,
    health,
    jobs,
    metrics,
    ml,
    paths,
    placement,
    profiles,
    progress,
    retention,
)
from learnloop.api.schemas.problem import Problem
from learnloop.api.services import Services
from learnloop.api.traces import Traces
from learnloop.api.watching import watched
from learnloop.api.web.pages import Pages
from learnloop.journeys.engine import PersonalizationEngine

DESCRIPTION = """What each learner knows, and what to study next, and why.

Every POST that changes something takes the header `Idempotency-Key`: sent again with the same body,
it gets its first reply again and nothing is done twice; with another body it is refused (422). Kept
for 24 hours.

Send `Authorization: Bearer ll_...`. Every error is `application/problem+json` (RFC 9457). A learner
whom the key may not see answers 404, like one who does not exist."""


class App(FastAPI):
    """FastAPI, with the hot routes served before its middleware and routing.

    They handle every error themselves; what FastAPI would add costs as much as half an answer.
    """

    meter: Meter
    traces: Traces | None
    hot_routes: Sequence[Route] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        if scope["type"] == "http":
            await watched(self._serve, self.meter, self.traces, scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> str | None:
        for route in self.hot_routes:
            match, more = route.matches(scope)
            if match is Match.FULL:
                scope.update(more)
                await route.app(scope, receive, send)
                return route.path
        await super().__call__(scope, receive, send)
        return None


def create_app(
    engine: PersonalizationEngine, *, demo: bool = False, counted_in: Path | None = None
) -> FastAPI:
    """The web app around an engine, which it closes when it stops.

    Args:
        engine: What it serves.
        demo: The pages may sign in by a link that carries the key. Only for made-up learners.
        counted_in: The folder in which the processes of a server leave what they have counted.
    """
    services = Services.of(engine, counted_in)
    app = App(
        title="learnloop",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        lifespan=services.lifespan,
        redirect_slashes=False,
    )
    app.state.services = services
    app.meter, app.traces = services.telemetry.meter, services.telemetry.traces
    app.hot_routes = [*hot.routes(services), *predict.routes(services)]
    app.router.routes.extend(app.hot_routes)  # for their 405
    for module in (
        profiles,
        paths,
        placement,
        progress,
        features,
        ml,
        retention,
        jobs,
        alerts,
        health,
        metrics,
    ):
        app.include_router(module.router)
    app.router.routes.extend(Pages(services, demo=demo).routes())
    errors.install(app)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=[*hot_docs.router.routes, *app.routes],
        )
        shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"] |= {**shape.pop("$defs"), "Problem": shape}
        app.openapi_schema = schema
    return app.openapi_schema
