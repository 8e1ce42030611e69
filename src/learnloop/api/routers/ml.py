"""`/api/ml/...`: what a platform's own back end asks for, and how the models did."""

from fastapi import APIRouter, Request
from msgspec import to_builtins
from starlette.responses import Response

from learnloop.api import twins
from learnloop.api.body import StrictRoute
from learnloop.api.callers import MayRun
from learnloop.api.cursors import DEFAULT_LIMIT, Cursor, Limit, page
from learnloop.api.intake import Intake
from learnloop.api.schemas.interactions import ReceiptOut
from learnloop.api.schemas.ml import ModelsOut, ProfileUpdateIn, ProfileUpdateOut, model_out
from learnloop.api.schemas.profile import profile_out
from learnloop.api.schemas.recommendations import GenerateIn, RecommendationsOut
from learnloop.api.services import services_of
from learnloop.api.work import WITH_BODY, IdempotencyKey, command, problems
from learnloop.core.errors import InvalidInput, Rejection
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Transaction
from learnloop.events import native
from learnloop.journeys import performance, profiles
from learnloop.journeys.live import Live
from learnloop.journeys.recommend import recommend
from learnloop.journeys.results import RecommendationSet

router = APIRouter(prefix="/api/ml", tags=["back end"], route_class=StrictRoute)


@router.post(
    "/profile/update", response_model=ProfileUpdateOut, responses=problems(404, *WITH_BODY)
)
async def update_profile(
    key: MayRun,
    request: Request,
    update: ProfileUpdateIn,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record what a learner did, if anything, then compute the profile again from the whole log."""
    intake = Intake.of(key, _batch(update))

    def journey(live: Live, tx: Transaction, learner_id: LearnerId) -> ProfileUpdateOut:
        receipt = ReceiptOut.model_validate(to_builtins(intake.record(live, tx)))
        profile = profile_out(profiles.analyze(live, tx, learner_id))
        return ProfileUpdateOut(receipt=receipt, profile=profile)

    reply = await command(
        request,
        key,
        update.userId,
        journey,
        idempotency_key=idempotency_key,
        weight=1 + intake.weight,
    )
    services_of(request).serving.learned([LearnerId(update.userId)], tuple)
    return reply


@router.post(
    "/recommendations/generate",
    response_model=RecommendationsOut,
    responses=problems(404, *WITH_BODY),
)
async def generate(
    key: MayRun,
    request: Request,
    wanted: GenerateIn,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """What a learner should study next, and why; the decision is logged."""
    decided: list[RecommendationSet] = []

    def journey(live: Live, tx: Transaction, learner_id: LearnerId) -> twins.RecommendationsTwin:
        decided.append(recommend(live, tx, learner_id, wanted.limit, wanted.type))
        return twins.recommendations_out(decided[-1], live)

    reply = await command(request, key, wanted.userId, journey, idempotency_key=idempotency_key)
    for found in decided:  # none where the first reply was given again
        services_of(request).telemetry.decided(found)
    return reply


@router.get("/models/performance", response_model=ModelsOut, responses=problems(404, 422))
async def models_performance(
    key: MayRun,
    request: Request,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> ModelsOut:
    """Which models there are, which is live, and how each did: when evaluated, and in service."""

    def work(live: Live, tx: Transaction) -> ModelsOut:
        found, following = page(performance.models(live, tx), lambda m: str(m.ref), limit, cursor)
        return ModelsOut(models=[model_out(m) for m in found], next_cursor=following)

    return await services_of(request).read(work)


def _batch(update: ProfileUpdateIn) -> native.Batch:
    """The interactions, as if they had come alone; those of other learners are rejected."""
    message = f"learner_id: not {update.userId!r}, the learner of the update"
    numbered = list(enumerate(update.interactions))
    own = [(i, x) for i, x in numbered if x.learner_id == update.userId]
    return native.Batch(
        tuple(native.InteractionIn(**dict(x)) for _, x in own),
        tuple(i for i, _ in own),
        tuple(
            Rejection(i, InvalidInput.code, message, "learner_id")
            for i, x in numbered
            if x.learner_id != update.userId
        ),
        single=False,
    )
