"""`/api/ml/retention/predict`: what a learner still remembers, and until when."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from learnloop.api.body import StrictRoute
from learnloop.api.callers import MayRun
from learnloop.api.schemas.retention import RetentionIn, RetentionOut, retention_out
from learnloop.api.work import WITH_BODY, command, problems
from learnloop.core.ids import ItemId, LearnerId, SkillId
from learnloop.core.protocols import Transaction
from learnloop.journeys.live import Live
from learnloop.journeys.retention import retention

router = APIRouter(prefix="/api/ml/retention", tags=["back end"], route_class=StrictRoute)


@router.post("/predict", response_model=RetentionOut, responses=problems(404, *WITH_BODY))
async def predict_retention(key: MayRun, request: Request, wanted: RetentionIn) -> Response:
    """What a learner still remembers, now or later, and when it is to be reviewed.

    Nothing that anybody sees is changed, so asking twice does no harm; the learner's memory is kept
    for the next time.
    """

    def journey(live: Live, tx: Transaction, learner_id: LearnerId) -> RetentionOut:
        found = retention(
            live,
            tx,
            learner_id,
            [SkillId(skill) for skill in wanted.skills],
            [ItemId(item) for item in wanted.items],
            at=wanted.at,
            in_days=wanted.in_days,
            desired=wanted.desired_retention,
        )
        return retention_out(found)

    return await command(request, key, wanted.userId, journey)
