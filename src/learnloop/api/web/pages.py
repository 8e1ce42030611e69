"""`/`: the page of a learner, or of a class, or the way in. Forms: POST, then 303, then GET."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from learnloop.accounts import Scope, may_see, require
from learnloop.api.errors import HttpProblem, problem_of
from learnloop.api.services import Services
from learnloop.api.web import session
from learnloop.api.web.answering import take_answer
from learnloop.api.web.view import LearnerView, learner_view, skill_rows
from learnloop.core.errors import InvalidInput, LearnloopError, NotAuthenticated
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Transaction
from learnloop.core.records import ApiKey, Role
from learnloop.core.types import Learner
from learnloop.journeys import profiles
from learnloop.journeys.live import Live

HERE = Path(__file__).parent
MAX_LEARNERS = 200
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

Handler = Callable[[Request], Awaitable[Response]]


class Pages:
    """The pages of one app."""

    def __init__(self, services: Services, *, demo: bool) -> None:
        self.services = services
        self.demo = demo
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def routes(self) -> list[BaseRoute]:
        """The pages' routes."""
        return [
            Route("/", self._page(self.start), methods=["GET"]),
            Route("/sign-in", self._page(self.sign_in), methods=["GET", "POST"]),
            Route("/sign-out", self._page(self.sign_out), methods=["POST"]),
            Route("/answer", self._page(self.answer), methods=["POST"]),
            Route("/learners/{learner_id}", self._page(self.learner), methods=["GET"]),
            Mount("/static", StaticFiles(directory=HERE.parent / "static")),
        ]

    # --- pages ------------------------------------------------------------------------------------

    async def start(self, request: Request) -> Response:
        """The first page of whoever is signed in."""
        key = await self._key(request)
        if key.role is not Role.LEARNER or key.learner_id is None:
            return await self._learners(key)
        require(key, Scope.RECOMMENDATIONS)
        return await self._next_step(key.learner_id, request.query_params, session.news_of(request))

    async def sign_in(self, request: Request) -> Response:
        """Keep the key in a cookie, where it is a good one."""
        asked = request.query_params
        if request.method == "POST":
            text = (await session.form_of(request)).get("key", "").strip()
        elif "key" not in asked:
            return self._render("sign_in.html", wrong=False)
        elif self.demo:
            text = asked["key"]
        else:
            return RedirectResponse("/", 303)
        try:
            await self.services.callers.identify(text)
        except NotAuthenticated:
            return self._render("sign_in.html", 401, wrong=True)
        reply = RedirectResponse("/", 303)
        session.sign_in(request, reply, text)
        return reply

    async def sign_out(self, request: Request) -> Response:
        """Forget the key."""
        await session.form_of(request)
        reply = RedirectResponse("/", 303)
        session.sign_out(reply)
        return reply

    async def answer(self, request: Request) -> Response:
        """Record an answer, then show what it changed; ask again where it can't be taken."""
        form = await session.form_of(request)
        key = await self._key(request)
        require(key, Scope.INTERACTIONS_WRITE)
        learner_id = key.learner_id
        if learner_id is None:
            return RedirectResponse("/", 303)

        def work(live: Live, tx: Transaction) -> session.News:
            return take_answer(live, tx, learner_id, form)

        try:
            news = await self.services.writer.run(work, [learner_id])
        except InvalidInput as error:
            if error.field != "answer":
                raise
            return await self._next_step(learner_id, form, problem=error)
        reply = RedirectResponse("/", 303)
        session.tell(request, reply, news)
        return reply

    async def learner(self, request: Request) -> Response:
        """What is known of one learner, to read."""
        key = await self._key(request)
        require(key, Scope.LEARNERS_READ)
        learner_id = LearnerId(request.path_params["learner_id"])

        def work(live: Live, tx: Transaction) -> Any:
            may_see(tx, key, learner_id)
            return profiles.profile(live, tx, learner_id)

        profile = await self.services.read(work)
        rows = skill_rows(profile.skills.current_levels)
        return self._render("one_learner.html", profile=profile, skills=rows)

    async def _next_step(
        self,
        learner_id: LearnerId,
        said: Mapping[str, str],
        news: session.News | None = None,
        problem: InvalidInput | None = None,
    ) -> Response:
        """The learner's own page, with what they had asked for or written before."""

        def work(live: Live, tx: Transaction) -> LearnerView:
            return learner_view(live, tx, learner_id, news)

        view = await self.services.writer.run(work, [learner_id])
        if view.made is not None:
            self.services.telemetry.decided(view.made)
        asked = view.step.recommendation_id if view.step else None
        if problem is not None and asked != said.get("recommendation"):
            raise problem  # another question stands there by now
        hints = said.get("hints", "0")
        return self._render(
            "learner.html",
            200 if problem is None else problem_of(problem).status_code,
            view=view,
            n_hints=int(hints) if hints.isascii() and hints.isdigit() and len(hints) < 4 else 0,
            answer=said.get("answer", ""),
            problem=problem.message if problem else None,
        )

    async def _learners(self, key: ApiKey) -> Response:
        require(key, Scope.LEARNERS_READ)

        def work(live: Live, tx: Transaction) -> list[Learner]:
            if key.class_id is None:
                return tx.learners.page(None, MAX_LEARNERS)
            members = tx.accounts.members(key.class_id)[:MAX_LEARNERS]
            return [x for x in map(tx.learners.get, members) if x is not None]

        learners = await self.services.read(work)
        return self._render(
            "learners.html", learners=learners, class_id=key.class_id, most=MAX_LEARNERS
        )

    # --- what all pages do ------------------------------------------------------------------------

    def _page(self, handler: Handler) -> Handler:
        """The handler, with errors as pages."""

        async def page(request: Request) -> Response:
            try:
                return await handler(request)
            except NotAuthenticated:
                wrong = session.KEY_COOKIE in request.cookies
                return self._render("sign_in.html", 401 if wrong else 200, wrong=wrong)
            except (LearnloopError, HttpProblem) as error:
                status = problem_of(error).status_code
                text = error.message if isinstance(error, LearnloopError) else error.detail
                return self._render("error.html", status, message=text)

        return page

    async def _key(self, request: Request) -> ApiKey:
        return await self.services.callers.identify(request.cookies.get(session.KEY_COOKIE))

    def _render(self, name: str, status: int = 200, **values: Any) -> Response:
        html = self._templates.get_template(name).render(demo=self.demo, **values)
        return HTMLResponse(html, status, HEADERS)
